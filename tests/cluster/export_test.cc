// What an export holds is the model: a bundle scores its bits, arrays and lines are its numbers.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "launcher/export/export_model.h"
#include "tests/support/expect_error.h"
#include "tests/support/scored_model.h"
#include "tests/support/scratch_dir.h"
#include "worker/predict/scorer.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using testing::ExpectError;
using testing::ScoredModel;
using testing::ScorerLogits;

struct Row {
  float weight = 0;
  std::vector<float> embedding;
};

class ExportTest : public ::testing::Test {
 protected:
  // One model for all: the tests only read it.
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir;
    trained_ = new ScoredModel(dir_->path(), {"output.names=true", "checkpoint.every_steps=2"});
    scorer_ = Scorer::Open(trained_->model(), true).release();
  }
  static void TearDownTestSuite() {
    delete scorer_;
    delete trained_;
    delete dir_;
  }

  static ExportRequest Request(ExportFormat format, const std::string& out) {
    ExportRequest request;
    request.format = format;
    request.model = trained_->model();
    request.out = dir_->path() / out;
    return request;
  }

  static fs::path Exported(ExportFormat format, const std::string& out,
                           const std::string& field = "") {
    ExportRequest request = Request(format, out);
    request.field = field;
    ExportModel(request);
    return request.out;
  }

  static std::map<Key, Row> RowsOf(std::size_t table) {
    std::map<Key, Row> rows;
    scorer_->rows().ForEach(table, [&](Key key, float weight, std::span<const float> embedding) {
      rows[key] = {weight, {embedding.begin(), embedding.end()}};
    });
    return rows;
  }

  static std::vector<std::vector<std::string>> Cells(const std::string& file) {
    std::vector<std::vector<std::string>> lines;
    std::istringstream text(dir_->Read(file));
    for (std::string line; std::getline(text, line);) {
      lines.emplace_back();
      std::istringstream cells(line);
      for (std::string cell; std::getline(cells, cell, '\t');) lines.back().push_back(cell);
    }
    return lines;
  }

  static testing::ScratchDir* dir_;
  static ScoredModel* trained_;
  static const Scorer* scorer_;
};
testing::ScratchDir* ExportTest::dir_;
ScoredModel* ExportTest::trained_;
const Scorer* ExportTest::scorer_;

void ExpectSameScores(const fs::path& a, const fs::path& b, const fs::path& lines) {
  const std::vector<float> first = ScorerLogits(a, lines), second = ScorerLogits(b, lines);
  ASSERT_EQ(first.size(), second.size());
  ASSERT_FALSE(first.empty());
  EXPECT_EQ(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)), 0);
}

TEST_F(ExportTest, ABundleScoresTheBitsOfItsFolder) {
  const fs::path bundle = Exported(ExportFormat::kBundle, "model.bundle");
  ExpectSameScores(trained_->model(), bundle, trained_->lines());
  EXPECT_EQ(OpenModel(bundle).manifest.digest, OpenModel(trained_->model()).manifest.digest);
}

TEST_F(ExportTest, ABundleOfABundleIsTheSameBytes) {
  ExportRequest again = Request(ExportFormat::kBundle, "again.bundle");
  again.model = Exported(ExportFormat::kBundle, "model.bundle");
  ExportModel(again);
  EXPECT_EQ(dir_->Read("again.bundle"), dir_->Read("model.bundle"));
}

// Whose partitions are several files each.
TEST_F(ExportTest, ACheckpointIsExportedAsItScores) {
  std::vector<fs::path> checkpoints;
  for (const auto& entry : fs::directory_iterator(trained_->model() / "checkpoints"))
    checkpoints.push_back(entry.path());
  ASSERT_FALSE(checkpoints.empty());
  ExportRequest request = Request(ExportFormat::kBundle, "checkpoint.bundle");
  request.model = *std::max_element(checkpoints.begin(), checkpoints.end());
  ExportModel(request);
  ExpectSameScores(request.model, request.out, trained_->lines());
}

TEST_F(ExportTest, ARoundedBundleIsSmallerAndScoresAlmostTheSame) {
  ExportRequest request = Request(ExportFormat::kBundle, "rounded.bundle");
  request.precision = Precision::kBfloat16;
  ExportModel(request);
  EXPECT_LT(fs::file_size(request.out), fs::file_size(Exported(ExportFormat::kBundle, "m.bundle")));
  const std::vector<float> whole = ScorerLogits(trained_->model(), trained_->lines());
  const std::vector<float> rounded = ScorerLogits(request.out, trained_->lines());
  ASSERT_EQ(whole.size(), rounded.size());
  float most = 0;
  for (std::size_t i = 0; i < whole.size(); ++i)
    most = std::max(most, std::abs(whole[i] - rounded[i]));
  EXPECT_GT(most, 0);
  EXPECT_LT(most, 0.02F);
}

