// A model's files of any bytes. The manifest's lengths and checksums are those of the bytes, so
// that the fuzzer gets behind them.
#include "common/error.h"
#include "common/model_file.h"
#include "common/xxh3.h"
#include "tests/fuzz/fuzz_input.h"

using namespace fathom;

namespace {

// The counts that the bytes claim for their two tables, where the format has them.
std::vector<std::uint64_t> ClaimedRows(std::span<const std::byte> bytes,
                                       const std::vector<TableSpec>& tables) {
  constexpr std::size_t kHeaderBytes = 24;
  std::vector<std::uint64_t> rows;
  std::size_t at = kHeaderBytes;
  for (const TableSpec& table : tables) {
    std::uint64_t count = 0;
    if (at + sizeof(count) <= bytes.size()) std::memcpy(&count, bytes.data() + at, sizeof(count));
    rows.push_back(count);
    const auto row_bytes = static_cast<std::size_t>(table.row_bytes());
    at = count < bytes.size() ? at + sizeof(count) + count * row_bytes : bytes.size();
  }
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t kind = input.Byte() % 3;
  const auto bytes = input.rest();
  Manifest manifest{
      .step = 1,
      .seed = 1,
      .tables = {{.name = "wide", .wide = true}, {.name = "wide_deep2", .wide = true, .dim = 2}},
      .dense_floats = 16,
      .files = {}};
  const char* names[] = {"rows-00.bin", "dense.bin", "manifest.json"};
  fuzz::WriteFile(names[kind], bytes);
  manifest.files.push_back(
      {.name = names[kind], .bytes = bytes.size(), .checksum = Xxh3(bytes), .rows = {}});
  if (kind == 0) manifest.files.back().rows = ClaimedRows(bytes, manifest.tables);
  try {
    if (kind == 0)
      ReadPartition(fuzz::Dir(), manifest, 0, [](std::size_t, Key, std::span<const float>) {});
    if (kind == 1) ReadDense(fuzz::Dir(), manifest);
    if (kind == 2) ReadManifest(fuzz::Dir());
  } catch (const Error&) {
  }
  return 0;
}
