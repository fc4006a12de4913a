// What becomes of the watched rows of a server's shard: read in the beginning, created, changed by
// a step, evicted, saved (common/run/row_watch.h).
#pragma once

#include <span>
#include <vector>

#include "common/model/row_weight.h"
#include "common/run/row_watch.h"
#include "server/shard/shard.h"

namespace fathom {

// Thread rule: the server's thread.
class ShardWatch {
 public:
  // The shard must outlive it.
  ShardWatch(const RunContext& context, int server, const Shard& shard);

  // What the model begins with, after so many steps.
  void Loaded(std::uint64_t step);
  // After an update: a line for each row that it has created, changed or evicted.
  void Updated(std::uint64_t step);
  void Saved(std::uint64_t step);

 private:
  std::span<const float> Now(const WatchedRow& row) const;
  void Write(std::size_t i, const char* event, std::uint64_t step,
             const std::vector<float>& before);
  void WriteBlock(const WatchedRow& block, const char* event, std::uint64_t step,
                  const std::vector<float>& before, const std::vector<float>& now);

  const RunContext& context_;
  const Shard& shard_;
  RowWeight weight_;
  WatchFile file_;
  std::vector<std::vector<float>> states_;  // as they were written last; empty: nothing here
};

}  // namespace fathom
