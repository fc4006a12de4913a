// What the code says of its work, a line at a time. Where it goes is the program's choice
// (common/log/run_log.h); without one it goes nowhere, as in the predictor's library.
//
// Thread rule: LogLine and its kin from any thread, SetLogTarget while no other thread logs.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace fathom {

enum class LogLevel { kInfo, kWarning };

using LogTarget = void (*)(LogLevel level, const std::string& text);
void SetLogTarget(LogTarget target);

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
