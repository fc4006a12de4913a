#include "common/log/run_log.h"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "common/folder_entries.h"
#include "common/log_line.h"
#include "common/terminal.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTerminalPattern = "%H:%M:%S %v";
constexpr const char* kFilePattern = "%Y-%m-%dT%H:%M:%S.%e %L %v";
constexpr std::string_view kLogSuffix = ".log";

class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level >= spdlog::level::err) return;  // LogEnd
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    Terminal::Standard().Write({line.data(), line.size()});
  }
  void flush_() override {}
};

std::shared_ptr<spdlog::sinks::sink> TerminalOfLog() {
  auto sink = std::make_shared<TerminalSink>();
  sink->set_pattern(kTerminalPattern);
  return sink;
}

std::shared_ptr<spdlog::logger>& Current() {
  static std::shared_ptr<spdlog::logger> logger;
  return logger;
}

void WriteLine(LogLevel level, const std::string& text) {
  switch (level) {
    case LogLevel::kInfo:
      return Current()->info(text);
    case LogLevel::kWarning:
      return Current()->warn("warning: {}", text);
  }
}

void LogTo(std::vector<std::shared_ptr<spdlog::sinks::sink>> sinks) {
  auto logger = std::make_shared<spdlog::logger>("fathom", sinks.begin(), sinks.end());
  logger->flush_on(spdlog::level::info);
  Current() = std::move(logger);
  SetLogTarget(WriteLine);
}

// The number in PREFIX N SUFFIX, which begins with a dot.
std::optional<int> NumberIn(std::string_view name, std::string_view prefix,
                            std::string_view suffix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const std::string_view digits = name.substr(0, name.find('.'));
  const auto number = WholeNumber<int>(digits);
  const bool fits = number && *number > 0 && name.substr(digits.size()).starts_with(suffix);
  return fits ? number : std::nullopt;
}

struct NumberedLog {
  int number;
  fs::path file;
};

std::vector<NumberedLog> NumberedLogs(const fs::path& dir, const std::string& prefix,
                                      std::string_view suffix) {
  std::vector<NumberedLog> logs;
  for (const fs::path& file : EntriesOf(dir)) {
    if (const auto number = NumberIn(file.filename().string(), prefix, suffix))
      logs.push_back({*number, file});
  }
  return logs;
}

int NewestOf(const std::vector<NumberedLog>& logs) {
  int newest = 0;
  for (const NumberedLog& log : logs) newest = std::max(newest, log.number);
  return newest;
}

void RemoveOld(const std::vector<NumberedLog>& logs, int newest) {
  for (const NumberedLog& log : logs) {
    std::error_code ignored;
    if (log.number <= newest - kKeptLogs) fs::remove(log.file, ignored);
  }
}

void KeepTheOneBefore(const fs::path& dir, const std::string& name) {
  const fs::path file = dir / (name + std::string(kLogSuffix));
  std::error_code none;
  const auto bytes = fs::file_size(file, none);
  if (none || bytes == 0) return;
  const auto logs = NumberedLogs(dir, name + ".", kLogSuffix);
  const int number = NewestOf(logs) + 1;
  // Where that is refused the file cannot be written either, which is said.
  fs::rename(file, dir / fmt::format("{}.{}{}", name, number, kLogSuffix), none);
  RemoveOld(logs, number);
}

}  // namespace

std::string RankLogName(int rank) { return fmt::format("rank-{}", rank); }

int LogsBegun(const fs::path& log_dir, const std::string& name) {
  std::error_code none;
  const bool there = fs::exists(log_dir / (name + std::string(kLogSuffix)), none);
  return NewestOf(NumberedLogs(log_dir, name + ".", kLogSuffix)) + (there ? 1 : 0);
}

int ReserveLogNumber(const fs::path& log_dir, const std::string& command) {
  std::error_code refused;
  fs::create_directories(log_dir, refused);
  const std::string prefix = command + "-";
  const std::string suffix = "." + RankLogName(0) + std::string(kLogSuffix);
  for (;;) {
    const auto logs = NumberedLogs(log_dir, prefix, ".rank-");
    const int number = NewestOf(logs) + 1;
    const fs::path file = log_dir / fmt::format("{}{}{}", prefix, number, suffix);
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) {
      close(fd);
      RemoveOld(logs, number);
      return number;
    }
    if (errno != EEXIST)
      Fail(ExitCode::kUsage, "{}: the log cannot be written ({}): check output.dir", file.string(),
           std::strerror(errno));
  }
}

void LogEnd(const std::string& why) {
  if (Current() != nullptr) Current()->error(why);
}

void LogToTerminal() { LogTo({TerminalOfLog()}); }

void StartLogging(const fs::path& log_dir, const std::string& name, bool terminal) {
  const fs::path file = log_dir / (name + std::string(kLogSuffix));
  KeepTheOneBefore(log_dir, name);
  std::vector<std::shared_ptr<spdlog::sinks::sink>> sinks;
  try {
    sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string(), true));
  } catch (const spdlog::spdlog_ex& error) {
    Fail(ExitCode::kUsage, "{}: the log cannot be written ({}): check output.dir", file.string(),
         error.what());
  }
  sinks.back()->set_pattern(kFilePattern);
  if (terminal) sinks.push_back(TerminalOfLog());
  LogTo(std::move(sinks));
}

}  // namespace fathom
