// All that a checkpoint holds, to be compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/key.h"
#include "common/model/manifest.h"
#include "common/model/model_spec.h"

namespace fathom::testing {

struct CheckpointContents {
  std::uint64_t step = 0, seed = 0;
  std::vector<TableSpec> tables;
  std::optional<TrainingProgress> progress;
  std::map<Key, std::vector<float>> rows;
  std::vector<float> dense, dense_accumulators;
  std::string config_toml, transforms_json;
  std::map<int, std::vector<std::byte>> admission;  // by partition
  friend bool operator==(const CheckpointContents&, const CheckpointContents&) = default;
};

// Throws Error where it is damaged.
CheckpointContents ReadCheckpoint(const std::filesystem::path& dir);

}  // namespace fathom::testing
