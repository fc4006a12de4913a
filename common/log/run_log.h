// The run's log: each rank writes its own file, rank 0 also to the terminal (standard output).
//
// Thread rule: LogToTerminal and StartLogging while no other thread logs. A terminal that nobody
// reads holds nobody up (terminal.h); the file has every line.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

// So many logs of earlier runs stay beside the newest.
inline constexpr int kKeptLogs = 20;

// Logs to the terminal alone from now on.
void LogToTerminal();

// Logs to <log_dir>/<name>.log from now on, and to the terminal if `terminal`. A log that had this
// name is kept as <name>.N.log, N being the next number. Throws Error(kUsage) where the folder
// cannot be written.
void StartLogging(const std::filesystem::path& log_dir, const std::string& name, bool terminal);

// Why the process ends, into the log's file alone: the terminal has it from whoever calls this.
void LogEnd(const std::string& why);

// The name of a training's log, "rank-3".
std::string RankLogName(int rank);

// How often a log of this name was begun there.
int LogsBegun(const std::filesystem::path& log_dir, const std::string& name);

// For commands that may run several at a time in one folder: a number N that no other has, held by
// the file <command>-N.rank-0.log. Throws Error(kUsage).
int ReserveLogNumber(const std::filesystem::path& log_dir, const std::string& command);

}  // namespace fathom
