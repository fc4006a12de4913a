// A model is scored by the settings that it was trained with, or not at all.
#include "worker/predict/trained_model.h"

#include <gtest/gtest.h>

#include <fstream>

#include "launcher/run/model_use.h"
#include "launcher/run/output_dir.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scored_model.h"
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

// A run that was killed before its model had its name leaves any of its files, and begins again.
TEST(TrainedModel, ThatIsHalfWrittenIsNotInTheWayOfTheNextRun) {
  const testing::ScratchDir dir;
  const testing::ScoredModel trained(dir.path() / "scored", {"output.names=true"});
  const std::filesystem::path partial = dir.path() / "run" / "model.partial";
  std::filesystem::create_directories(partial);
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(FindModel(trained.model()))) {
    const std::string name = file.path().filename().string();
    std::filesystem::copy(file.path(), partial / name);
    std::filesystem::copy(file.path(), partial / (name + ".partial"));
    ++files;
  }
  EXPECT_TRUE(std::filesystem::exists(partial / "join-00.csv"));
  EXPECT_TRUE(std::filesystem::exists(partial / "names.tsv"));
  EXPECT_GT(files, 64U);
  EXPECT_NO_THROW(RefuseWhatIsInTheWay(dir.path() / "run", 0));
  for (const char* foreign : {"join-7.csv", "rows-mine.bin", "notes.txt"}) {
    std::ofstream(partial / foreign) << "mine";
    ExpectError(ExitCode::kUsage, {"model.partial", "in the way"},
                [&] { RefuseWhatIsInTheWay(dir.path() / "run", 0); });
    std::filesystem::remove(partial / foreign);
  }
}

}  // namespace
}  // namespace fathom
