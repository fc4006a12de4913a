#include "launcher/run/output_dir.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "common/error.h"
#include "common/file/descriptor.h"
#include "common/file/given_folder.h"
#include "common/folder_entries.h"
#include "common/log/run_log.h"
#include "common/model/manifest.h"

namespace fathom {

namespace fs = std::filesystem;

void MakeOutputDir(const std::filesystem::path& dir) {
  MakeGivenFolder(dir, fmt::format("output.dir = \"{}\"", dir.string()),
                  "set it to a folder that may be written, as output.dir=runs/first");
}

namespace {

// All but what a run that died leaves of a model is somebody's.
void RefuseForeignPartial(const fs::path& partial) {
  std::error_code none;
  if (!fs::exists(partial, none)) return;
  if (fs::is_directory(partial, none)) {
    const auto entries = EntriesOf(partial);
    const auto foreign = std::find_if(entries.begin(), entries.end(), [](const fs::path& entry) {
      return !IsFileOfAModel(entry.filename().string());
    });
    if (foreign == entries.end()) return;
  }
  Fail(ExitCode::kUsage,
       "{}: in the way: Fathom writes a model in a folder of this name, and what is there is not "
       "one: move it, or choose another output.dir",
       partial.string());
}

}  // namespace

void RefuseWhatIsInTheWay(const fs::path& dir, int rank) {
  std::error_code none;
  for (const char* name : {"checkpoints", "logs", "packed"}) {
    if (!fs::exists(dir / name, none) || fs::is_directory(dir / name, none)) continue;
    Fail(ExitCode::kUsage,
         "{}: in the way: Fathom has a folder of this name: move it, or choose another output.dir",
         (dir / name).string());
  }
  RefuseForeignPartial(dir / "model.partial");
  const std::string log = "logs/" + RankLogName(rank) + ".log";
  for (const char* name : {"config.toml", "config.in-force.toml", "metrics.jsonl", "digests.txt",
                           "trace.json", log.c_str()}) {
    RefuseUnreadPipe(dir / name);
    if (!fs::is_directory(dir / name, none)) continue;
    Fail(ExitCode::kUsage,
         "{}: in the way: Fathom writes a file of this name: move the folder, or choose another "
         "output.dir",
         (dir / name).string());
  }
}

}  // namespace fathom
