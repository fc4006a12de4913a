#include "launcher/run/output_dir.h"

#include <system_error>

#include "common/error.h"

namespace fathom {

void MakeOutputDir(const std::filesystem::path& dir) {
  std::error_code refused;
  std::filesystem::create_directories(dir, refused);
  if (!refused && std::filesystem::is_directory(dir, refused)) return;
  Fail(ExitCode::kUsage,
       "output.dir = \"{}\": no folder can be made there: {}: set it to a folder that may be "
       "written, as output.dir=runs/first",
       dir.string(), refused ? refused.message() : "Not a directory");
}

}  // namespace fathom
