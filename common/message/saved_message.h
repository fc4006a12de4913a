// server -> coordinator (kSaved): what it wrote. Goes through cereal over a bounded archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/buffer.h"
#include "common/model/manifest.h"

namespace fathom {

struct TableStatistics {
  std::uint64_t rows = 0;
  std::uint64_t zero_wide_weights = 0;  // exact zeros, by L1
  std::uint64_t row_bytes = 0;          // of payload in all
  std::uint64_t allocated_bytes = 0;    // slabs, index; the first table's: and the admission filter
  std::uint64_t evicted_rows = 0;       // since this process began
  std::uint64_t refused_updates = 0;    // of keys that got no row, since then
  // With a cold tier: its file (the first table's: all of it), rows that pulls asked for since
  // then, and those of them that lay on disk alone.
  std::uint64_t cold_bytes = 0;
  std::uint64_t rows_asked = 0;
  std::uint64_t rows_read = 0;
};

// How many updates other batches made between a batch's pull and its push: [i] batches had i, the
// last those that had as many or more.
inline constexpr std::size_t kMaxStaleness = 256;
using StalenessHistogram = std::vector<std::uint64_t>;

struct SavedMessage {
  std::vector<ModelFileEntry> files;
  std::vector<TableStatistics> tables;
  StalenessHistogram staleness;
  double held_seconds = 0;  // from the step's last update until training went on
  std::uint64_t bytes_written = 0;
  // Sync: this server's share of what each step since the save before has changed, the last one
  // that of the save's version (server/shard/step_digest.h).
  std::vector<std::uint64_t> digests;
  std::string failure;  // of a checkpoint: why there is none
};
Buffer EncodeSaved(const SavedMessage& message);
// Throws Error(kPeer): too short, too long, a claim of more elements than bytes.
SavedMessage DecodeSaved(std::span<const std::byte> payload);

}  // namespace fathom
