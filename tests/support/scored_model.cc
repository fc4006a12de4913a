#include "tests/support/scored_model.h"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "common/random.h"
#include "common/settings/config_file.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/run/model_use.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "tests/support/embedded_run.h"
#include "worker/ingest/data_records.h"
#include "worker/predict/scorer.h"

namespace fathom::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = R"(
[data]
train = ["train.csv"]
test = ["lines.csv"]
[[join]]
file = "items.csv"
key = "item"
[[column]]
name = "user"
[[column]]
name = "item"
dim = 5
[[column]]
name = "folded"
source = "user"
hash_buckets = 7
[[column]]
name = "known"
source = "item"
transform = "vocabulary"
min_count = 3
[[column]]
name = "tags"
kind = "multivalent"
pooling = "mean"
[[column]]
name = "weighted"
kind = "multivalent"
weighted = true
[[column]]
name = "maker"
[[column]]
name = "price"
kind = "numeric"
transform = "log_standardise"
[[column]]
name = "n1"
kind = "numeric"
transform = "quantiles"
[[column]]
name = "n2"
kind = "numeric"
transform = "standardise"
[[column]]
name = "n3"
kind = "numeric"
transform = "log"
[[column]]
name = "class"
source = "n1"
transform = "buckets"
boundaries = [10, 50]
[[column]]
name = "weekday"
source = "time"
transform = "weekday"
[[cross]]
columns = ["user", "tags"]
[[cross]]
columns = ["maker", "user"]
use = "both"
dim = 4
[model]
embedding_dim = 4
hidden = [16, 8]
[train]
batch_size = 64
slice_size = 16
epochs = 1
[deep]
learning_rate = 0.1
)";

// Of `values` of the column's name; one in ten is missing.
std::string Drawn(const char* name, std::uint64_t draw, std::uint64_t values) {
  return draw % 10 == 0 ? std::string() : fmt::format("{}{}", name, draw / 10 % values);
}

void WriteItems(const fs::path& file) {
  std::ofstream out(file);
  out << "item,maker,price\n";
  for (int item = 0; item < 30; ++item)
    out << fmt::format("item{},maker{},{}\n", item, item % 4, item * 1.75);
}

// `values`: of each column; more of them than the training has are unknown to the model.
void WriteLines(const fs::path& file, int lines, std::uint64_t seed, std::uint64_t values) {
  std::ofstream out(file);
  out << "label,user,item,tags,weighted,n1,n2,n3,time\n";
  for (int i = 0; i < lines; ++i) {
    const auto draw = [&](std::uint64_t column) {
      return Mix64(seed, static_cast<std::uint64_t>(i) * 16 + column) >> 8;
    };
    std::string tags, weighted;
    for (std::uint64_t t = 0; t < draw(0) % 4; ++t) {
      tags += fmt::format("{}tag{}", t == 0 ? "" : "|", draw(20 + t) % values);
      weighted +=
          fmt::format("{}w{}:{}", t == 0 ? "" : "|", draw(30 + t) % values, draw(40 + t) % 5 * 0.5);
    }
    out << fmt::format("{},{},{},{},{},{},{},{},2026-11-{:02d}\n", draw(1) % 3 == 0 ? 1 : 0,
                       Drawn("user", draw(2), values), Drawn("item", draw(3), values), tags,
                       weighted, draw(4) % 100, static_cast<double>(draw(5) % 1000) / 7 - 50,
                       draw(6) % 5 == 0 ? "" : fmt::format("{}", draw(6) % 100000),
                       draw(7) % 28 + 1);
  }
}

void Train(const Config& config, const fs::path& dir) {
  TrainEmbedded(config, dir / "packed", dir / "out");
}

}  // namespace

ScoredModel::ScoredModel(const fs::path& dir, const std::vector<std::string>& overrides)
    : dir_(dir), lines_(dir / "lines.csv") {
  fs::create_directories(dir);
  WriteItems(dir / "items.csv");
  WriteLines(dir / "train.csv", 320, 1, 40);
  WriteLines(lines_, 300, 2, 60);
  Train(ParseConfig(kConfig, "scored.toml", dir, overrides), dir);
}

std::vector<float> ScoredModel::Evaluated() const { return EvaluatedLogits(model(), lines_); }

ScoredPairs::ScoredPairs(const fs::path& dir) : dir_(dir), lines_(dir / "lines.svm") {
  fs::create_directories(dir);
  for (const auto& [file, values] : {std::pair("train.svm", 50U), std::pair("lines.svm", 90U)}) {
    std::ofstream out(dir / file);
    for (std::uint64_t i = 0; i < 300; ++i) {
      out << Mix64(3, i) % 2;
      for (std::uint64_t index = 1 + Mix64(values, i) % 9; index < values;
           index += 1 + Mix64(values, i * 100 + index) % 20)
        out << fmt::format(" {}:{}", index, static_cast<double>(Mix64(i, index) % 9) / 4);
      out << '\n';
    }
  }
  Train(ParseConfig("[data]\ntrain = [\"train.svm\"]\ntest = [\"lines.svm\"]\nformat = \"libsvm\"\n"
                    "[[column]]\nname = \"features\"\nkind = \"multivalent\"\nweighted = true\n"
                    "[model]\nembedding_dim = 4\nhidden = [8]\n[train]\nbatch_size = 64\n",
                    "pairs.toml", dir, {}),
        dir);
}

std::vector<float> EvaluatedLogits(const fs::path& model_dir, const fs::path& lines) {
  const TrainedModel model = OpenModel(model_dir);
  const ModelSpec spec = SpecOf(model, model.config);
  const fs::path packed = model_dir / "lines.fpk";
  PackInput(model.config, spec, model.inputs(), {lines}, true, BadLines::kAreGaps, packed, 1);
  MpiSession alone(nullptr, nullptr);
  ClusterConfig cluster = model.config.cluster;
  cluster.servers = 2;
  const Layout layout =
      MakeLayout(alone.hosts(), cluster, Partitions(model.config.server.partitions));
  return ExecuteRun(
             model.config, spec, layout, alone,
             ScoringRequest(OpenPacked(packed, spec, DataPart::kTest), model.dir, model.manifest))
      .logits;
}

std::vector<float> ScorerLogits(const fs::path& model_dir, const fs::path& lines) {
  const auto scorer = Scorer::Open(model_dir, true);
  const DataRecords records(scorer->schema(), {lines}, 0);
  RecordReader reader(scorer->schema());
  ScoringSession session(*scorer);
  const auto text = records.Open();
  const auto take = [&](const Record&, std::string error) {
    if (error.empty()) error = session.Add(reader.values());
    if (!error.empty()) throw std::runtime_error(error);
  };
  for (TextBlock block; text->Next(&block);)
    records.ForEach(reader, block, take, [](std::uint64_t) {});
  std::vector<float> logits(session.examples());
  session.Score(logits.data());
  return logits;
}

}  // namespace fathom::testing
