#include "common/log_line.h"

#include <atomic>

namespace fathom {
namespace {

std::atomic<LogTarget>& Target() {
  static std::atomic<LogTarget> target = nullptr;
  return target;
}

}  // namespace

void SetLogTarget(LogTarget target) { Target() = target; }

void LogLine(LogLevel level, const std::string& text) {
  if (const LogTarget target = Target()) target(level, text);
}

}  // namespace fathom
