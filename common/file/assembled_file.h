// A new file of a length that is known beforehand, whose parts are written side by side, each from
// its begin to its end: so that what is read once, row by row, becomes several arrays.
//
// It is written beside and takes its name when it is whole (replaced_file.h, degree "process"). All
// of its disk space is taken first, so that a full disk is told at once.
//
// Thread rule: one thread. Failure: Error(code) that names the file and the system's reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <vector>

#include "common/error.h"
#include "common/file/descriptor.h"
#include "common/xxh3.h"

namespace fathom {

class AssembledFile {
 public:
  class Part {
   public:
    Part(AssembledFile& file, std::uint64_t offset, std::uint64_t bytes)
        : file_(file), at_(offset), end_(offset + bytes) {}

    void Write(std::span<const std::byte> bytes);

    // XXH3-64 of the part, which must be written to its end.
    std::uint64_t Checksum();

   private:
    friend class AssembledFile;
    void WriteOut();

    AssembledFile& file_;
    std::uint64_t at_;  // where the buffer's first byte goes
    std::uint64_t end_;
    std::vector<std::byte> buffer_;
    Xxh3Stream sum_;
  };

  // Symbolic links stay, and what they lead to is replaced.
  AssembledFile(const std::filesystem::path& file, std::uint64_t bytes, ExitCode code);

  // Removes what was written, unless it was finished.
  ~AssembledFile();
  AssembledFile(const AssembledFile&) = delete;
  AssembledFile& operator=(const AssembledFile&) = delete;

  // Valid as long as the file. Bytes that no part writes are 0.
  Part& AddPart(std::uint64_t offset, std::uint64_t bytes);

  // At once.
  void WriteAt(std::uint64_t offset, std::span<const std::byte> bytes);

  // The file takes its name. Every part must be written to its end.
  void Finish();

 private:
  [[noreturn]] void Refused() const;

  std::filesystem::path file_;
  std::filesystem::path partial_;
  ExitCode code_;
  Descriptor fd_;
  bool finished_ = false;
  std::deque<Part> parts_;
};

}  // namespace fathom
