#include "launcher/summary/merged_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/error.h"
#include "common/folder_entries.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// "2026-11-28T20:35:20.345 I " stands before the text of a line.
constexpr std::string_view kTimeForm = "0000-00-00T00:00:00.000";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool BeginsWithTime(std::string_view line) {
  if (line.size() < kTimeForm.size() + 3 || line[kTimeForm.size()] != ' ' ||
      line[kTimeForm.size() + 2] != ' ')
    return false;
  for (std::size_t i = 0; i < kTimeForm.size(); ++i) {
    if (kTimeForm[i] == '0' ? !IsDigit(line[i]) : line[i] != kTimeForm[i]) return false;
  }
  return true;
}

// Rank and start of "rank-3.log" (the newest start) and "rank-3.2.log".
struct LogName {
  int rank = 0;
  int start = 0;
};
std::optional<LogName> NameOfLog(std::string name) {
  constexpr std::string_view kBegin = "rank-", kEnd = ".log";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) return std::nullopt;
  name = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  const std::size_t dot = name.find('.');
  const auto rank = WholeNumber<int>(std::string_view(name).substr(0, dot));
  if (!rank) return std::nullopt;
  if (dot == std::string::npos) return LogName{*rank, std::numeric_limits<int>::max()};
  const auto start = WholeNumber<int>(std::string_view(name).substr(dot + 1));
  return start ? std::optional(LogName{*rank, *start}) : std::nullopt;
}

}  // namespace

std::vector<fs::path> LogsIn(const fs::path& folder, bool earlier) {
  std::vector<std::tuple<int, int, fs::path>> found;
  for (const fs::path& entry : EntriesOf(folder)) {
    const auto name = NameOfLog(entry.filename().string());
    if (!name) continue;
    const bool newest = name->start == std::numeric_limits<int>::max();
    if (newest || earlier) found.emplace_back(name->rank, name->start, entry);
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> logs;
  for (auto& [rank, start, path] : found) logs.push_back(std::move(path));
  return logs;
}

MergedLogs::MergedLogs(const std::vector<fs::path>& logs) {
  for (const fs::path& path : logs) {
    Log& log = logs_.emplace_back();
    log.name = path.stem().string();
    log.in.open(path);
    if (!log.in) Fail(ExitCode::kUsage, "{}: it cannot be read", path.string());
    Read(&log);
  }
}

std::optional<RankLine> MergedLogs::Next() {
  Log* first = nullptr;
  for (Log& log : logs_) {
    if (log.has_next && (first == nullptr || log.next.time < first->next.time)) first = &log;
  }
  if (first == nullptr) return std::nullopt;
  RankLine line = first->next;
  Read(first);
  return line;
}

// A clock that was set back does not bring a log's lines before others that it wrote earlier.
void MergedLogs::Read(Log* log) {
  std::string text;
  log->has_next = static_cast<bool>(std::getline(log->in, text));
  if (!log->has_next) return;
  log->next.log = log->name;
  if (!BeginsWithTime(text)) {
    log->next.level = ' ';
    log->next.text = std::move(text);
    return;
  }
  log->next.time = text.substr(0, kTimeForm.size());
  log->next.level = text[kTimeForm.size() + 1];
  log->next.text = text.substr(kTimeForm.size() + 3);
}

}  // namespace fathom
