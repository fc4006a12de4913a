// A model is scored by the settings that it was trained with, or not at all.
#include "worker/predict/trained_model.h"

#include <gtest/gtest.h>

#include "launcher/run/model_use.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(TrainedModel, IsScoredByItsOwnSettingsOrNotAtAll) {
  const testing::ScratchDir dir;
  GenerateBooks(1000, 1, dir.path() / "data");
  const auto config = [&](const std::string& override) {
    return testing::BooksConfig(dir.path() / "data", {"column.book.dim=4", override});
  };
  testing::TrainEmbedded(config("model.fm=true"), dir.path() / "packed", dir.path() / "out");
  const TrainedModel model = OpenModel(dir.path() / "out");
  const Config bound = BindToModel(config("model.fm=true"), model);
  EXPECT_EQ(SpecOf(model, bound).tables, model.manifest.tables);
  ExpectError(ExitCode::kUsage, {"model.fm = false (the model: true)", "config.toml"},
              [&] { BindToModel(config("model.fm=false"), model); });
  ExpectError(ExitCode::kUsage, {"wide.alpha = 0.5 (the model: 0.1)"}, [&] {
    Config given = config("model.fm=true");
    given.wide.Set("alpha", 0.5);
    BindToModel(given, model);
  });
}

TEST(TrainedModel, WithTheFilesOfAnotherModelIsRefused) {
  const testing::ScratchDir dir;
  GenerateBooks(1000, 1, dir.path() / "data");
  testing::TrainEmbedded(testing::BooksConfig(dir.path() / "data"), dir.path() / "packed",
                         dir.path() / "out");
  TrainedModel model = OpenModel(dir.path() / "out");
  model.manifest.dense_floats += 16;
  ExpectError(ExitCode::kModel, {"another model's"}, [&] { SpecOf(model, model.config); });
}

}  // namespace
}  // namespace fathom
