// server -> coordinator: what a server wrote. Goes through cereal over a bounded archive.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/buffer.h"
#include "common/model_file.h"

namespace fathom {

struct TableStatistics {
  std::uint64_t rows = 0;
  std::uint64_t zero_wide_weights = 0;  // exact zeros, by L1
  std::uint64_t row_bytes = 0;          // of payload in all
  std::uint64_t allocated_bytes = 0;    // slabs and index
};

// How many updates other batches made between a batch's pull and its push: [i] batches had i, the
// last those that had as many or more.
inline constexpr std::size_t kMaxStaleness = 256;
using StalenessHistogram = std::vector<std::uint64_t>;

struct SavedMessage {
  std::vector<ModelFileEntry> files;
  std::vector<TableStatistics> tables;
  StalenessHistogram staleness;
};

Buffer EncodeSaved(const SavedMessage& message);
SavedMessage DecodeSaved(std::span<const std::byte> payload);

// kFailed: why the run has failed, from the rank where it did.
struct FailedMessage {
  int exit_code = 1;
  std::string what;
};
Buffer EncodeFailed(const FailedMessage& message);
FailedMessage DecodeFailed(std::span<const std::byte> payload);

}  // namespace fathom
