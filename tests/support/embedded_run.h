// A whole run in this process: text to model, every role a thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "launcher/run/run.h"

namespace fathom::testing {

// A config on data that `fathom generate books` makes: wide, deep, joins, crosses.
Config BooksConfig(const std::filesystem::path& data,
                   const std::vector<std::string>& overrides = {});

struct EmbeddedResult {
  CoordinatorResult result;
  std::vector<std::string> metrics;  // the lines of metrics.jsonl
};

// As `fathom train` with output.dir = out, but for the log on the terminal. With output.shared =
// "no" the servers send their files to the coordinator. `stop_asked` is as in CoordinatorInputs.
EmbeddedResult TrainEmbedded(
    Config config, const std::filesystem::path& packed_dir, const std::filesystem::path& out,
    std::function<bool()> stop_asked = [] { return false; });

}  // namespace fathom::testing
