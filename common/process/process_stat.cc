#include "common/process/process_stat.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/whole_number.h"

namespace fathom {

std::optional<ProcessStat> ProcessStat::Of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream words(text.substr(name_end + 1));
  std::vector<std::string> fields(3);  // so that the index is the number of `man 5 proc`
  for (std::string word; words >> word;) fields.push_back(word);
  constexpr std::size_t kState = 3, kThreads = 20, kStart = 22;
  if (fields.size() <= kStart) return std::nullopt;
  const auto start = WholeNumber<std::uint64_t>(fields[kStart]);
  if (!start) return std::nullopt;
  const bool main_ended = fields[kState] == "Z" || fields[kState] == "X";
  const bool others = WholeNumber<std::uint64_t>(fields[kThreads]).value_or(0) > 1;
  return ProcessStat{.ended = main_ended && !others, .start = *start};
}

}  // namespace fathom
