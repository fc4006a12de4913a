#include <algorithm>
#include <cstdio>
#include <string>

#include "common/error.h"
#include "launcher/commands/commands.h"
#include "launcher/summary/merged_logs.h"

namespace fathom {

void LogsCommand(const LogsArguments& arguments) {
  const std::filesystem::path folder = arguments.dir / "logs";
  auto logs = LogsIn(folder, arguments.earlier);
  if (logs.empty()) logs = LogsIn(arguments.dir, arguments.earlier);  // the folder itself
  if (logs.empty())
    Fail(ExitCode::kUsage, "{}: there is no log of a rank in it: name the output folder of a run",
         folder.string());
  std::size_t width = 0;
  for (const auto& log : logs) width = std::max(width, log.stem().string().size());
  MergedLogs merged(logs);
  bool shown = false;  // what goes on with a line is shown with it
  while (const auto line = merged.Next()) {
    if (line->level != ' ') shown = !arguments.warnings || line->level != 'I';
    if (!shown) continue;
    const std::string text =
        fmt::format("{} {:<{}} {} {}\n", line->time, line->log, width, line->level, line->text);
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) break;  // main says so
  }
}

}  // namespace fathom
