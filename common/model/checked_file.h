// A file of a model, read whole and not believed: its length and checksum are compared with the
// manifest, and every length inside with the bytes that are left. All throw Error(kModel) that
// names the file, what is wrong with it and how to mend it.
#pragma once

#include <cstring>
#include <filesystem>
#include <span>
#include <string>

#include "common/buffer.h"
#include "common/file/alive.h"
#include "common/model/manifest.h"

namespace fathom {

inline constexpr const char* kModelRemedy = "restore the folder from a copy, or train again";

[[noreturn]] void FailDamaged(const std::filesystem::path& file, const std::string& what);

// What the manifest says of the file.
const ModelFileEntry& EntryOf(const Manifest& manifest, const std::filesystem::path& dir,
                              const std::string& name);

// Names the first block that is damaged.
Buffer ReadChecked(const std::filesystem::path& dir, const ModelFileEntry& entry,
                   const Alive& alive = SayNothing);

// Takes a file's bytes piece by piece. `what` says in the error which piece is cut short.
class CheckedReader {
 public:
  CheckedReader(const std::filesystem::path& file, std::span<const std::byte> bytes)
      : file_(file), bytes_(bytes) {}

  template <typename T>
  T Get(const char* what) {
    T value;
    std::memcpy(&value, Take(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  std::span<const std::byte> Take(std::uint64_t bytes, const char* what);
  std::uint64_t left() const { return bytes_.size(); }

  // Throws if anything is left.
  void Finish() const;

 private:
  std::filesystem::path file_;
  std::span<const std::byte> bytes_;
};

}  // namespace fathom
