#include "common/model/admission_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "common/file/durable_file.h"
#include "common/model/checked_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kAdmissionMagic = 0x494D444148544146;  // "FATHADMI"
constexpr std::uint32_t kAdmissionVersion = 1;

// admission-NN.bin: this, then the counters.
struct AdmissionHeader {
  std::uint64_t magic = kAdmissionMagic;
  std::uint32_t version = kAdmissionVersion;
  std::uint32_t partition = 0;
  std::uint64_t bytes = 0;
};
static_assert(sizeof(AdmissionHeader) == 24);

}  // namespace

std::string AdmissionFile(int partition) { return fmt::format("admission-{:02d}.bin", partition); }

bool HasAdmissionFile(const Manifest& manifest, int partition) {
  return std::any_of(
      manifest.files.begin(), manifest.files.end(),
      [name = AdmissionFile(partition)](const auto& file) { return file.name == name; });
}

ModelFileEntry WriteAdmissionFile(const ModelOutput& out, int partition,
                                  std::span<const std::byte> counters) {
  const std::string name = AdmissionFile(partition);
  DurableFile file(out.Create(name));
  file.Write(BytesOf(AdmissionHeader{.partition = static_cast<std::uint32_t>(partition),
                                     .bytes = counters.size()}));
  file.Write(counters);
  file.Finish();
  return {
      .name = name, .bytes = file.bytes(), .checksum = file.checksum(), .blocks = file.blocks()};
}

Buffer ReadAdmissionFile(const fs::path& dir, const Manifest& manifest, int partition,
                         const Alive& alive) {
  const std::string name = AdmissionFile(partition);
  const Buffer bytes = ReadChecked(dir, EntryOf(manifest, dir, name), alive);
  CheckedReader reader(dir / name, bytes.bytes());
  const auto header = reader.Get<AdmissionHeader>("the header");
  if (header.magic != kAdmissionMagic)
    FailDamaged(dir / name, "no file of admission counters (magic)");
  if (header.version != kAdmissionVersion)
    FailDamaged(dir / name,
                fmt::format("written by version {} of the format, this program reads {}",
                            header.version, kAdmissionVersion));
  if (header.partition != static_cast<std::uint32_t>(partition))
    FailDamaged(dir / name, fmt::format("it holds partition {}", header.partition));
  const auto from = reader.Take(header.bytes, "the counters");
  reader.Finish();
  Buffer counters(from.size());
  if (!from.empty()) std::memcpy(counters.data(), from.data(), from.size());
  return counters;
}

}  // namespace fathom
