#include "launcher/synthetic/generated_dir.h"

#include <system_error>

#include "common/error.h"

namespace fathom {

void StartGeneratedDir(const std::filesystem::path& dir) {
  std::error_code refused;
  std::filesystem::create_directories(dir, refused);
  if (!refused) std::filesystem::remove(dir / "truth.json", refused);
  if (refused) {
    Fail(ExitCode::kData, "{}: no log can be written there: {}; name a folder that may be written",
         dir.string(), refused.message());
  }
}

}  // namespace fathom
