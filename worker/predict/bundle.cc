#include "worker/predict/bundle.h"

#include <cstring>

#include "common/error.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

constexpr const char* kBundleRemedy = "fetch it again, or export it again from the model's folder";

std::string_view NameOfSection(const BundleSection& section) {
  return {section.name, strnlen(section.name, sizeof(section.name))};
}

[[noreturn]] void FailBundle(const std::filesystem::path& file, const std::string& what) {
  Fail(ExitCode::kModel, "{}: {}: {}", file.string(), what, kBundleRemedy);
}

}  // namespace

std::uint64_t ChecksumOf(const BundleHeader& header, std::span<const BundleSection> sections) {
  Xxh3Stream sum;
  sum.Add(std::as_bytes(std::span(&header, 1)).first(offsetof(BundleHeader, checksum)));
  sum.Add(std::as_bytes(sections));
  return sum.Digest();
}

std::string KeysSection(const std::string& table) { return table + "/keys"; }
std::string WideSection(const std::string& table) { return table + "/wide"; }
std::string EmbeddingsSection(const std::string& table) { return table + "/embeddings"; }

Bundle::Bundle(const std::filesystem::path& file)
    : path_(file), mapped_(file, ExitCode::kModel, kBundleRemedy) {
  const auto bytes = mapped_.bytes();
  if (bytes.size() >= sizeof(header_)) std::memcpy(&header_, bytes.data(), sizeof(header_));
  if (bytes.size() < sizeof(header_) || header_.magic != kBundleMagic)
    Fail(ExitCode::kModel,
         "{}: a file, but no bundle: name a model's folder, or a file that fathom export --format "
         "bundle has written",
         file.string());
  if (header_.version != kBundleVersion)
    FailBundle(file, fmt::format("written by version {} of the format, this program reads {}",
                                 header_.version, kBundleVersion));
  if (header_.bytes != bytes.size())
    FailBundle(file,
               fmt::format("it has {} bytes, its header says {}", bytes.size(), header_.bytes));
  if (header_.sections > (bytes.size() - sizeof(header_)) / sizeof(BundleSection))
    FailBundle(file, fmt::format("it claims {} sections, more than it holds", header_.sections));
  for (std::uint32_t s = 0; s < header_.sections; ++s) {
    std::memcpy(&sections_.emplace_back(),
                bytes.data() + sizeof(header_) + s * sizeof(BundleSection), sizeof(BundleSection));
  }
  if (const std::uint64_t found = ChecksumOf(header_, sections_); found != header_.checksum)
    FailBundle(file, fmt::format("its header was altered: checksum {:016x}, it says {:016x}", found,
                                 header_.checksum));
  for (const BundleSection& section : sections_) {
    if (section.offset % kSectionAlignment != 0 || section.offset > bytes.size() ||
        section.bytes > bytes.size() - section.offset)
      FailBundle(file, fmt::format("section {} does not lie in it", NameOfSection(section)));
  }
  mapped_.ExpectRandomReads();
}

const BundleSection* Bundle::Find(std::string_view name) const {
  for (const BundleSection& section : sections_) {
    if (NameOfSection(section) == name) return &section;
  }
  return nullptr;
}

bool Bundle::Has(std::string_view section) const { return Find(section) != nullptr; }

std::span<const std::byte> Bundle::BytesOfSection(const BundleSection& section) const {
  return mapped_.bytes().subspan(section.offset, section.bytes);
}

void Bundle::Check(const BundleSection& section) const {
  const std::uint64_t found = Xxh3(BytesOfSection(section));
  if (found == section.checksum) return;
  FailBundle(path_, fmt::format("section {} was altered: checksum {:016x}, the header says {:016x}",
                                NameOfSection(section), found, section.checksum));
}

std::span<const std::byte> Bundle::Section(std::string_view name) const {
  const BundleSection* const section = Find(name);
  if (section == nullptr) FailBundle(path_, fmt::format("it has no section {}", name));
  return BytesOfSection(*section);
}

std::span<const std::byte> Bundle::Checked(std::string_view name) const {
  const auto bytes = Section(name);
  Check(*Find(name));
  return bytes;
}

std::string Bundle::Text(std::string_view name) const {
  const auto bytes = Checked(name);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Bundle::CheckAll() const {
  std::size_t end = sizeof(header_) + sections_.size() * sizeof(BundleSection);
  for (const BundleSection& section : sections_) {
    Check(section);
    if (section.offset < end) FailBundle(path_, "its sections overlap");
    CheckGap(end, section.offset);
    end = section.offset + section.bytes;
  }
  CheckGap(end, mapped_.bytes().size());
}

// What no checksum covers is 0.
void Bundle::CheckGap(std::size_t begin, std::size_t end) const {
  for (const std::byte byte : mapped_.bytes().subspan(begin, end - begin)) {
    if (byte != std::byte{0})
      FailBundle(path_, fmt::format("it was altered between byte {} and {}", begin, end));
  }
}

}  // namespace fathom
