// The C library: texts and keys of any bytes, and a model one of whose files is damaged in any way,
// scored without a look at checksums.
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "common/model/partition_file.h"
#include "common/random.h"
#include "common/settings/config_file.h"
#include "tests/fuzz/fuzz_input.h"
#include "worker/library/fathom_predict.h"

using namespace fathom;

namespace {

constexpr const char* kConfig =
    "[data]\ntrain = [\"x\"]\n[[join]]\nfile = \"items.csv\"\nkey = \"item\"\n"
    "[[column]]\nname = \"user\"\nhash_buckets = 40\n"
    "[[column]]\nname = \"item\"\n"
    "[[column]]\nname = \"tags\"\nkind = \"multivalent\"\nweighted = true\n"
    "[[column]]\nname = \"maker\"\n"
    "[[column]]\nname = \"n\"\nkind = \"numeric\"\ntransform = \"log\"\n"
    "[[cross]]\ncolumns = [\"user\", \"tags\"]\n"
    "[model]\nembedding_dim = 3\nhidden = [4]\n";
constexpr std::size_t kRowsAPartition = 3;
constexpr const char* kPlainText = "item4";

// A model that nothing was trained of.
void WriteModel(const std::filesystem::path& dir) {
  const Config config = ParseConfig(kConfig, "fuzz.toml", dir, {});
  const ModelSpec spec = MakeModelSpec(config);
  Manifest manifest{.step = 1,
                    .seed = 1,
                    .tables = spec.tables,
                    .dense_floats = static_cast<std::uint64_t>(spec.dense_floats),
                    .dense_rule = spec.dense_rule,
                    .files = {}};
  for (int p = 0; p < manifest.partitions.count(); ++p) {
    PartitionWriter rows(FolderOutput(dir), PartitionFile(p), manifest.partitions, p, spec.tables);
    for (std::size_t t = 0; t < spec.tables.size(); ++t) {
      rows.BeginTable(t, kRowsAPartition);
      const std::vector<float> state(static_cast<std::size_t>(spec.tables[t].state_floats()), 0.5F);
      for (std::size_t r = 0; r < kRowsAPartition; ++r)
        rows.AddRow((static_cast<Key>(p) << 58) + (r << 50), state);
    }
    manifest.files.push_back(rows.Finish());
  }
  const int states = TraitsOf(spec.dense_rule).states();
  CreateDense(dir, manifest.dense_floats, states);
  manifest.files.push_back(FinishDense(dir, manifest.dense_floats, states));
  manifest.files.push_back(WriteTextFile(dir, "config.toml", kConfig));
  manifest.files.push_back(WriteTextFile(dir, "transforms.json", "{}"));
  manifest.files.push_back(WriteTextFile(dir, SideTableName(0),
                                         "item,maker\nitem1,maker1\nitem4,\"maker \"\"2\"\"\"\n"));
  WriteManifest(dir, manifest);
}

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = [] {
    WriteModel(fuzz::Dir());
    return fuzz::Dir();
  }();
  return folder;
}

fathom_model* Whole() {
  static fathom_model* const model = [] {
    fathom_model* opened = nullptr;
    char error[200] = "";
    if (fathom_open(Folder().c_str(), FATHOM_VERIFY, &opened, error, sizeof(error)) != FATHOM_OK) {
      std::fprintf(stderr, "%s\n", error);
      __builtin_trap();
    }
    return opened;
  }();
  return model;
}

// Fields end with a zero byte; one that begins with \x01 is not given.
std::vector<fathom_text> Texts(std::string_view text, std::size_t count) {
  std::vector<fathom_text> fields;
  while (fields.size() < count) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool given = field.empty() || field.front() != '\1';
    fields.push_back({given ? field.data() : nullptr, field.size()});
  }
  return fields;
}

void ScoreTexts(fathom_model* model, std::string_view text) {
  constexpr std::size_t kRows = 3;
  const std::size_t columns = fathom_columns(model);
  const std::vector<fathom_text> values = Texts(text, (kRows + 1) * columns);
  char error[80];
  float scores[kRows];
  std::size_t places[kRows], found = 0;
  fathom_score_text(model, values.data(), kRows, 0, scores, error, sizeof(error));
  char json[1 << 14];
  std::size_t size = 0;
  fathom_explain(model, values.data(), sizeof(json), json, &size, error, sizeof(error));
  fathom_catalogue* catalogue = nullptr;
  fathom_catalogue_open(model, values.data() + columns, kRows, &catalogue, error, sizeof(error));
  const std::size_t left_out = 1;
  if (catalogue != nullptr) {
    fathom_recommend(catalogue, values.data(), &left_out, 1, kRows, FATHOM_LOGITS, places, scores,
                     &found, error, sizeof(error));
    char names[kRows * 8];
    fathom_text shown = {};
    fathom_wide_terms(catalogue, values.data(), 2, kRows, 8, names, scores, &found, error,
                      sizeof(error));
    fathom_near_items(catalogue, 2, nullptr, 0, kRows, places, scores, &found, error,
                      sizeof(error));
    fathom_item_text(catalogue, 0, "maker", &shown, error, sizeof(error));
  }
  fathom_catalogue_close(catalogue);
  for (std::size_t f = 0; f < fathom_fields(model); ++f) {
    std::uint64_t key = 0;
    fathom_key(model, f, values[f % values.size()], &key, error, sizeof(error));
    std::size_t count = 0;
    fathom_row_keys(model, values.data(), f, 1, &key, nullptr, &count, error, sizeof(error));
  }
  for (std::size_t n = 0; n < fathom_numbers(model); ++n) {
    float number = 0;
    fathom_number(model, n, values[n % values.size()], &number, error, sizeof(error));
  }
}

std::string ReadAll(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Bytes: which file, how it is cut, then places and what stands there.
void ScoreDamaged(fuzz::Input* input) {
  const std::string names[] = {"manifest.json",   "config.toml",
                               "transforms.json", "dense.bin",
                               SideTableName(0),  PartitionFile(input->Byte() % 64)};
  const std::string& name = names[input->Byte() % std::size(names)];
  const std::string whole = ReadAll(Folder() / name);
  std::string damaged = whole;
  if (const std::uint8_t cut = input->Byte(); cut > 0) damaged.resize(damaged.size() * cut / 255);
  while (!input->rest().empty() && !damaged.empty()) {
    std::size_t at = input->Byte();
    at = (at << 8) + input->Byte();
    damaged[at % damaged.size()] = static_cast<char>(input->Byte());
  }
  fuzz::WriteFile(name, std::as_bytes(std::span(damaged)));
  fathom_model* model = nullptr;
  char error[80];
  if (fathom_open(Folder().c_str(), 0, &model, error, sizeof(error)) == FATHOM_OK) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += std::string(kPlainText) + '\0';
    ScoreTexts(model, text);
    fathom_close(model);
  }
  fuzz::WriteFile(name, std::as_bytes(std::span(whole)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fathom_model* const model = Whole();
  fuzz::Input input(data, size);
  if (input.Byte() % 2 == 0) {
    ScoreTexts(model, input.text());
  } else {
    ScoreDamaged(&input);
  }
  return 0;
}
