#include "launcher/synthetic/generated_dir.h"

#include <system_error>

#include "common/error.h"
#include "common/file/given_folder.h"

namespace fathom {

void StartGeneratedDir(const std::filesystem::path& dir) {
  MakeWritableFolder(dir, "--out " + dir.string(),
                     "name a folder that may be written, as --out data");
  std::error_code refused;
  std::filesystem::remove(dir / "truth.json", refused);
  if (!refused) return;
  Fail(ExitCode::kUsage, "--out {}: truth.json cannot be removed there: {}: name another folder",
       dir.string(), refused.message());
}

}  // namespace fathom
