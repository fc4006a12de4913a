// What can be read only once, kept on the disk so that it can be read again.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <vector>

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

  // Each file itself, or where it can be read only once what was read from it to its end. Waits for
  // a pipe's writer. Valid as long as this object. Throws Error(kUsage) where one that can be read
  // only once comes twice, before anything is read; Error(kData): one cannot be read, or the disk
  // is full.
  std::vector<InputFile> Take(const std::vector<std::filesystem::path>& files);

 private:
  InputFile Keep(const std::filesystem::path& file);

  std::filesystem::path folder_;
  std::function<void(std::uint64_t)> progress_;
  std::deque<Descriptor> kept_;
};

}  // namespace fathom
