// Checkpoints of ten million rows of dimension 16: written whole and as changes, by several servers
// at once, and read back by other numbers of servers.
//
//   checkpoint_bench [DIR]      DIR: where the files go (a folder in the working folder)
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "common/file/durable_file.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "server/shard/shard.h"
#include "tests/support/shard_part.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using testing::ShardPart;

constexpr std::uint64_t kRows = 10'000'000;
constexpr std::size_t kDim = 16;
constexpr std::uint64_t kDenseFloats = 143'616;

double Seconds(const std::function<void()>& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void InThreads(int threads, const std::function<void(int)>& work) {
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) running.emplace_back(work, t);
  for (std::thread& thread : running) thread.join();
}

struct Model {
  Model() {
    config.checkpoint.every_steps = 1;  // so that rows are marked
    spec.tables = {{.name = "wide_deep16", .wide = true, .dim = kDim}};
    spec.dense_floats = static_cast<int>(kDenseFloats);
  }
  Config config;
  ModelSpec spec;
};

class Bench {
 public:
  Bench(fs::path dir, int servers) : dir_(std::move(dir)), servers_(servers) {
    for (int s = 0; s < servers; ++s)
      parts_.push_back(std::make_unique<ShardPart>(model_.config, model_.spec, s, servers));
    InThreads(servers, [&](int s) { parts_[static_cast<std::size_t>(s)]->Touch(0, 0, kRows); });
  }

  void Save(std::uint64_t step, std::optional<std::uint64_t> base, const char* title) {
    const fs::path dir = dir_ / std::to_string(step);
    fs::create_directories(dir);
    CreateDense(dir, kDenseFloats, 1);
    std::vector<SavedMessage> saved(parts_.size());
    const double seconds = Seconds([&] {
      InThreads(servers_, [&](int s) {
        const auto i = static_cast<std::size_t>(s);
        saved[i] = parts_[i]->files.SaveCheckpoint(
            FolderOutput(dir, dir_ / std::to_string(base.value_or(0))), step, base, [] {});
      });
    });
    Manifest manifest{.step = step,
                      .seed = 1,
                      .tables = model_.spec.tables,
                      .dense_floats = kDenseFloats,
                      .files = {}};
    std::uint64_t bytes = 0;
    for (SavedMessage& part : saved) {
      bytes += part.bytes_written;
      for (ModelFileEntry& file : part.files) manifest.files.push_back(std::move(file));
    }
    manifest.files.push_back(FinishDense(dir, kDenseFloats, 1));
    WriteManifest(dir, manifest);
    const double megabytes = static_cast<double>(bytes) / 1e6;
    std::printf("%-40s %8.2f s %9.1f MB %8.0f MB/s\n", title, seconds, megabytes,
                megabytes / seconds);
  }

  void Touch(std::uint64_t rows) {
    InThreads(servers_, [&](int s) { parts_[static_cast<std::size_t>(s)]->Touch(0, 0, rows); });
  }

 private:
  fs::path dir_;
  int servers_;
  Model model_;
  std::vector<std::unique_ptr<ShardPart>> parts_;
};

void Load(const fs::path& dir, int servers) {
  const Model model;
  const double seconds = Seconds([&] {
    InThreads(servers,
              [&](int s) { Shard(model.config, model.spec, s, servers).Load(dir, [] {}); });
  });
  std::printf("read by %d server%s %25s %8.2f s\n", servers, servers == 1 ? " " : "s", "", seconds);
}

// What the disk takes: the same bytes, in one file, synced.
void Disk(const fs::path& dir) {
  const std::vector<std::byte> block(kBlockBytes, std::byte{7});
  const double seconds = Seconds([&] {
    DurableFile file(dir / "plain");
    for (int i = 0; i < 840; ++i) file.Write(block);
    file.Finish();
  });
  std::printf("%-40s %8.2f s %9.1f MB %8.0f MB/s\n", "one file of as many bytes", seconds,
              840 * static_cast<double>(kBlockBytes) / 1e6,
              840 * static_cast<double>(kBlockBytes) / 1e6 / seconds);
  fs::remove(dir / "plain");
}

}  // namespace
}  // namespace fathom

int main(int argc, char** argv) {
  const std::filesystem::path dir = argc > 1 ? argv[1] : "checkpoint_bench.files";
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  fathom::Disk(dir);
  {
    fathom::Bench bench(dir, 2);
    bench.Save(1, std::nullopt, "whole, two servers");
    bench.Touch(fathom::kRows / 10);
    bench.Save(2, 1, "a tenth of the rows changed");
    bench.Touch(fathom::kRows / 100);
    bench.Save(3, 2, "a hundredth changed");
    bench.Save(4, 3, "none changed");
  }
  for (const int servers : {1, 2, 5}) fathom::Load(dir / "4", servers);
  std::filesystem::remove_all(dir);
}
