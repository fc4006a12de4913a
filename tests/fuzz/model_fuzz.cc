// A model's files of any bytes. The manifest's lengths and checksums are those of the bytes, so
// that the fuzzer gets behind them.
#include <algorithm>

#include "common/error.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/partition_file.h"
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

// Adds a file of partition 0 to the folder and the manifest.
void AddRows(const std::string& name, std::span<const std::byte> bytes, Manifest* manifest) {
  fuzz::WriteFile(name, bytes);
  manifest->files.push_back({.name = name,
                             .bytes = bytes.size(),
                             .checksum = Xxh3(bytes),
                             .rows = ClaimedRows(bytes, manifest->tables)});
}

// A whole file and one of later changes. What the second adds is unknown here: from all that it has
// down to nothing.
void ReadWithChanges(std::span<const std::byte> bytes, Manifest manifest) {
  if (bytes.size() < 2) return;
  const auto whole =
      std::min<std::size_t>(std::to_integer<std::size_t>(bytes[0]) * 4, bytes.size() - 2);
  const auto added = std::to_integer<std::uint64_t>(bytes[1]);
  AddRows(PartitionFile(0), bytes.subspan(2, whole), &manifest);
  AddRows(PartitionFile(0, 7), bytes.subspan(2 + whole), &manifest);
  manifest.files.back().added = {added % 4, added / 4 % 4};
  ReadPartition(fuzz::Dir(), manifest, 0, [](std::size_t, Key, std::span<const float>) {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t kind = input.Byte() % 4;
  const auto bytes = input.rest();
  Manifest manifest{
      .step = 1,
      .seed = 1,
      .tables = {{.name = "wide", .wide = true}, {.name = "wide_deep2", .wide = true, .dim = 2}},
      .dense_floats = 16,
      .files = {}};
  if (kind == 3) {
    try {
      ReadWithChanges(bytes, manifest);
    } catch (const Error&) {
    }
    return 0;
  }
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