// What it does without a look at the rows: an error, or scores, but never a crash.
void ScoreUnchecked(const fs::path& bundle) {
  try {
    const auto scorer = Scorer::Open(bundle, false);
    ScoringSession session(*scorer);
    const std::vector<std::string_view> nothing(scorer->inputs().size());
    if (!session.AddGiven(nothing).empty()) return;
    float logit = 0;
    session.Score(&logit);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kModel) << error.what();
  }
}

TEST_F(ExportTest, ABundleWithAByteChangedIsRefusedWhereItIsVerified) {
  Exported(ExportFormat::kBundle, "model.bundle");
  const std::string good = dir_->Read("model.bundle");
  for (std::size_t at = 0; at < good.size(); at += at < 4096 ? 29 : 499) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    const fs::path file = dir_->Write("bad.bundle", bad);
    ExpectError(ExitCode::kModel, {"bad.bundle"}, [&] { Scorer::Open(file, true); });
    ScoreUnchecked(file);
  }
}

TEST_F(ExportTest, ABundleThatIsCutShortOrTooLongIsRefused) {
  Exported(ExportFormat::kBundle, "model.bundle");
  const std::string good = dir_->Read("model.bundle");
  for (std::size_t size = 0; size < good.size(); size += size < 200 ? 1 : 997) {
    const fs::path file = dir_->Write("bad.bundle", good.substr(0, size));
    ExpectError(ExitCode::kModel, {"bad.bundle"}, [&] { Scorer::Open(file, false); });
  }
  const fs::path file = dir_->Write("bad.bundle", good + "x");
  ExpectError(ExitCode::kModel, {"its header says"}, [&] { Scorer::Open(file, false); });
  const fs::path text = dir_->Write("text", std::string(100, 'x'));
  ExpectError(ExitCode::kModel, {"no bundle"}, [&] { Scorer::Open(text, false); });
}

// The arrays of a .npz by name, as zip's directory has them: their bytes behind the .npy header.
struct NpyArray {
  std::string header;
  std::string bytes;
};
template <typename T>
T At(const std::string& text, std::size_t at) {
  T value;
  std::memcpy(&value, text.data() + at, sizeof(value));
  return value;
}
std::map<std::string, NpyArray> ReadNpz(const std::string& zip) {
  std::map<std::string, NpyArray> arrays;
  const std::size_t locator = zip.size() - 22 - 20;
  const auto end = At<std::uint64_t>(zip, locator + 8);
  auto at = At<std::uint64_t>(zip, end + 48);
  for (auto left = At<std::uint64_t>(zip, end + 32); left > 0; --left) {
    const auto crc = At<std::uint32_t>(zip, at + 16);
    const std::string name = zip.substr(at + 46, At<std::uint16_t>(zip, at + 28));
    const std::size_t extra = at + 46 + name.size() + 4;
    const auto size = At<std::uint64_t>(zip, extra);
    const auto offset = At<std::uint64_t>(zip, extra + 16);
    EXPECT_EQ(zip.substr(offset, 4), "PK\x03\x04");
    EXPECT_EQ(At<std::uint32_t>(zip, offset + 14), crc);
    const std::string member = zip.substr(
        offset + 30 + At<std::uint16_t>(zip, offset + 26) + At<std::uint16_t>(zip, offset + 28),
        size);
    boost::crc_32_type sum;
    sum.process_bytes(member.data(), member.size());
    EXPECT_EQ(sum.checksum(), crc) << name;
    const std::size_t header = 10 + At<std::uint16_t>(member, 8);
    EXPECT_EQ(header % 64, 0U);
    arrays[name] = {member.substr(10, header - 10), member.substr(header)};
    at += 46 + name.size() + At<std::uint16_t>(zip, at + 30);
  }
  return arrays;
}

