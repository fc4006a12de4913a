// What can be read only once, kept on the disk so that it can be read again.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>

#include "common/file/descriptor.h"
#include "worker/input/input_file.h"

namespace fathom {

// Thread rule: one thread's own. What it keeps has no name in any folder: it is gone with this
// object, or with the process however that ends.
class InputSpool {
 public:
  // Keeps files in `folder`, which is made if there is something to keep. `progress` hears now and
  // then how many bytes were read so far.
  InputSpool(std::filesystem::path folder, std::function<void(std::uint64_t bytes)> progress);

  // The file itself, or where it can be read only once what was read from it to its end. Waits for
  // a pipe's writer. Valid as long as this object. Throws Error(kData): it cannot be read, it was
  // taken already, or the disk is full.
  InputFile Take(const std::filesystem::path& file);

 private:
  InputFile Keep(const std::filesystem::path& file);

  std::filesystem::path folder_;
  std::function<void(std::uint64_t)> progress_;
  std::deque<Descriptor> kept_;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> taken_;  // device and inode of each
};

}  // namespace fathom
