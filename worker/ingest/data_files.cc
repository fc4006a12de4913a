#include "worker/ingest/data_files.h"

#include "common/error.h"
#include "worker/input/input_paths.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// Those of [[join]], which are no patterns.
std::vector<fs::path> JoinedFiles(const Config& config) {
  std::vector<fs::path> files;
  for (const JoinConfig& join : config.joins) {
    files.push_back(fs::path(config.data.dir) / join.file);
    CheckReadable(files.back());
    if (!CanBeReadOnce(files.back())) continue;
    Fail(ExitCode::kData,
         "{}: a pipe, which can be read only once: [[join]] reads plain files; write it to one",
         files.back().string());
  }
  return files;
}

}  // namespace

DataFiles::DataFiles(const Config& config, InputSpool& spool) {
  const std::vector<fs::path> joins = JoinedFiles(config);
  std::vector<fs::path> paths = ExpandGlobs(config.data.dir, config.data.train);
  first_test = paths.size();
  const std::vector<fs::path> test = ExpandGlobs(config.data.dir, config.data.test);
  paths.insert(paths.end(), test.begin(), test.end());
  texts = spool.Take(paths);
  all = texts;
  all.insert(all.end(), joins.begin(), joins.end());
}

}  // namespace fathom
