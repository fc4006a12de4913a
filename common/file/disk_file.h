// A new file on this host's disk, in the place of one that has the name.
#pragma once

#include <cstdint>
#include <filesystem>

#include "common/file/file_sink.h"

namespace fathom {

class DiskFile : public FileSink {
 public:
  explicit DiskFile(const std::filesystem::path& file);
  ~DiskFile() override;
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  void Append(std::span<const std::byte> block) override;
  void Finish() override;

 private:
  std::filesystem::path file_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace fathom