TEST_F(ExportTest, NumpyArraysHoldTheRowsAndTheLayers) {
  Exported(ExportFormat::kNpz, "model.npz");
  const auto arrays = ReadNpz(dir_->Read("model.npz"));
  for (std::size_t t = 0; t < scorer_->spec().tables.size(); ++t) {
    const TableSpec& table = scorer_->spec().tables[t];
    const std::map<Key, Row> rows = RowsOf(t);
    ASSERT_FALSE(rows.empty());
    std::string keys, wide, embeddings;
    for (const auto& [key, row] : rows) {
      keys.append(reinterpret_cast<const char*>(&key), sizeof(key));
      wide.append(reinterpret_cast<const char*>(&row.weight), sizeof(float));
      embeddings.append(reinterpret_cast<const char*>(row.embedding.data()),
                        row.embedding.size() * sizeof(float));
    }
    EXPECT_EQ(arrays.at(table.name + ".keys.npy").bytes, keys);
    if (table.wide) {
      EXPECT_EQ(arrays.at(table.name + ".wide.npy").bytes, wide);
    }
    if (table.dim == 0) continue;
    const NpyArray& array = arrays.at(table.name + ".embedding.npy");
    EXPECT_EQ(array.bytes, embeddings);
    EXPECT_NE(array.header.find(fmt::format("'shape': ({}, {})", rows.size(), table.dim)),
              std::string::npos)
        << array.header;
  }
  const LayerSpec& last = scorer_->spec().layers.back();
  const float bias = scorer_->rows().dense()[static_cast<std::size_t>(last.bias_offset)];
  EXPECT_EQ(At<float>(arrays.at("layer2.bias.npy").bytes, 0), bias);
  EXPECT_EQ(At<float>(arrays.at("bias.npy").bytes, 0), scorer_->rows().dense()[0]);
}

TEST_F(ExportTest, LinesOfTextNameFeaturesAndHoldTheirNumbers) {
  Exported(ExportFormat::kTsv, "model.tsv");
  std::map<std::string, int> fields;
  std::size_t rows = 0;
  for (const auto& cells : Cells("model.tsv")) {
    ++fields[cells.at(0)];
    if (cells.size() < 4 || cells[2].size() != 16) continue;
    ++rows;
    EXPECT_FALSE(cells[0].empty());
    EXPECT_NE(cells[1].front(), '#') << cells[0];
  }
  std::size_t all = 0;
  for (std::size_t t = 0; t < scorer_->spec().tables.size(); ++t) all += RowsOf(t).size();
  EXPECT_EQ(rows, all);
  EXPECT_EQ(fields["(bias)"], 1);
  for (const Field& field : scorer_->spec().fields) EXPECT_GT(fields[field.name], 0) << field.name;
  for (const NumericField& field : scorer_->spec().numerics)
    EXPECT_EQ(fields[field.name], field.wide ? 1 : 0);
}

TEST_F(ExportTest, LinesOfOneFieldAreThatFieldsOnly) {
  const Field& user = scorer_->spec().fields.front();
  Exported(ExportFormat::kTsv, "user.tsv", user.name);
  const auto lines = Cells("user.tsv");
  ASSERT_GT(lines.size(), 10U);
  const auto rows = RowsOf(static_cast<std::size_t>(user.table));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto& cells = lines[i];
    EXPECT_EQ(cells.at(0), user.name);
    const Key key = std::stoull(cells.at(2), nullptr, 16);
    EXPECT_EQ(
        key, cells.at(1) == "(missing)" ? MissingKey(user.seed) : ValueKey(user.seed, cells.at(1)));
    EXPECT_EQ(std::stof(cells.at(3)), rows.at(key).weight);
    for (std::size_t e = 0; e < static_cast<std::size_t>(user.dim); ++e)
      EXPECT_EQ(std::stof(cells.at(4 + e)), rows.at(key).embedding[e]);
  }
  Exported(ExportFormat::kTsv, "number.tsv", "n2");
  EXPECT_EQ(Cells("number.tsv").size(), 2U);
}

TEST_F(ExportTest, TheProjectorHasALineOfNumbersForEachName) {
  const Field& user = scorer_->spec().fields.front();
  Exported(ExportFormat::kProjector, "projector", user.name);
  const auto vectors = Cells("projector/vectors.tsv");
  const auto names = Cells("projector/metadata.tsv");
  ASSERT_EQ(names.size(), vectors.size() + 1);
  EXPECT_EQ(names[0], (std::vector<std::string>{"feature", "key", "weight"}));
  const auto rows = RowsOf(static_cast<std::size_t>(user.table));
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const Row& row = rows.at(std::stoull(names[i + 1].at(1), nullptr, 16));
    ASSERT_EQ(vectors[i].size(), row.embedding.size());
    EXPECT_EQ(std::stof(vectors[i][0]), row.embedding[0]);
  }
  EXPECT_NE(dir_->Read("projector/projector_config.pbtxt").find("vectors.tsv"), std::string::npos);
}

