#include <cstring>

#include "common/check.h"
#include "common/file/durable_file.h"
#include "common/model/checked_file.h"
#include "common/model/model_file.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDenseMagic = 0x534E454448544146;  // "FATHDENS"
constexpr std::uint32_t kDenseVersion = 1;
constexpr const char* kDenseFile = "dense.bin";

// dense.bin: this, then values f32[floats] and accumulators f32[floats].
struct DenseHeader {
  std::uint64_t magic = kDenseMagic;
  std::uint32_t version = kDenseVersion;
  std::uint32_t reserved = 0;
  std::uint64_t floats = 0;
};
static_assert(sizeof(DenseHeader) == 24);

std::uint64_t DenseFileBytes(std::uint64_t floats) {
  return sizeof(DenseHeader) + 2 * floats * sizeof(float);
}

}  // namespace

void CreateDense(const fs::path& dir, std::uint64_t dense_floats) {
  DurableFile file(dir / kDenseFile);
  file.Write(BytesOf(DenseHeader{.floats = dense_floats}));
  const std::vector<float> zeros(dense_floats, 0.0F);
  file.Write(std::as_bytes(std::span(zeros)));
  file.Write(std::as_bytes(std::span(zeros)));
  file.Finish();
}

void WriteDenseRange(const fs::path& dir, std::uint64_t dense_floats, std::uint64_t first,
                     std::span<const float> values, std::span<const float> accumulators) {
  FATHOM_CHECK_EQ(values.size(), accumulators.size());
  FATHOM_CHECK(first + values.size() <= dense_floats);
  OverwriteDurably(dir / kDenseFile,
                   {{sizeof(DenseHeader) + first * sizeof(float), std::as_bytes(values)},
                    {sizeof(DenseHeader) + (dense_floats + first) * sizeof(float),
                     std::as_bytes(accumulators)}});
}

ModelFileEntry FinishDense(const fs::path& dir, std::uint64_t dense_floats) {
  const Buffer bytes = ReadFile(dir / kDenseFile, kModelRemedy);
  if (bytes.size() != DenseFileBytes(dense_floats))
    FailDamaged(dir / kDenseFile, fmt::format("{} bytes, {} are expected", bytes.size(),
                                              DenseFileBytes(dense_floats)));
  return {.name = kDenseFile, .bytes = bytes.size(), .checksum = Xxh3(bytes.bytes())};
}

DenseState ReadDense(const fs::path& dir, const Manifest& manifest) {
  const Buffer bytes = ReadChecked(dir, EntryOf(manifest, dir, kDenseFile));
  CheckedReader reader(dir / kDenseFile, bytes.bytes());
  const auto header = reader.Get<DenseHeader>("the header");
  if (header.magic != kDenseMagic)
    FailDamaged(dir / kDenseFile, "no file of dense parameters (magic)");
  if (header.version != kDenseVersion)
    FailDamaged(dir / kDenseFile,
                fmt::format("written by version {} of the format, this program reads {}",
                            header.version, kDenseVersion));
  if (header.floats != manifest.dense_floats)
    FailDamaged(dir / kDenseFile, fmt::format("{} parameters, the manifest says {}", header.floats,
                                              manifest.dense_floats));
  DenseState state;
  for (std::vector<float>* part : {&state.values, &state.accumulators}) {
    const auto from = reader.Take(header.floats * sizeof(float), "the parameters");
    part->resize(header.floats);
    if (!from.empty()) std::memcpy(part->data(), from.data(), from.size());
  }
  reader.Finish();
  return state;
}

}  // namespace fathom
