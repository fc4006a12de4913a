// A run whose tables outgrow a limit soon, for tests of what servers do about it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/settings/config_file.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom::testing {

// 80 steps that name some 50,000 keys; a row takes 34 B, or 38 where it keeps its last step.
class LimitedRun {
 protected:
  EmbeddedResult Train(const std::string& name, std::vector<std::string> overrides) {
    overrides.insert(overrides.begin(), "output.progress_seconds=1000");
    const Config config = ParseConfig(
        "[data]\nformat = \"generated\"\n[generated]\nexamples = 20480\ntest_examples = 500\n"
        "values = 20000\nskew = 0.3\n[[column]]\nname = \"a\"\n[[column]]\nname = "
        "\"b\"\n[[column]]\n"
        "name = \"c\"\n[[column]]\nname = \"d\"\n[model]\nembedding_dim = 2\nhidden = "
        "[8]\n[train]\n"
        "batch_size = 256\nslice_size = 32\n[wide]\nl1 = 0.001\n",
        "limit.toml", "/", overrides);
    return TrainEmbedded(config, dir_.path() / "packed", dir_.path() / name);
  }
  std::filesystem::path Model(const std::string& name) const {
    return dir_.path() / name / "model";
  }

  ScratchDir dir_;
};

}  // namespace fathom::testing
