#include "tests/disk/checkpoint_contents.h"

#include <span>
#include <utility>

#include "common/model/admission_file.h"
#include "common/model/dense_file.h"
#include "common/model/model_text.h"
#include "common/model/partition_file.h"

namespace fathom::testing {

CheckpointContents ReadCheckpoint(const std::filesystem::path& dir) {
  const Manifest manifest = ReadManifest(dir);
  CheckpointContents contents{.step = manifest.step,
                              .seed = manifest.seed,
                              .tables = manifest.tables,
                              .progress = manifest.progress};
  for (int p = 0; p < kPartitions; ++p) {
    ReadPartition(dir, manifest, p, [&](std::size_t, Key key, std::span<const float> state) {
      contents.rows[key] = {state.begin(), state.end()};
    });
    if (!HasAdmissionFile(manifest, p)) continue;
    const Buffer counters = ReadAdmissionFile(dir, manifest, p);
    contents.admission[p] = {counters.bytes().begin(), counters.bytes().end()};
  }
  DenseState dense = ReadDense(dir, manifest);
  contents.dense = std::move(dense.values);
  contents.dense_accumulators = std::move(dense.state);
  contents.config_toml = ReadTextFile(dir, manifest, "config.toml");
  contents.transforms_json = ReadTextFile(dir, manifest, "transforms.json");
  return contents;
}

}  // namespace fathom::testing
