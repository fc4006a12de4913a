// The logs of all ranks of a run as one, by the time of their lines (common/log/run_log.h).
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace fathom {

struct RankLine {
  std::string log;   // "rank-3"
  std::string time;  // "2026-11-28T20:35:20.345", of the line or of the one before it
  char level = ' ';  // I, W, E as they are written; ' ': a line that goes on with the one before
  std::string text;  // behind them
};

// The logs of a folder that whoever looks at a run wants: rank-N.log of its newest start, or of all
// (`earlier`: rank-N.M.log too), by rank and start.
std::vector<std::filesystem::path> LogsIn(const std::filesystem::path& folder, bool earlier);

// Thread rule: one thread's own. Memory: a line of each log.
class MergedLogs {
 public:
  // Throws Error(kUsage) where one cannot be read.
  explicit MergedLogs(const std::vector<std::filesystem::path>& logs);

  // The line with the earliest time of those that are next; of equal ones that of the first log.
  // Nothing at the end. A log's own lines stay in their order, whatever its clock did.
  std::optional<RankLine> Next();

 private:
  struct Log {
    std::string name;
    std::ifstream in;
    RankLine next;
    bool has_next = false;
  };

  static void Read(Log* log);

  std::vector<Log> logs_;
};

}  // namespace fathom