TEST_F(ExportTest, AGraphHasItsTensorsOnPagesAndSaysHowItsInputsAreMade) {
  Exported(ExportFormat::kOnnx, "graph");
  Exported(ExportFormat::kOnnx, "graph");  // in the place of the earlier one
  onnx::ModelProto model;
  std::ifstream file(dir_->path() / "graph/model.onnx", std::ios::binary);
  ASSERT_TRUE(model.ParseFromIstream(&file));
  EXPECT_EQ(model.ir_version(), 8);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  EXPECT_EQ(model.graph().output(0).name(), "logit");
  EXPECT_EQ(model.graph().output(1).name(), "score");
  std::uint64_t end = 0;
  int stored = 0;
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.external_data_size() == 0) {
      EXPECT_LT(tensor.raw_data().size(), 4096U);
      continue;
    }
    ++stored;
    EXPECT_EQ(tensor.external_data(0).value(), "model.onnx.data");
    const std::uint64_t offset = std::stoull(tensor.external_data(1).value());
    EXPECT_EQ(offset % 4096, 0U);
    end = std::max<std::uint64_t>(end, offset + std::stoull(tensor.external_data(2).value()));
  }
  EXPECT_GT(stored, 5);
  EXPECT_LE(end, fs::file_size(dir_->path() / "graph/model.onnx.data"));
  for (const auto& node : model.graph().node()) EXPECT_TRUE(node.domain().empty());
  ASSERT_EQ(model.metadata_props(0).key(), "fathom");
  const auto described = nlohmann::json::parse(model.metadata_props(0).value());
  std::vector<std::string> inputs;
  for (const auto& input : described.at("inputs")) {
    inputs.push_back(input.at("input"));
    if (input.contains("weights")) inputs.push_back(input.at("weights"));
  }
  EXPECT_EQ(inputs.size(), static_cast<std::size_t>(model.graph().input_size()));
  for (const auto& input : model.graph().input())
    EXPECT_EQ(std::count(inputs.begin(), inputs.end(), input.name()), 1) << input.name();
  EXPECT_EQ(described.at("columns").size(), scorer_->config().columns.size());
}

TEST_F(ExportTest, ARequestThatMakesNoSenseIsRefused) {
  const auto refused = [&](std::initializer_list<const char*> words, ExportRequest request) {
    ExpectError(ExitCode::kUsage, words, [&] { ExportModel(request); });
  };
  dir_->Write("text", "a user's own");
  refused({"no bundle", "name another"}, Request(ExportFormat::kBundle, "text"));
  refused({"no npz"}, Request(ExportFormat::kNpz, "text"));
  refused({"a file", "name a folder"}, Request(ExportFormat::kOnnx, "text"));
  dir_->Write("folder/text", "a user's own");
  refused({"a folder", "one plain file"}, Request(ExportFormat::kTsv, "folder"));
  refused({"holds something", "model.onnx"}, Request(ExportFormat::kOnnx, "folder"));
  refused({"model.onnx.data", "name the folder"}, Request(ExportFormat::kOnnx, "x.onnx"));
  refused({"no folder", "make it first"}, Request(ExportFormat::kNpz, "none/x.npz"));
  ExportRequest request = Request(ExportFormat::kNpz, "x.npz");
  request.precision = Precision::kBfloat16;
  refused({"--precision", "npz"}, request);
  request = Request(ExportFormat::kBundle, "x.bundle");
  request.field = "user";
  refused({"--field", "whole model"}, request);
  request = Request(ExportFormat::kTsv, "x.tsv");
  request.field = "usr";
  refused({"no such field", "user"}, request);
  refused({"--field NAME"}, Request(ExportFormat::kProjector, "x"));
  request = Request(ExportFormat::kBundle, "out");
  refused({"the model itself"}, request);
  EXPECT_EQ(dir_->Read("text"), "a user's own");
}

TEST_F(ExportTest, ADamagedModelIsNotExported) {
  const testing::ScratchDir dir;
  fs::copy(trained_->model() / "model", dir.path() / "model");
  std::string rows = dir.Read("model/rows-07.bin");
  rows[rows.size() - 3] ^= 1;
  dir.Write("model/rows-07.bin", rows);
  ExportRequest request = Request(ExportFormat::kBundle, "x.bundle");
  request.model = dir.path() / "model";
  ExpectError(ExitCode::kModel, {"rows-07.bin", "altered"}, [&] { ExportModel(request); });
  EXPECT_FALSE(fs::exists(request.out));
}

TEST_F(ExportTest, WithoutNamesFeaturesAreKeysAndFieldsMayNotBeTold) {
  const testing::ScratchDir dir;
  const ScoredModel unnamed(dir.path());
  ExportRequest request = Request(ExportFormat::kTsv, "unnamed.tsv");
  request.model = unnamed.model();
  EXPECT_NE(ExportModel(request).find("keeps no names"), std::string::npos);
  request.field = "user";
  ExpectError(ExitCode::kUsage, {"output.names = true"}, [&] { ExportModel(request); });
}

}  // namespace
}  // namespace fathom
