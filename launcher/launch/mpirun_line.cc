#include "launcher/launch/mpirun_line.h"

#include <algorithm>
#include <cctype>

namespace fathom {
namespace {

bool IsPlain(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./=:,+@").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

std::vector<std::string> MpirunLine(const LaunchRequest& request, const std::string& program,
                                    bool resume, bool as_root) {
  // Binding would put all threads of a rank on one core; more ranks than cores are the user's
  // choice.
  std::vector<std::string> line = {"mpirun", "--oversubscribe", "--bind-to", "none"};
  if (as_root) line.push_back("--allow-run-as-root");
  if (!request.hosts.empty()) {
    std::string hosts;
    for (const std::string& host : request.hosts) hosts += (hosts.empty() ? "" : ",") + host;
    line.insert(line.end(), {"--host", hosts});
  }
  if (!request.hostfile.empty()) line.insert(line.end(), {"--hostfile", request.hostfile});
  line.insert(line.end(), request.mpirun_args.begin(), request.mpirun_args.end());
  line.insert(line.end(), {"-np", std::to_string(request.ranks), program});
  for (const std::string& word : request.command) {
    if (!resume || !word.starts_with("resume=")) line.push_back(word);
  }
  if (resume) line.push_back("resume=auto");
  return line;
}

std::string ShellLine(const std::vector<std::string>& line) {
  std::string text;
  for (const std::string& word : line) {
    if (!text.empty()) text += ' ';
    if (IsPlain(word)) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

}  // namespace fathom
