#include "common/run_log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <vector>

#include "common/error.h"

namespace fathom {
namespace {

constexpr const char* kTerminalPattern = "%H:%M:%S %v";
constexpr const char* kFilePattern = "%Y-%m-%dT%H:%M:%S.%e %L %v";

std::shared_ptr<spdlog::sinks::sink> Terminal() {
  auto sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  sink->set_pattern(kTerminalPattern);
  return sink;
}

std::shared_ptr<spdlog::logger> MakeLogger(
    std::vector<std::shared_ptr<spdlog::sinks::sink>> sinks) {
  auto logger = std::make_shared<spdlog::logger>("fathom", sinks.begin(), sinks.end());
  logger->flush_on(spdlog::level::info);
  return logger;
}

std::shared_ptr<spdlog::logger>& Current() {
  static std::shared_ptr<spdlog::logger> logger = MakeLogger({Terminal()});
  return logger;
}

}  // namespace

void StartLogging(const std::filesystem::path& log_dir, int rank, bool terminal) {
  const std::filesystem::path file = log_dir / fmt::format("rank-{}.log", rank);
  std::vector<std::shared_ptr<spdlog::sinks::sink>> sinks;
  try {
    sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), true));
  } catch (const spdlog::spdlog_ex& error) {
    Fail(ExitCode::kUsage, "{}: the log cannot be written ({}): check output.dir", file.string(),
         error.what());
  }
  sinks.back()->set_pattern(kFilePattern);
  if (terminal) sinks.push_back(Terminal());
  Current() = MakeLogger(std::move(sinks));
}

void LogLine(LogLevel level, const std::string& text) {
  switch (level) {
    case LogLevel::kInfo:
      return Current()->info(text);
    case LogLevel::kWarning:
      return Current()->warn("warning: {}", text);
  }
}

}  // namespace fathom
