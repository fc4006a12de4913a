// A line of any format through the whole way to an example. Of one without a word for "missing" the
// encoder makes the same example column by column as in batches, which a second such word turns
// off.
#include <memory>
#include <string>

#include "common/check.h"
#include "tests/fuzz/fuzz_input.h"
#include "worker/data/packed_examples.h"
#include "worker/feature/feature_encoder.h"

using namespace fathom;

namespace {

constexpr const char* kMissingWord = "?";

bool Same(const EncodedExample& a, const EncodedExample& b) {
  return a.label == b.label && a.group == b.group && a.numerics == b.numerics && a.keys == b.keys &&
         a.lists == b.lists && a.list_weights == b.list_weights;
}

class Reader {
 public:
  Reader(DataFormat format, std::vector<std::string> missing)
      : config_(MakeConfig(format, std::move(missing))),
        spec_(MakeModelSpec(config_)),
        schema_(config_, true),
        reader_(schema_),
        encoder_(schema_, spec_, LearntTransforms{{"level", {.boundaries = {0, 1, 10}}}}),
        columns_(reader_.Resolve("x", "")) {}

  // False: it is no good line.
  bool Take(std::string_view line, EncodedExample* example) {
    if (!reader_.Read({.text = line}, columns_).empty() ||
        !encoder_.Encode(reader_.values(), example).empty())
      return false;
    const PackedShape shape(spec_);
    PackedExamples packed(shape);
    packed.Add(*example);
    return true;
  }

 private:
  // The sources of number, id, list, class, plain value and level by the names of the format.
  static Config MakeConfig(DataFormat format, std::vector<std::string> missing) {
    Config config;
    config.data.format = format;
    config.data.train = {"x"};
    config.data.header = false;
    config.data.missing = std::move(missing);
    if (Has(format, FormatTrait::kNamedFields)) config.data.names = {"label", "1", "2", "features"};
    const bool criteo = format == DataFormat::kCriteo;
    const std::string number = criteo ? "I1" : format == DataFormat::kVw ? "features^1" : "1";
    const std::string value = criteo ? "C1" : "2";
    const std::string list = criteo ? "C2" : format == DataFormat::kLibffm ? "3" : "features";
    config.columns = {
        {.name = "number",
         .source = number,
         .kind = ColumnKind::kNumeric,
         .transform = TransformKind::kLog},
        {.name = "id", .source = value},
        {.name = "list", .source = list, .kind = ColumnKind::kMultivalent, .weighted = true},
        {.name = "class",
         .source = criteo ? "I2" : number,
         .transform = TransformKind::kBuckets,
         .boundaries = {0, 1, 10}},
        {.name = "plain", .source = value},
        {.name = "level",
         .source = criteo ? "I2" : number,
         .kind = ColumnKind::kNumeric,
         .transform = TransformKind::kQuantiles}};
    config.crosses = {{.columns = {"id", "list"}}};
    return config;
  }

  Config config_;
  ModelSpec spec_;
  InputSchema schema_;
  RecordReader reader_;
  FeatureEncoder encoder_;
  FileColumns columns_;
};

class Pair {
 public:
  explicit Pair(DataFormat format)
      : by_column_(format, {"", kMissingWord}), batched_(format, {""}) {}

  void Take(std::string_view line) {
    EncodedExample one, other;
    const bool good = by_column_.Take(line, &one);
    const bool batched_good = batched_.Take(line, &other);
    if (line.find(kMissingWord) != std::string_view::npos) return;
    FATHOM_CHECK(good == batched_good);
    FATHOM_CHECK(!good || Same(one, other));
  }

 private:
  Reader by_column_;
  Reader batched_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Pair formats[] = {Pair(DataFormat::kCsv),    Pair(DataFormat::kTsv),
                           Pair(DataFormat::kCriteo), Pair(DataFormat::kLibsvm),
                           Pair(DataFormat::kLibffm), Pair(DataFormat::kVw)};
  static const auto hour = MakeTransform({.transform = TransformKind::kHour}, nullptr);
  fuzz::Input input(data, size);
  formats[input.Byte() % std::size(formats)].Take(input.text());
  Key key = 0;
  std::string error;
  hour->KeyOf(input.text(), &key, &error);
  return 0;
}
