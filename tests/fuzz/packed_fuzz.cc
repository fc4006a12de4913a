// A packed file of any bytes. Its checksums are put right first, so that the fuzzer gets behind
// them: what a checksum cannot promise must be checked as well.
#include <algorithm>

#include "common/error.h"
#include "common/xxh3.h"
#include "tests/fuzz/fuzz_input.h"
#include "worker/data/packed_data.h"
#include "worker/data/packed_format.h"

using namespace fathom;

namespace {

ModelSpec Spec() {
  Config config;
  config.columns = {{.name = "a"},
                    {.name = "m", .kind = ColumnKind::kMultivalent, .weighted = true},
                    {.name = "x", .kind = ColumnKind::kNumeric}};
  config.evaluate.group_by = "a";
  return MakeModelSpec(config);
}

void MendChecksums(std::vector<std::byte>* file, const PackedShape& shape) {
  PackedHeader header;
  if (file->size() < sizeof(header)) return;
  std::memcpy(&header, file->data(), sizeof(header));
  header.magic = kPackedMagic;
  header.version = kPackedVersion;
  header.part = DataPart::kTrain;
  header.schema = shape.schema;
  header.record_bytes = static_cast<std::uint32_t>(shape.record_bytes);
  header.file_bytes = file->size();
  header.index_offset %= file->size() + 1;
  header.examples %= 3 * kBlockExamples;
  header.blocks = (header.examples + kBlockExamples - 1) / kBlockExamples;
  const std::uint64_t room = (file->size() - header.index_offset) / sizeof(BlockEntry);
  for (std::uint64_t b = 0; b < std::min(room, header.blocks); ++b) {
    BlockEntry entry;
    std::byte* place = file->data() + header.index_offset + b * sizeof(entry);
    std::memcpy(&entry, place, sizeof(entry));
    if (entry.offset <= file->size() && entry.bytes <= file->size() - entry.offset)
      entry.checksum = Xxh3({file->data() + entry.offset, entry.bytes});
    std::memcpy(place, &entry, sizeof(entry));
  }
  if (header.blocks <= room)
    header.index_checksum =
        Xxh3({file->data() + header.index_offset, header.blocks * sizeof(BlockEntry)});
  header.header_checksum = Xxh3(
      std::as_bytes(std::span(&header, 1)).first(sizeof(header) - sizeof(header.header_checksum)));
  std::memcpy(file->data(), &header, sizeof(header));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ModelSpec spec = Spec();
  fuzz::Input input(data, size);
  std::vector<std::byte> file(input.rest().begin(), input.rest().end());
  MendChecksums(&file, PackedShape(spec));
  try {
    const PackedData packed(fuzz::WriteFile("packed.fpk", file), spec);
    float sum = 0;
    for (std::uint64_t e = 0; e < packed.examples(); ++e) {
      const ExampleView view = packed.Example(e);
      for (std::size_t i = 0; i < view.list(0).size(); ++i)
        sum += static_cast<float>(view.list(0)[i]) * view.weights(0)[i];
      sum += view.numerics[0];
    }
    volatile float used = sum;
    (void)used;
  } catch (const Error&) {
  }
  return 0;
}
