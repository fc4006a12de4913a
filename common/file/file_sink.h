// Where the bytes of a new file go, in order: to this host's disk (disk_file.h), or elsewhere.
//
// Thread rule: one thread. Failure: Error(kModel) that names the file and the reason.
#pragma once

#include <cstddef>
#include <span>

namespace fathom {

class FileSink {
 public:
  virtual ~FileSink() = default;  // a file that is not finished is removed

  virtual void Append(std::span<const std::byte> block) = 0;

  // Returns when the file is on the disk.
  virtual void Finish() = 0;
};

}  // namespace fathom
