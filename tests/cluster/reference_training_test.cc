// The loss of each of the first 100 steps against a trainer in double precision that shares
// nothing with the product but the data, the order of the examples and the initial values.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/random.h"
#include "common/schedule/schedule.h"
#include "launcher/synthetic/generate_books.h"
#include "server/table/initial_embedding.h"
#include "tests/support/embedded_run.h"
#include "tests/support/reference_model.h"
#include "tests/support/scratch_dir.h"
#include "worker/data/epoch_order.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

using testing::ReferenceModel;
using testing::ReferenceParameters;

constexpr std::uint64_t kSteps = 100;

class ReferenceTrainer {
 public:
  ReferenceTrainer(const Config& config, const ModelSpec& spec, const PackedData& data)
      : config_(config),
        spec_(spec),
        data_(data),
        schedule_(config, data.examples()),
        parameters_(spec),
        z_(spec.tables.size()),
        n_(spec.tables.size()),
        accumulators_(spec.tables.size()),
        wide_moments_(spec.tables.size()),
        deep_moments_(spec.tables.size()) {
    const auto dense = InitialDense(spec, config);
    parameters_.dense.assign(dense.begin(), dense.end());
    dense_accumulators_.assign(dense.size(), config.dense.ValueOrDefault("initial_accumulator"));
    dense_moments_.resize(dense.size());
  }

  // Mean log loss of the step's examples before its update.
  double Step(std::uint64_t step) {
    const StepPlan plan = schedule_.Plan(step);
    const EpochOrder order(config_, data_.examples(), plan.epoch);
    ReferenceParameters gradient(spec_);
    double loss = 0;
    for (std::uint64_t i = 0; i < plan.examples; ++i) {
      const ExampleView example = data_.Example(order(plan.first + i));
      Touch(example);
      loss += ReferenceModel(spec_).AddGradient(parameters_, example, &gradient);
    }
    Update(step, gradient, plan.examples);
    return loss / plan.examples;
  }

 private:
  void Touch(const ExampleView& example) {
    testing::ForEachValue(spec_, example, [&](const Field& field, Key key, double) {
      const auto t = static_cast<std::size_t>(field.table);
      if (field.wide) parameters_.wide[t].try_emplace(key, 0.0);
      if (field.dim == 0 || parameters_.deep[t].count(key) > 0) return;
      std::vector<float> initial(static_cast<std::size_t>(field.dim));
      InitialEmbedding(static_cast<std::uint64_t>(config_.seed), spec_.tables[t].name,
                       config_.model.init_stddev)
          .Fill(key, initial);
      parameters_.deep[t][key].assign(initial.begin(), initial.end());
      accumulators_[t][key].assign(spec_.tables[t].row_wise ? 1 : initial.size(),
                                   config_.deep.ValueOrDefault("initial_accumulator"));
    });
  }

  // Adam (Kingma and Ba 2015, algorithm 1) and gradient descent, of any part.
  struct Moments {
    double m = 0, v = 0;
  };
  static void UpdatePlainly(const OptimizerConfig& config, std::uint64_t step, double gradient,
                            double* w, Moments* moments) {
    const double g = gradient + config.l2 * *w;
    if (config.optimizer == UpdateRuleKind::kSgd) {
      *w -= config["learning_rate"] * g;
      return;
    }
    ASSERT_EQ(config.optimizer, UpdateRuleKind::kAdam);
    const double t = static_cast<double>(step + 1), beta1 = config["beta1"],
                 beta2 = config["beta2"];
    moments->m = beta1 * moments->m + (1 - beta1) * g;
    moments->v = beta2 * moments->v + (1 - beta2) * g * g;
    *w -= config["learning_rate"] * moments->m / (1 - std::pow(beta1, t)) /
          (std::sqrt(moments->v / (1 - std::pow(beta2, t))) + config["epsilon"]);
  }

