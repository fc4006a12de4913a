// The run's log: each rank writes its own file, rank 0 also to the terminal (standard output).
//
// Thread rule: LogLine and its kin from any thread, StartLogging while no other thread logs. Before
// StartLogging everything goes to the terminal alone.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

namespace fathom {

// Logs to <log_dir>/rank-N.log from now on, begun anew, and to the terminal if `terminal`. Throws
// Error(kUsage) where the folder cannot be written.
void StartLogging(const std::filesystem::path& log_dir, int rank, bool terminal);

enum class LogLevel { kInfo, kWarning };

void LogLine(LogLevel level, const std::string& text);

template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  LogLine(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fathom
