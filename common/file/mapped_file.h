// A whole plain file, mapped for reading.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "common/error.h"

namespace fathom {

// Thread rule: immutable once made. The bytes are the file's as long as nobody writes into it or
// cuts it; one that is replaced by another file of its name stays as it was.
class MappedFile {
 public:
  // Throws Error(code) that names the file, the reason and `remedy`: it cannot be opened, is no
  // plain file, is empty, or cannot be mapped.
  MappedFile(const std::filesystem::path& file, ExitCode code, const std::string& remedy);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {bytes_, size_}; }

  // Gives back the memory of what was read. Where the kernel does not do it, the pages stay until
  // it wants them.
  void Release() const;

  // The bytes will be read here and there: reading ahead would only cost.
  void ExpectRandomReads() const;

 private:
  const std::byte* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace fathom