  void Update(std::uint64_t step, const ReferenceParameters& gradient, double examples) {
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      for (const auto& [key, g] : gradient.wide[t]) UpdateWide(step, t, key, g);
      for (const auto& [key, g] : gradient.deep[t]) UpdateDeep(step, t, key, g);
    }
    for (std::size_t i = 0; i < gradient.dense.size(); ++i) {
      if (config_.dense.optimizer != UpdateRuleKind::kAdaGrad) {
        UpdatePlainly(config_.dense, step, gradient.dense[i] / examples, &parameters_.dense[i],
                      &dense_moments_[i]);
        continue;
      }
      const double g = gradient.dense[i] / examples + config_.dense.l2 * parameters_.dense[i];
      dense_accumulators_[i] += g * g;
      parameters_.dense[i] -=
          config_.dense["learning_rate"] * g / std::sqrt(dense_accumulators_[i]);
    }
  }

  void UpdateWide(std::uint64_t step, std::size_t t, Key key, double g) {
    if (config_.wide.optimizer != UpdateRuleKind::kFtrl)
      return UpdatePlainly(config_.wide, step, g, &parameters_.wide[t][key],
                           &wide_moments_[t][key]);
    double& z = z_[t][key];
    double& n = n_[t][key];
    double& w = parameters_.wide[t][key];
    z += g - (std::sqrt(n + g * g) - std::sqrt(n)) / config_.wide["alpha"] * w;
    n += g * g;
    const double sign = z < 0 ? -1 : 1;
    w = std::abs(z) <= config_.wide["l1"]
            ? 0
            : -(z - sign * config_.wide["l1"]) /
                  ((config_.wide["beta"] + std::sqrt(n)) / config_.wide["alpha"] + config_.wide.l2);
  }

  void UpdateDeep(std::uint64_t step, std::size_t t, Key key, const std::vector<double>& g) {
    std::vector<double>& w = parameters_.deep[t][key];
    if (config_.deep.optimizer != UpdateRuleKind::kAdaGrad) {
      std::vector<Moments>& moments = deep_moments_[t][key];
      moments.resize(g.size());
      for (std::size_t i = 0; i < g.size(); ++i)
        UpdatePlainly(config_.deep, step, g[i], &w[i], &moments[i]);
      return;
    }
    std::vector<double>& a = accumulators_[t][key];
    std::vector<double> regularised(g.size());
    double squares = 0;
    for (std::size_t i = 0; i < g.size(); ++i) {
      regularised[i] = g[i] + config_.deep.l2 * w[i];
      squares += regularised[i] * regularised[i];
    }
    if (spec_.tables[t].row_wise) a[0] += squares / static_cast<double>(g.size());
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (!spec_.tables[t].row_wise) a[i] += regularised[i] * regularised[i];
      w[i] -= config_.deep["learning_rate"] * regularised[i] /
              std::sqrt(a[spec_.tables[t].row_wise ? 0 : i]);
    }
  }

  const Config& config_;
  const ModelSpec& spec_;
  const PackedData& data_;
  Schedule schedule_;
  ReferenceParameters parameters_;
  std::vector<std::map<Key, double>> z_, n_;
  std::vector<std::map<Key, std::vector<double>>> accumulators_;
  std::vector<double> dense_accumulators_;
  std::vector<std::map<Key, Moments>> wide_moments_;
  std::vector<std::map<Key, std::vector<Moments>>> deep_moments_;
  std::vector<Moments> dense_moments_;
};

void CompareLosses(const std::vector<std::string>& overrides) {
  const testing::ScratchDir dir;
  GenerateBooks(10000, 3, dir.path() / "data");
  const Config config = testing::BooksConfig(dir.path() / "data", overrides);
  const auto run = testing::TrainEmbedded(config, dir.path() / "packed", dir.path() / "out");
  const ModelSpec spec = MakeModelSpec(config);
  const PackedData data(
      Ingest(config, spec, dir.path() / "packed", 1, [](const IngestProgress&) {}).train, spec);
  ReferenceTrainer reference(config, spec, data);
  std::uint64_t step = 0;
  for (const std::string& text : run.metrics) {
    const auto line = nlohmann::json::parse(text);
    if (line["event"] != "train" || step == kSteps) continue;
    ASSERT_EQ(line["step"], step + 1) << "the run is short enough for a line a step";
    const double expected = reference.Step(step);
    ASSERT_NEAR(line["progressive_logloss"].get<double>() / expected, 1, 1e-4) << "step " << step;
    ++step;
  }
  EXPECT_EQ(step, kSteps);
}

TEST(ReferenceTraining, RowWiseAdaGrad) {
  CompareLosses({"cluster.workers=2", "cluster.servers=2"});
}

TEST(ReferenceTraining, ElementWiseAdaGradWithRegularisation) {
  CompareLosses(
      {"deep.row_wise=false", "deep.l2=0.01", "dense.l2=0.001", "wide.l1=0.3", "wide.l2=0.5"});
}

TEST(ReferenceTraining, AdamWithRegularisation) {
  CompareLosses({"wide.optimizer=adam", "deep.optimizer=adam", "dense.optimizer=adam",
                 "wide.learning_rate=0.02", "deep.learning_rate=0.01", "dense.learning_rate=0.003",
                 "wide.l2=0.1", "deep.l2=0.01", "dense.l2=0.001", "deep.beta2=0.99",
                 "cluster.workers=2", "cluster.servers=3"});
}

TEST(ReferenceTraining, GradientDescentWithRegularisation) {
  CompareLosses({"wide.optimizer=sgd", "deep.optimizer=sgd", "dense.optimizer=sgd",
                 "wide.learning_rate=0.01", "deep.learning_rate=0.02", "dense.learning_rate=0.1",
                 "wide.l2=0.1", "deep.l2=0.01", "dense.l2=0.001", "cluster.workers=2",
                 "cluster.servers=3"});
}

TEST(ReferenceTraining, WithFm) { CompareLosses({"model.fm=true", "column.book.dim=4"}); }

}  // namespace
}  // namespace fathom
