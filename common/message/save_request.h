// coordinator -> server (kSave): what to write; where it goes, each side knows by itself. Goes
// through cereal over a bounded archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/buffer.h"

namespace fathom {

// frame.step: how many steps the saved rows must hold: those below it.
struct SaveRequest {
  bool checkpoint = false;      // else the model at the end of the run
  bool has_base = false;        // a checkpoint that may be built upon is there:
  std::uint64_t base_step = 0;  // that of this step
  bool last = false;            // training ends here
};
Buffer EncodeSave(const SaveRequest& request);
// Throws Error(kPeer): too short, too long.
SaveRequest DecodeSave(std::span<const std::byte> payload);

}  // namespace fathom
