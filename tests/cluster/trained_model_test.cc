// A model is scored with the parts that it was trained with, or not at all.
#include "launcher/run/trained_model.h"

#include <gtest/gtest.h>

#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;

TEST(TrainedModel, ItsPartsAreThoseOfItsConfig) {
  const testing::ScratchDir dir;
  GenerateBooks(1000, 1, dir.path() / "data");
  const auto config = [&](const std::string& fm) {
    return testing::BooksConfig(dir.path() / "data", {"column.book.dim=4", "model.fm=" + fm});
  };
  testing::TrainEmbedded(config("true"), dir.path() / "packed", dir.path() / "out");
  const TrainedModel model = OpenModel(dir.path() / "out");
  const ModelSpec with = MakeModelSpec(config("true"));
  EXPECT_EQ(MakeModelSpec(model.config).parts, with.parts);
  CheckSpec(model, with);
  ExpectError(ExitCode::kModel, {"linear, deep, fm", "names linear, deep:"},
              [&] { CheckSpec(model, MakeModelSpec(config("false"))); });
}

}  // namespace
}  // namespace fathom
