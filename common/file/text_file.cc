#include "common/file/text_file.h"

#include <fstream>
#include <sstream>

#include "common/error.h"
#include "common/file/replaced_file.h"

namespace fathom {

std::string ReadText(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) Fail(ExitCode::kData, "{}: cannot be read", file.string());
  return text.str();
}

void WriteText(const std::filesystem::path& file, const std::string& text) {
  ReplaceText(file, text, ExitCode::kTraining);
}

}  // namespace fathom
