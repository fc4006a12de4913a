#include "launcher/run/shared_output.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/error.h"
#include "common/file/scratch_folder.h"
#include "common/log/run_log.h"
#include "common/log_line.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// What rank 0 has made a moment ago may take as long to be seen on other hosts.
constexpr std::chrono::milliseconds kLooks[] = {
    std::chrono::milliseconds(0), std::chrono::milliseconds(50), std::chrono::milliseconds(450)};

bool AppearsIn(const fs::path& dir, const char* name) {
  for (const auto pause : kLooks) {
    std::this_thread::sleep_for(pause);
    std::error_code none;
    if (fs::exists(dir / name, none)) return true;
  }
  return false;
}

bool Look(const fs::path& dir, MpiSession& mpi) {
  std::optional<ScratchFolder> token;
  std::array<char, 256> name{};
  if (mpi.rank() == 0) {
    token.emplace(dir, "shared");
    const std::string made = token->path().filename().string();
    std::memcpy(name.data(), made.data(), std::min(made.size(), name.size() - 1));
  }
  mpi.Broadcast(std::as_writable_bytes(std::span(name)));
  const bool seen = mpi.rank() == 0 || AppearsIn(dir, name.data());
  mpi.Barrier();  // the token stays until all have looked
  return seen;
}

void RefuseBlindRank(const fs::path& dir, bool sees, MpiSession& mpi) {
  const std::vector<int> blind = mpi.RanksWhere(!sees);
  if (blind.empty()) return;
  Fail(
      ExitCode::kUsage,
      "output.shared = \"yes\", but rank {} on {} does not see {} of rank 0 on {}: mount it there, "
      "or leave output.shared = \"auto\"",
      blind.front(), mpi.hosts()[static_cast<std::size_t>(blind.front())], dir.string(),
      mpi.hosts().front());
}

// Rank 0 says of each rank that does not see its folder where that one logs.
void SayWhoDoesNot(const fs::path& dir, bool sees, MpiSession& mpi) {
  const std::string mine =
      sees ? "" : fs::absolute(dir / "logs" / (RankLogName(mpi.rank()) + ".log")).string();
  mpi.GatherOnFirst(std::as_bytes(std::span(mine)), [&](int rank, std::span<const std::byte> log) {
    if (log.empty()) return;
    const std::string& host = mpi.hosts()[static_cast<std::size_t>(rank)];
    LogInfo(
        "rank {} does not see rank 0's output.dir: what it saves comes over the network; its "
        "log: {}:{}",
        rank, host, std::string_view(reinterpret_cast<const char*>(log.data()), log.size()));
  });
}

}  // namespace

bool SeesOutput(const Config& config, MpiSession& mpi) {
  if (mpi.ranks() == 1) return true;
  const fs::path dir = config.output.dir;
  const bool sees = config.output.shared == SharedFolder::kNo ? mpi.rank() == 0 : Look(dir, mpi);
  if (config.output.shared == SharedFolder::kYes) RefuseBlindRank(dir, sees, mpi);
  SayWhoDoesNot(dir, sees, mpi);
  return sees;
}

}  // namespace fathom
