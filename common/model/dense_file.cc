#include "common/model/dense_file.h"

#include <cstring>

#include "common/check.h"
#include "common/file/durable_file.h"
#include "common/model/checked_file.h"
#include "common/model/manifest.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDenseMagic = 0x534E454448544146;  // "FATHDENS"
constexpr std::uint32_t kDenseVersion = 1;

// dense.bin: this, then values f32[floats] and the state of their rule f32[states, floats].
struct DenseHeader {
  std::uint64_t magic = kDenseMagic;
  std::uint32_t version = kDenseVersion;
  std::uint32_t reserved = 0;
  std::uint64_t floats = 0;
};
static_assert(sizeof(DenseHeader) == 24);

std::uint64_t DenseFileBytes(std::uint64_t floats, int states) {
  return sizeof(DenseHeader) + (1 + static_cast<std::uint64_t>(states)) * floats * sizeof(float);
}

}  // namespace

void CreateDense(const fs::path& dir, std::uint64_t dense_floats, int states) {
  DurableFile file(dir / kDenseFile);
  file.Write(BytesOf(DenseHeader{.floats = dense_floats}));
  const std::vector<float> zeros(dense_floats, 0.0F);
  for (int array = 0; array < 1 + states; ++array) file.Write(std::as_bytes(std::span(zeros)));
  file.Finish();
}

void WriteDenseRange(const ModelOutput& out, std::uint64_t dense_floats, std::uint64_t first,
                     std::span<const float> values, std::span<const float> state) {
  FATHOM_CHECK(first + values.size() <= dense_floats);
  if (values.empty()) return;
  FATHOM_CHECK_EQ(state.size() % values.size(), 0U);
  std::vector<FilePiece> pieces = {
      {sizeof(DenseHeader) + first * sizeof(float), std::as_bytes(values)}};
  for (std::size_t array = 0; array < state.size() / values.size(); ++array) {
    pieces.push_back({sizeof(DenseHeader) + ((1 + array) * dense_floats + first) * sizeof(float),
                      std::as_bytes(state.subspan(array * values.size(), values.size()))});
  }
  out.Overwrite(kDenseFile, pieces);
}

ModelFileEntry FinishDense(const fs::path& dir, std::uint64_t dense_floats, int states) {
  const Buffer bytes = ReadFile(dir / kDenseFile, kModelRemedy);
  const std::uint64_t expected = DenseFileBytes(dense_floats, states);
  if (bytes.size() != expected)
    FailDamaged(dir / kDenseFile, fmt::format("{} bytes, {} are expected", bytes.size(), expected));
  return {.name = kDenseFile, .bytes = bytes.size(), .checksum = Xxh3(bytes.bytes())};
}

DenseState ReadDense(const fs::path& dir, const Manifest& manifest, const Alive& alive) {
  const Buffer bytes = ReadChecked(dir, EntryOf(manifest, dir, kDenseFile), alive);
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
  const auto states = static_cast<std::uint64_t>(TraitsOf(manifest.dense_rule).states());
  const auto read = [&](std::uint64_t floats, const char* what, std::vector<float>* into) {
    const auto from = reader.Take(floats * sizeof(float), what);
    into->resize(floats);
    if (!from.empty()) std::memcpy(into->data(), from.data(), from.size());
  };
  read(header.floats, "the parameters", &state.values);
  read(states * header.floats, "the state of the update rule", &state.state);
  reader.Finish();
  return state;
}

}  // namespace fathom
