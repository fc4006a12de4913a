// Every gradient that a worker pushes, against finite differences of a model in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/error.h"
#include "common/message/push_message.h"
#include "common/model/dense_range.h"
#include "common/net/in_process_transport.h"
#include "tests/support/reference_model.h"
#include "tests/support/scratch_dir.h"
#include "tests/support/synthetic_examples.h"
#include "worker/model/row_gradients.h"
#include "worker/train/row_client.h"

namespace fathom {
namespace {

using testing::ReferenceModel;
using testing::ReferenceParameters;

constexpr std::uint32_t kExamples = 22;
constexpr std::uint32_t kSliceSize = 4;
constexpr double kStep = 1e-5;
constexpr double kTolerance = 2e-5;

// Models to check: which parts, which layers.
struct Model {
  const char* name;
  bool fm;
  std::vector<std::int64_t> hidden;
  std::int64_t other_dim;  // of the column "deep"
};

// All kinds of fields: wide, deep or both; single, summed, averaged, weighted; crosses; numbers.
Config MakeConfig(const Model& model) {
  Config config;
  config.model.embedding_dim = 3;
  config.model.hidden = model.hidden;
  config.model.parts[static_cast<std::size_t>(ModelPartKind::kFm)] = model.fm;
  config.train.slice_size = kSliceSize;
  config.train.batch_size = 24;
  config.columns = {{.name = "both"},
                    {.name = "deep", .use = Use::kDeep, .dim = model.other_dim},
                    {.name = "wide", .use = Use::kWide},
                    {.name = "summed", .kind = ColumnKind::kMultivalent},
                    {.name = "averaged",
                     .kind = ColumnKind::kMultivalent,
                     .weighted = true,
                     .pooling = Pooling::kMean},
                    {.name = "x", .kind = ColumnKind::kNumeric},
                    {.name = "y", .kind = ColumnKind::kNumeric, .use = Use::kWide},
                    {.name = "z", .kind = ColumnKind::kNumeric, .use = Use::kDeep}};
  config.crosses = {{.columns = {"both", "summed"}},
                    {.columns = {"wide", "deep"}, .use = Use::kBoth}};
  return config;
}

class GradientTest : public ::testing::TestWithParam<Model> {
 protected:
  GradientTest() : config_(MakeConfig(GetParam())), spec_(MakeModelSpec(config_)), transport_(8) {
    testing::WriteSyntheticExamples(spec_, kExamples, 5, 6, dir_.path() / "examples.fpk");
    data_ = std::make_unique<PackedData>(dir_.path() / "examples.fpk", spec_);
    Randomise();
  }

  void Randomise() {
    std::uint64_t draws = 0;
    const auto draw = [&] {
      return static_cast<double>(static_cast<float>(UnitDouble(Mix64(99, draws++)) - 0.5));
    };
    for (std::uint64_t e = 0; e < kExamples; ++e) {
      testing::ForEachValue(spec_, data_->Example(e), [&](const Field& field, Key key, double) {
        const auto t = static_cast<std::size_t>(field.table);
        if (field.wide) parameters_.wide[t].try_emplace(key, draw());
        if (field.dim == 0) return;
        auto& row = parameters_.deep[t][key];
        if (row.empty())
          for (int i = 0; i < field.dim; ++i) row.push_back(draw());
      });
    }
    for (double& value : parameters_.dense) value = draw();
  }

  double LossOfAll() const {
    double loss = 0;
    for (std::uint64_t e = 0; e < kExamples; ++e) {
      const ExampleView example = data_->Example(e);
      loss +=
          ReferenceModel::Loss(ReferenceModel(spec_).Logit(parameters_, example), example.label);
    }
    return loss;
  }

  // The sum over pairs of fields, in double precision.
  double Pairs(const ExampleView& example) const {
    std::vector<double> x(static_cast<std::size_t>(spec_.input_width), 0.0);
    testing::ForEachValue(spec_, example, [&](const Field& field, Key key, double scale) {
      for (int i = 0; i < field.dim; ++i)
        x[static_cast<std::size_t>(field.input_offset + i)] +=
            scale * parameters_.deep[static_cast<std::size_t>(field.table)].at(
                        key)[static_cast<std::size_t>(i)];
    });
    double sum = 0;
    ReferenceModel(spec_).ForEachPair([&](std::size_t a, std::size_t b) { sum += x[a] * x[b]; });
    return sum;
  }

