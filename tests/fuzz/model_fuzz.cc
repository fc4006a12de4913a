// A model's files of any bytes. The manifest's lengths and checksums are those of the bytes, so
// that the fuzzer gets behind them.
#include "common/error.h"
#include "common/model_file.h"
#include "common/xxh3.h"
#include "tests/fuzz/fuzz_input.h"

using namespace fathom;

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
  try {
    if (kind == 0)
      ReadPartition(fuzz::Dir(), manifest, 0, [](std::size_t, Key, std::span<const float>) {});
    if (kind == 1) ReadDense(fuzz::Dir(), manifest);
    if (kind == 2) ReadManifest(fuzz::Dir());
  } catch (const Error&) {
  }
  return 0;
}
