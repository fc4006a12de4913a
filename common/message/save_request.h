// coordinator -> server (kSave): what to write; where it goes, each side knows by itself. Goes
// through cereal over a bounded archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/buffer.h"

namespace fathom {

// kModel: the model at the end of the run. kBest: the best one so far, while training waits.
// kNothing: no file; the answer says how large the tables are.
enum class SaveKind : std::uint8_t { kModel, kCheckpoint, kBest, kNothing };
inline constexpr std::uint8_t kSaveKinds = 4;

// frame.step: how many steps the saved rows must hold: those below it.
struct SaveRequest {
  SaveKind kind = SaveKind::kModel;
  bool has_base = false;        // a checkpoint that may be built upon is there:
  std::uint64_t base_step = 0;  // that of this step
  bool last = false;            // training ends here
};
Buffer EncodeSave(const SaveRequest& request);
// Throws Error(kPeer): too short, too long, no such kind.
SaveRequest DecodeSave(std::span<const std::byte> payload);

}  // namespace fathom
