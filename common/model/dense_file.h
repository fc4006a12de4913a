// dense.bin: the dense parameters and the state of their update rule (manifest.h).
//
// Thread rule: any thread; two that write must write different ranges.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "common/file/alive.h"
#include "common/model/manifest.h"
#include "common/model/model_output.h"

namespace fathom {

inline constexpr const char* kDenseFile = "dense.bin";

// The dense parameters, [dense_floats], and the state of their update rule, [states x
// dense_floats], which all servers write into one file; `states` is that of the rule's traits. The
// coordinator makes dense.bin full of zeros (CreateDense), each server writes its own range at its
// place and syncs it (WriteDenseRange), and the coordinator reads the file back, checks its length
// and returns its entry (FinishDense), which has no checksums of blocks. All throw Error(kModel).
void CreateDense(const std::filesystem::path& dir, std::uint64_t dense_floats, int states);
// `state`: [states x values.size()].
void WriteDenseRange(const ModelOutput& out, std::uint64_t dense_floats, std::uint64_t first,
                     std::span<const float> values, std::span<const float> state);
ModelFileEntry FinishDense(const std::filesystem::path& dir, std::uint64_t dense_floats,
                           int states);
struct DenseState {
  std::vector<float> values;
  std::vector<float> state;
};
DenseState ReadDense(const std::filesystem::path& dir, const Manifest& manifest,
                     const Alive& alive = SayNothing);

}  // namespace fathom
