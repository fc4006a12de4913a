// Connections that break while a model is trained change nothing.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/model/model_compare.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/reset_connections.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

class BrokenConnection : public ::testing::Test {
 protected:
  void SetUp() override { GenerateBooks(3000, 1, dir_.path() / "data"); }

  testing::EmbeddedResult Train(const std::string& name, std::vector<std::string> overrides) {
    overrides.insert(overrides.begin(),
                     {"cluster.workers=3", "cluster.servers=2", "train.epochs=10"});
    return testing::TrainEmbedded(testing::BooksConfig(dir_.path() / "data", overrides),
                                  dir_.path() / "packed", dir_.path() / name);
  }

  // Trains over TCP while connections break, and returns how many did.
  int TrainDisturbed(const std::string& name, std::vector<std::string> overrides) {
    overrides.push_back("cluster.transport=tcp");
    testing::ConnectionBreaker breaker(2029, std::chrono::milliseconds(20));
    Train(name, overrides);
    return breaker.Stop();
  }

  std::string Difference() {
    return CompareModels(dir_.path() / "undisturbed" / "model",
                         dir_.path() / "disturbed" / "model");
  }

  testing::ScratchDir dir_;
};

TEST_F(BrokenConnection, InSyncModeTheModelIsTheSame) {
  Train("undisturbed", {});
  EXPECT_GE(TrainDisturbed("disturbed", {}), 5);
  EXPECT_EQ(Difference(), "");
}

TEST_F(BrokenConnection, WithTlsTheModelIsTheSame) {
  Train("undisturbed", {});
  EXPECT_GE(TrainDisturbed("disturbed", {"cluster.tls=true"}), 5);
  EXPECT_EQ(Difference(), "");
}

TEST_F(BrokenConnection, BoundedAndAsyncTrainToTheirEnd) {
  EXPECT_GE(TrainDisturbed("bounded", {"train.consistency=bounded", "train.staleness=2"}), 5);
  EXPECT_GE(TrainDisturbed("async", {"train.consistency=async"}), 5);
}

}  // namespace
}  // namespace fathom