  double Difference(double* parameter) {
    const double before = *parameter;
    *parameter = before + kStep;
    const double above = LossOfAll();
    *parameter = before - kStep;
    const double below = LossOfAll();
    *parameter = before;
    return (above - below) / (2 * kStep);
  }

  // The pushes of one of several workers, as the servers get them.
  struct Worked {
    Batch batch;
    std::vector<Buffer> pushes;
    std::unique_ptr<RowClient> client;
    double loss = 0;
  };
  Worked Work(int worker, int workers, int servers, int threads) {
    layout_ = MakeLayout({"host"}, {.servers = servers, .workers = workers});
    context_ = std::make_unique<RunContext>(RunContext{{{}, config_, spec_, layout_}, transport_});
    Worked worked;
    const std::uint32_t slices = (kExamples + kSliceSize - 1) / kSliceSize;
    const auto [begin, end] = SlicesOfWorker(slices, worker, workers);
    Batch& batch = worked.batch;
    batch.first_slice = begin;
    batch.slices = end - begin;
    batch.global_slices = slices;
    batch.slice_size = kSliceSize;
    const std::uint32_t first = begin * kSliceSize;
    BatchBuilder(spec_, *data_)
        .Fill(
            std::min(end * kSliceSize, kExamples) - first,
            [&](std::uint32_t i) { return first + i; }, &batch);
    worked.client = std::make_unique<RowClient>(*context_, 0);
    worked.client->Pull(&batch);
    const PulledRows rows = Rows(batch);
    ThreadPool pool(threads);
    std::vector<SliceModel> models;
    for (int t = 0; t < threads; ++t) models.emplace_back(spec_, kSliceSize);
    BatchGradients gradients;
    gradients.Resize(spec_, batch);
    StepWeights weights;
    models.front().MakeStepWeights(rows, &weights);
    const auto nodes = TreeNodes(begin, end, slices);
    DenseGradientTree dense(static_cast<std::size_t>(spec_.dense_floats));
    dense.Begin(nodes, slices);
    std::vector<double> losses(batch.slices);
    std::vector<float> logits(batch.examples);
    pool.ForEach(batch.slices, [&](std::size_t slice, int thread) {
      const auto s = static_cast<std::uint32_t>(slice);
      float* slice_logits = logits.data() + batch.SliceExamples(s).first;
      auto gradient = dense.Acquire();
      models[static_cast<std::size_t>(thread)].Forward(batch, s, rows, slice_logits);
      losses[slice] = models[static_cast<std::size_t>(thread)].Backward(
          batch, s, rows, weights, slice_logits, &gradients, gradient->data());
      dense.Put(batch.first_slice + s, std::move(gradient));
    });
    for (const double loss : losses) worked.loss += loss;
    worked.pushes = RowGradients(spec_, servers).MakePushes(batch, nodes, gradients, dense, pool);
    return worked;
  }

  PulledRows Rows(const Batch& batch) const {
    PulledRows rows;
    rows.pulled_dense.assign(parameters_.dense.begin(), parameters_.dense.end());
    rows.dense = rows.pulled_dense;
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      rows.tables.emplace_back();
      for (const Key key : batch.tables[t].keys) {
        if (spec_.tables[t].wide)
          rows.tables[t].wide.push_back(static_cast<float>(parameters_.wide[t].at(key)));
        if (spec_.tables[t].dim == 0) continue;
        for (const double value : parameters_.deep[t].at(key))
          rows.tables[t].deep.push_back(static_cast<float>(value));
      }
    }
    return rows;
  }

