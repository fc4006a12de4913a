#include "tests/disk/disk_run.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <span>

#include "common/error.h"
#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/random.h"
#include "tests/support/scratch_dir.h"

namespace fathom::testing {
namespace {

constexpr int kServers = 2;

Config MakeConfig(int admission_count) {
  Config config;
  config.train.batch_size = 1;
  config.checkpoint.every_steps = 1;
  config.checkpoint.keep = 1;
  config.cluster.servers = kServers;
  config.cluster.workers = 1;
  config.server.admission_count = admission_count;
  config.server.admission_filter = "64kB";
  return config;
}

ModelSpec MakeSpec() {
  ModelSpec spec;
  spec.tables = {{.name = "wide_deep2", .wide = true, .dim = 2}};
  spec.dense_floats = 32;
  return spec;
}

}  // namespace

DiskRun::DiskRun(const std::filesystem::path& output, int admission_count)
    : output_(output),
      config_(MakeConfig(admission_count)),
      spec_(MakeSpec()),
      layout_(MakeLayout({"here"}, config_.cluster)),
      transport_(static_cast<int>(layout_.roles.size())),
      context_{{{.checkpoint_dir = output / "checkpoints"}, config_, spec_, layout_, 100},
               transport_},
      schedule_(config_, 100),
      checkpoints_(context_, schedule_) {
  for (int s = 0; s < kServers; ++s)
    parts_.push_back(std::make_unique<ShardPart>(config_, spec_, s, kServers));
}

void DiskRun::Change(std::uint64_t step) {
  const std::uint64_t end_row = step == 1 ? kRows : kRows / 10 * step;
  for (auto& part : parts_) {
    part->Touch(0, 0, end_row);
    const std::vector<float> gradient(part->dense.values().size(), static_cast<float>(step));
    part->dense.Update(step, 1, std::vector<DenseGradient>{{0, gradient}});
    if (!part->admission.on()) continue;
    for (std::uint64_t i = 0; i < kRows; ++i) {
      const Key key = Mix64(step, i);
      if (Partitions().Of(key) >= part->first && Partitions().Of(key) < part->end)
        part->admission.Count(0, {&key, 1});
    }
  }
}

CheckpointReport DiskRun::Save(std::uint64_t step, bool last) {
  const SaveRequest request = checkpoints_.Begin(step, last);
  const CheckpointDir dir(context_.checkpoint_dir);
  for (int s = 0; s < kServers; ++s) {
    const auto& part = parts_[static_cast<std::size_t>(s)];
    SavedMessage saved;
    try {
      saved = part->files.SaveCheckpoint(
          FolderOutput(dir.Partial(step), dir.Complete(request.base_step)), step,
          request.has_base ? std::optional(request.base_step) : std::nullopt, [] {});
    } catch (const Error& error) {
      saved.failure = error.what();
    }
    checkpoints_.Add(s, std::move(saved));
  }
  return checkpoints_.Finish({.config_toml = fmt::format("# as of step {}\n", step),
                              .transforms_json = fmt::format("{{\"step\": {}}}", step),
                              .origin = {.program = "fathom", .data = "data"}},
                             {.progress = TrainingProgress{
                                  .examples = step, .loss_sum = 0.5 * static_cast<double>(step)}});
}

const CheckpointContents& ExpectedContents(std::uint64_t step) {
  static std::map<std::uint64_t, CheckpointContents> known;
  const auto [place, is_new] = known.try_emplace(step);
  if (is_new) {
    const ScratchDir scratch;
    DiskRun run(scratch.path());
    for (std::uint64_t s = 1; s <= step; ++s) run.Change(s);
    EXPECT_EQ(run.Save(step).failure, "");
    place->second = ReadCheckpoint(run.dir().Complete(step));
  }
  return place->second;
}

}  // namespace fathom::testing
