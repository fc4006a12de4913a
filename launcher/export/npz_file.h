// A .npz file, as numpy.load reads it: a zip archive of .npy arrays, stored as they are
// (APPNOTE.TXT 6.3.9, with 64-bit lengths; numpy/lib/format.py, version 1.0).
//
// Thread rule: one thread. Failure: as AssembledFile.
#pragma once

#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/file/assembled_file.h"

namespace fathom {

class NpzFile {
 public:
  // All arrays are added first. `type`: NumPy's, as "<f4"; returns the array's number.
  std::size_t Add(const std::string& name, const std::string& type, std::size_t item_bytes,
                  const std::vector<std::uint64_t>& shape);

  // Then the file is begun, and every array is written to its end, in any order.
  void Begin(const std::filesystem::path& file);
  void Write(std::size_t array, std::span<const std::byte> bytes);
  void Finish();

  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Array {
    std::string name;         // of the member
    std::string header;       // of the .npy
    std::uint64_t bytes = 0;  // of the member
    std::uint64_t offset = 0;
    boost::crc_32_type crc = boost::crc_32_type();
    AssembledFile::Part* part = nullptr;
  };

  std::string LocalHeader(const Array& array) const;
  std::string Directory() const;

  std::vector<Array> arrays_;
  std::uint64_t directory_offset_ = 0;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<AssembledFile> file_;
};

}  // namespace fathom