  testing::ScratchDir dir_;
  Config config_;
  ModelSpec spec_;
  InProcessTransport transport_;
  Layout layout_;
  std::unique_ptr<RunContext> context_;
  std::unique_ptr<PackedData> data_;
  ReferenceParameters parameters_{spec_};
};

TEST_P(GradientTest, EveryRowsGradientIsTheFiniteDifference) {
  Worked worked = Work(0, 1, 1, 1);
  EXPECT_NEAR(worked.loss, LossOfAll(), 1e-4);
  std::vector<std::size_t> pulled;
  for (const TableBatch& table : worked.batch.tables) pulled.push_back(table.keys.size());
  const PushMessage push = DecodePush(worked.pushes[0].bytes(), spec_.tables, pulled,
                                      static_cast<std::size_t>(spec_.dense_floats));
  ASSERT_EQ(push.nodes.size(), 1U);
  std::size_t checked = 0;
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    const auto& keys = worked.batch.tables[t].keys;
    ASSERT_TRUE(push.nodes[0].tables[t].all);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (spec_.tables[t].wide) {
        EXPECT_NEAR(push.nodes[0].tables[t].wide[k], Difference(&parameters_.wide[t].at(keys[k])),
                    kTolerance)
            << spec_.tables[t].name;
        ++checked;
      }
      const auto dim = static_cast<std::size_t>(spec_.tables[t].dim);
      for (std::size_t i = 0; i < dim; ++i) {
        EXPECT_NEAR(push.nodes[0].tables[t].deep[k * dim + i],
                    Difference(&parameters_.deep[t].at(keys[k])[i]), kTolerance)
            << spec_.tables[t].name;
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 100U);
}

TEST_P(GradientTest, EveryDenseGradientIsTheFiniteDifference) {
  Worked worked = Work(0, 1, 1, 1);
  std::vector<std::size_t> pulled;
  for (const TableBatch& table : worked.batch.tables) pulled.push_back(table.keys.size());
  const PushMessage push = DecodePush(worked.pushes[0].bytes(), spec_.tables, pulled,
                                      static_cast<std::size_t>(spec_.dense_floats));
  for (std::size_t i = 0; i < parameters_.dense.size(); ++i) {
    EXPECT_NEAR(push.nodes[0].dense[i], Difference(&parameters_.dense[i]), kTolerance)
        << "dense parameter " << i;
  }
}

TEST_P(GradientTest, TheReferenceModelsOwnGradientIsTheFiniteDifference) {
  ReferenceParameters gradient(spec_);
  for (std::uint64_t e = 0; e < kExamples; ++e)
    ReferenceModel(spec_).AddGradient(parameters_, data_->Example(e), &gradient);
  for (std::size_t i = 0; i < parameters_.dense.size(); ++i)
    ASSERT_NEAR(gradient.dense[i], Difference(&parameters_.dense[i]), 1e-6);
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    for (auto& [key, value] : gradient.wide[t])
      ASSERT_NEAR(value, Difference(&parameters_.wide[t].at(key)), 1e-6);
    for (auto& [key, row] : gradient.deep[t])
      ASSERT_NEAR(row[0], Difference(&parameters_.deep[t].at(key)[0]), 1e-6);
  }
}

TEST_P(GradientTest, PushesAreTheSameBitsForAnyNumberOfThreads) {
  const Worked one = Work(0, 2, 3, 1);
  for (const int threads : {2, 4}) {
    const Worked more = Work(0, 2, 3, threads);
    EXPECT_EQ(more.loss, one.loss);
    for (std::size_t s = 0; s < one.pushes.size(); ++s) {
      ASSERT_EQ(more.pushes[s].size(), one.pushes[s].size());
      EXPECT_EQ(std::memcmp(more.pushes[s].data(), one.pushes[s].data(), one.pushes[s].size()), 0)
          << threads << " threads, server " << s;
    }
  }
}

// Of one node, so that its sums are the same numbers: what three servers get together is what one
// gets alone, each key at its server.
TEST_P(GradientTest, PushesOfSeveralServersAreThatOfOneCutUp) {
  const Worked one = Work(0, 1, 1, 1), three = Work(0, 1, 3, 1);
  ASSERT_EQ(three.pushes.size(), 3U);
  const auto decode = [&](const Worked& worked, int server, int servers) {
    std::vector<std::size_t> pulled;
    for (const TableBatch& table : worked.batch.tables) {
      const auto s = static_cast<std::size_t>(server);
      pulled.push_back(table.server_begins[s + 1] - table.server_begins[s]);
    }
    const auto [begin, end] =
        DenseRange(static_cast<std::size_t>(spec_.dense_floats), server, servers);
    return DecodePush(worked.pushes[static_cast<std::size_t>(server)].bytes(), spec_.tables, pulled,
                      end - begin);
  };
  const PushMessage whole = decode(one, 0, 1);
  ASSERT_EQ(whole.nodes.size(), 1U);
  std::vector<float> dense;
  std::vector<std::vector<float>> wide(spec_.tables.size()), deep(spec_.tables.size());
  for (int server = 0; server < 3; ++server) {
    const PushMessage part = decode(three, server, 3);
    ASSERT_EQ(part.nodes.size(), 1U);
    const auto append = [](std::span<const float> from, std::vector<float>* to) {
      to->insert(to->end(), from.begin(), from.end());
    };
    append(part.nodes[0].dense, &dense);
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      EXPECT_TRUE(part.nodes[0].tables[t].all);
      append(part.nodes[0].tables[t].wide, &wide[t]);
      append(part.nodes[0].tables[t].deep, &deep[t]);
    }
  }
  EXPECT_TRUE(std::ranges::equal(dense, whole.nodes[0].dense));
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    EXPECT_TRUE(std::ranges::equal(wide[t], whole.nodes[0].tables[t].wide)) << t;
    EXPECT_TRUE(std::ranges::equal(deep[t], whole.nodes[0].tables[t].deep)) << t;
  }
}

