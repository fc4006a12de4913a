// Trainings in one process that write checkpoints and go on from them. A suite shares the data, and
// the folder "whole" of a run that was left alone.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/run/checkpoint_dir.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom::testing {

// 3000 ratings, 80 % of them to train on, batches of 160, two epochs: about 30 steps.
class CheckpointedRuns : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new ScratchDir;
    GenerateBooks(3000, 1, dir_->path() / "data");
    Train("whole", {});
  }
  static void TearDownTestSuite() { delete dir_; }

  static EmbeddedResult Train(
      const std::string& name, const std::vector<std::string>& overrides,
      std::function<bool()> stop_asked = [] { return false; }) {
    return TrainEmbedded(BooksConfig(dir_->path() / "data", overrides), dir_->path() / "packed",
                         dir_->path() / name, std::move(stop_asked));
  }

  static std::filesystem::path Model(const std::string& name) {
    return dir_->path() / name / "model";
  }
  static CheckpointDir Checkpoints(const std::string& name) {
    return CheckpointDir(dir_->path() / name / "checkpoints");
  }

  // The run `name`, which goes on from the checkpoint of `step` of the run `from`.
  static EmbeddedResult GoOn(const std::string& from, std::uint64_t step, const std::string& name,
                             std::vector<std::string> overrides) {
    overrides.push_back("resume=" + Checkpoints(from).Complete(step).string());
    return Train(name, overrides);
  }

  void TearDown() override {
    for (const char* name : {"run", "other"}) std::filesystem::remove_all(dir_->path() / name);
  }

  inline static ScratchDir* dir_ = nullptr;
};

}  // namespace fathom::testing
