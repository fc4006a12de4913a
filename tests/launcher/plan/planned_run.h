// A training of generated data as a plan sees it: what a batch and all examples hold, counted.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/settings/config_file.h"
#include "launcher/plan/data_sample.h"
#include "launcher/plan/plan.h"
#include "worker/data/generated_data.h"

namespace fathom::testing {

inline Config PlannedConfig(const std::vector<std::string>& overrides = {}) {
  return ParseConfig(
      "[data]\nformat = \"generated\"\n[generated]\nexamples = 40000\nvalues = 3000\n"
      "[[column]]\nname = \"user\"\n[[column]]\nname = \"item\"\n[[column]]\nname = "
      "\"price\"\nkind = "
      "\"numeric\"\n[train]\nbatch_size = 1024\n[model]\nhidden = [32]\n",
      "plan.toml", "/", overrides);
}

struct Planned {
  explicit Planned(const std::vector<std::string>& overrides = {}, int ranks = 1)
      : config(PlannedConfig(overrides)),
        spec(MakeModelSpec(config)),
        layout(MakeLayout(Hosts(ranks), config.cluster)),
        data(config, GeneratedData::Part::kTrain),
        part(SamplePart(data, config, spec, PartsOf(config, layout))),
        sample(SampleData(data, nullptr, config, spec, {10})) {
    part.batch_seconds = 1e-4;  // what was measured differs each time
  }

  static std::vector<std::string> Hosts(int ranks) {
    std::vector<std::string> hosts;
    for (int rank = 0; rank < ranks; ++rank) hosts.push_back("host" + std::to_string(rank % 2));
    return hosts;
  }

  Config config;
  ModelSpec spec;
  Layout layout;
  GeneratedData data;
  PartLoad part;
  DataSample sample;
  ClusterShape shape{.cores = 4, .base_bytes = 10 << 20};
};

// A price of one for the first count of every stage.
inline Prices SimplePrices() {
  const Planned planned;
  StepLoad load{.spec = &planned.spec, .part = planned.part};
  Prices prices;
  for (std::size_t s = 0; s < kPricedStages; ++s) {
    prices[s].assign(CountsOf(static_cast<PricedStage>(s), load).size(), 0.0);
    prices[s][0] = 1e-9;
  }
  return prices;
}

}  // namespace fathom::testing