// A worker of a part that takes several nodes names only some of its keys in each: by their places
// among those that the server was asked for.
TEST_P(GradientTest, PositionsCountFromTheServersOwnKeys) {
  const Worked worked = Work(0, 2, 3, 1);
  std::size_t some = 0;
  for (std::size_t server = 0; server < 3; ++server) {
    std::vector<std::size_t> pulled;
    for (const TableBatch& table : worked.batch.tables)
      pulled.push_back(table.server_begins[server + 1] - table.server_begins[server]);
    const auto [begin, end] =
        DenseRange(static_cast<std::size_t>(spec_.dense_floats), static_cast<int>(server), 3);
    const PushMessage push =
        DecodePush(worked.pushes[server].bytes(), spec_.tables, pulled, end - begin);
    ASSERT_GT(push.nodes.size(), 1U);
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      std::set<std::uint32_t> named;
      for (const auto& node : push.nodes) {
        const PushMessage::Table& table = node.tables[t];
        some += table.all ? 0 : 1;
        for (std::uint32_t i = 0; i < table.count; ++i)
          named.insert(table.all ? i : table.positions[i]);
      }
      EXPECT_EQ(named.size(), pulled[t]) << "each key has a gradient in some node";
    }
  }
  EXPECT_GT(some, 0U);
}

TEST_P(GradientTest, ALossThatIsNotFiniteNamesTheStep) {
  parameters_.dense[0] = std::nan("");
  try {
    Work(0, 1, 1, 1);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kNumeric);
    EXPECT_NE(std::string(error.what()).find("log loss of slice 0 is not finite"),
              std::string::npos)
        << error.what();
  }
}

class FmPartTest : public GradientTest {};

// The part alone: what it adds to a logit is the sum of its definition, and what it adds to the
// gradients stands on top of what was there.
TEST_P(FmPartTest, AddsToWhatIsThere) {
  const Worked worked = Work(0, 1, 1, 1);
  const PulledRows rows = Rows(worked.batch);
  const auto part = MakePart<ModelPartKind::kFm>(spec_, kSliceSize);
  const float there = 0.25F;
  for (std::uint32_t s = 0; s < worked.batch.slices; ++s) {
    const SliceInput input{worked.batch, s, rows};
    std::vector<float> logits(input.examples(), there);
    part->Forward(input, logits.data());
    for (std::size_t e = 0; e < input.examples(); ++e) {
      EXPECT_NEAR(logits[e] - there, Pairs(data_->Example(input.first_example() + e)), 1e-5);
    }
    BatchGradients zero, full;
    zero.Resize(spec_, worked.batch);
    full.Resize(spec_, worked.batch);
    for (auto& table : full.tables) std::fill(table.deep.begin(), table.deep.end(), there);
    std::vector<float> dense(static_cast<std::size_t>(spec_.dense_floats), there);
    const std::vector<float> logit_gradients(input.examples(), 0.5F);
    for (BatchGradients* gradients : {&zero, &full}) {
      part->Backward(input, logit_gradients.data(), nullptr, {gradients->tables, dense.data()});
    }
    EXPECT_EQ(dense, std::vector<float>(dense.size(), there));
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      EXPECT_EQ(full.tables[t].wide, zero.tables[t].wide);
      for (std::size_t i = 0; i < full.tables[t].deep.size(); ++i)
        EXPECT_NEAR(full.tables[t].deep[i] - there, zero.tables[t].deep[i], 1e-5);
    }
  }
}

const Model kTwoDims{"TwoDims", false, {7, 5}, 2};
const Model kWithFm{"WithFm", true, {7, 5}, 3};
const Model kWithFmAndNoLayers{"WithFmAndNoLayers", true, {}, 3};

std::string NameOfModel(const ::testing::TestParamInfo<Model>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Models, GradientTest,
                         ::testing::Values(kTwoDims, kWithFm, kWithFmAndNoLayers), NameOfModel);
INSTANTIATE_TEST_SUITE_P(Models, FmPartTest, ::testing::Values(kWithFm, kWithFmAndNoLayers),
                         NameOfModel);

}  // namespace
}  // namespace fathom
