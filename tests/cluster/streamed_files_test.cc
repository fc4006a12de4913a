// Servers that do not see rank 0's folder: what they send lies there as if they had written it.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/file/text_file.h"
#include "common/folder_entries.h"
#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/run/checkpoint_dir.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::EmbeddedResult;
namespace fs = std::filesystem;

class StreamedFilesTest : public ::testing::Test {
 protected:
  StreamedFilesTest() { GenerateBooks(3000, 1, dir_.path() / "data"); }

  EmbeddedResult Train(const std::string& name, const std::vector<std::string>& overrides) {
    return testing::TrainEmbedded(testing::BooksConfig(dir_.path() / "data", overrides),
                                  dir_.path() / "packed", Out(name));
  }
  fs::path Out(const std::string& name) const { return dir_.path() / name; }

  // Of every file of a folder, but for texts that name settings of the cluster.
  static std::vector<std::pair<std::string, std::string>> Files(const fs::path& dir) {
    std::vector<std::pair<std::string, std::string>> files;
    for (const fs::path& file : EntriesOf(dir))
      files.emplace_back(file.filename().string(), ReadText(file));
    std::sort(files.begin(), files.end());
    return files;
  }

  testing::ScratchDir dir_;
};

TEST_F(StreamedFilesTest, EveryFileHasTheSameBytes) {
  const std::vector<std::string> settings = {"checkpoint.every_steps=4", "checkpoint.keep=100",
                                             "cluster.servers=3", "server.admission_count=2",
                                             "server.admission_filter=64kB"};
  auto streamed = settings;
  streamed.emplace_back("output.shared=no");
  const EmbeddedResult here = Train("here", settings), there = Train("there", streamed);
  EXPECT_EQ(Files(Out("here") / "model"), Files(Out("there") / "model"));
  const CheckpointDir checkpoints(Out("here") / "checkpoints");
  const CheckpointDir sent(Out("there") / "checkpoints");
  ASSERT_GE(checkpoints.Steps().size(), 4U);
  ASSERT_EQ(checkpoints.Steps(), sent.Steps());
  std::size_t with_changes = 0;
  for (const std::uint64_t step : checkpoints.Steps()) {
    EXPECT_EQ(Files(checkpoints.Complete(step)), Files(sent.Complete(step))) << step;
    with_changes +=
        ReadManifest(sent.Complete(step)).files.size() > 2 * Partitions::kFewest + 3 ? 1 : 0;
  }
  EXPECT_GT(with_changes, 0U) << "no checkpoint was built upon the one before";
  EXPECT_EQ(here.result.report.rows, there.result.report.rows);
}

TEST_F(StreamedFilesTest, GoesOnFromOneAndBuildsUponIt) {
  Train("whole", {});
  const std::vector<std::string> settings = {"checkpoint.every_steps=4", "checkpoint.keep=100",
                                             "cluster.servers=2", "output.shared=no"};
  Train("run", settings);
  const CheckpointDir checkpoints(Out("run") / "checkpoints");
  const std::uint64_t step = checkpoints.Steps().at(2);
  auto on = settings;
  on.push_back("resume=" + checkpoints.Complete(step).string());
  Train("run", on);
  EXPECT_EQ(CompareModels(Out("whole") / "model", Out("run") / "model"), "");
  // What has not changed since is the same file on the disk.
  const fs::path before = checkpoints.Complete(step), after = checkpoints.Complete(step + 4);
  std::size_t shared = 0;
  for (const ModelFileEntry& file : ReadManifest(after).files)
    shared +=
        fs::exists(before / file.name) && fs::equivalent(before / file.name, after / file.name);
  EXPECT_GT(shared, 0U);
}

}  // namespace
}  // namespace fathom
