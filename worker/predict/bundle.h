// A model as one file that holds what scoring needs (docs/model-format.md), mapped for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/kinds.h"
#include "common/file/mapped_file.h"

namespace fathom {

inline constexpr std::uint64_t kBundleMagic = 0x4C444E4248544146;  // "FATHBNDL"
inline constexpr std::uint32_t kBundleVersion = 1;
inline constexpr std::uint64_t kSectionAlignment = 64;

struct BundleHeader {
  std::uint64_t magic = kBundleMagic;
  std::uint32_t version = kBundleVersion;
  std::uint32_t sections = 0;
  std::uint64_t bytes = 0;       // of the file
  std::uint32_t rounded = 0;     // 1: embeddings are bfloat16, whatever the manifest says
  std::uint32_t reserved = 0;    // 0
  std::uint64_t unused[3] = {};  // 0
  std::uint64_t checksum = 0;    // XXH3-64 of the bytes before it, then of all BundleSections
};
static_assert(sizeof(BundleHeader) == 64);

struct BundleSection {
  char name[40] = {};  // zeros behind it
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64
};
static_assert(sizeof(BundleSection) == 64);

// The checksum that stands in the header.
std::uint64_t ChecksumOf(const BundleHeader& header, std::span<const BundleSection> sections);

// The names of a table's sections.
std::string KeysSection(const std::string& table);
std::string WideSection(const std::string& table);
std::string EmbeddingsSection(const std::string& table);
inline constexpr const char* kDenseSection =
    "dense";  // its values, without the update rule's state

// Thread rule: immutable once made. All throw Error(kModel) that names the file and what is wrong.
class Bundle {
 public:
  // Checks the header, and that all sections lie in the file.
  explicit Bundle(const std::filesystem::path& file);

  const std::filesystem::path& path() const { return path_; }
  bool rounded() const { return header_.rounded != 0; }
  bool Has(std::string_view section) const;

  // Without a look at its checksum; aligned to kSectionAlignment.
  std::span<const std::byte> Section(std::string_view name) const;

  // The same; checked.
  std::span<const std::byte> Checked(std::string_view name) const;
  std::string Text(std::string_view name) const;

  // Every byte.
  void CheckAll() const;

 private:
  const BundleSection* Find(std::string_view name) const;
  std::span<const std::byte> BytesOfSection(const BundleSection& section) const;
  void Check(const BundleSection& section) const;
  void CheckGap(std::size_t begin, std::size_t end) const;

  std::filesystem::path path_;
  MappedFile mapped_;
  BundleHeader header_;
  std::vector<BundleSection> sections_;
};

}  // namespace fathom
