// A line of any format through the whole way to an example.
#include "tests/fuzz/fuzz_input.h"
#include "worker/data/packed_examples.h"
#include "worker/feature/feature_encoder.h"

using namespace fathom;

namespace {

struct Reader {
  explicit Reader(DataFormat format) {
    config.data.format = format;
    config.data.train = {"x"};
    config.data.header = false;
    config.data.missing = {"", "?"};
    if (Has(format, FormatTrait::kNamedFields)) config.data.names = {"label", "1", "2", "features"};
    const bool criteo = format == DataFormat::kCriteo, vw = format == DataFormat::kVw;
    config.columns = {{.name = "number",
                       .source = criteo ? "I1"
                                 : vw   ? "features^1"
                                        : "1",
                       .kind = ColumnKind::kNumeric,
                       .transform = TransformKind::kLog},
                      {.name = "id", .source = criteo ? "C1" : "2"},
                      {.name = "list",
                       .source = criteo                          ? "C2"
                                 : format == DataFormat::kLibffm ? "3"
                                                                 : "features",
                       .kind = ColumnKind::kMultivalent,
                       .weighted = true},
                      {.name = "class",
                       .source = criteo ? "I2" : "1",
                       .transform = TransformKind::kBuckets,
                       .boundaries = {0, 1, 10}}};
    config.crosses = {{.columns = {"id", "list"}}};
    spec = MakeModelSpec(config);
    schema = std::make_unique<InputSchema>(config, true);
    reader = std::make_unique<RecordReader>(*schema);
    encoder = std::make_unique<FeatureEncoder>(*schema, spec, LearntTransforms());
    columns = reader->Resolve("x", "");
  }

  void Take(std::string_view line) {
    EncodedExample example;
    if (!reader->Read({.text = line}, columns).empty() ||
        !encoder->Encode(reader->values(), &example).empty())
      return;
    const PackedShape shape(spec);
    PackedExamples packed(shape);
    packed.Add(example);
  }

  Config config;
  ModelSpec spec;
  std::unique_ptr<InputSchema> schema;
  std::unique_ptr<RecordReader> reader;
  std::unique_ptr<FeatureEncoder> encoder;
  FileColumns columns;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Reader readers[] = {Reader(DataFormat::kCsv),    Reader(DataFormat::kTsv),
                             Reader(DataFormat::kCriteo), Reader(DataFormat::kLibsvm),
                             Reader(DataFormat::kLibffm), Reader(DataFormat::kVw)};
  static const auto hour = MakeTransform({.transform = TransformKind::kHour}, nullptr);
  fuzz::Input input(data, size);
  readers[input.Byte() % std::size(readers)].Take(input.text());
  Key key = 0;
  std::string error;
  hour->KeyOf(input.text(), &key, &error);
  return 0;
}
