// coordinator -> server (kFileAnswer): what became of one order for a file (file_order.h), in the
// order in which they came. Goes through cereal over a bounded archive.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/buffer.h"

namespace fathom {

struct FileAnswer {
  bool done = false;    // kTakeOver: whether there was such a file; else true if nothing failed
  std::string failure;  // empty: none
};
Buffer EncodeFileAnswer(const FileAnswer& answer);
// Throws Error(kPeer): too short, too long.
FileAnswer DecodeFileAnswer(std::span<const std::byte> payload);

}  // namespace fathom
