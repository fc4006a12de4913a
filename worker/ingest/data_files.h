// The files that a config names.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "common/config/config.h"
#include "worker/input/input_file.h"
#include "worker/input/input_spool.h"

namespace fathom {

struct DataFiles {
  // What can be read only once goes through the spool, which must outlive this. Throws
  // Error(kData): a pattern matches nothing, a file cannot be read, a [[join]] names a pipe;
  // Error(kUsage) as InputSpool::Take does.
  DataFiles(const Config& config, InputSpool& spool);

  std::vector<InputFile> texts;  // of data.train, then of data.test
  std::size_t first_test = 0;    // among the texts
  std::vector<InputFile> all;    // the side tables too
};

}  // namespace fathom
