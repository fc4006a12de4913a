// The names of keys while examples are packed (common/model/feature_name.h): which text each key of
// each field stands for. What it holds does not depend on the order in which texts come.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/key.h"
#include "common/model/feature_name.h"

namespace fathom {

// Thread rule: Add from any thread. Memory: about 90 B for each key, and the bytes of its text
// where they are more than 15.
class NameList {
 public:
  // `fields`: their names, in the model's order.
  explicit NameList(std::vector<std::string> fields) : fields_(std::move(fields)) {
    for (Shard& shard : shards_) shard.names.resize(fields_.size());
  }

  // The key's name is the smallest text in byte order, with a mark that there are others.
  void Add(std::size_t field, Key key, std::string_view text);

  // Calls write(text) with names.tsv, piece by piece.
  void Write(const std::function<void(std::string_view)>& write) const;

 private:
  static constexpr std::size_t kShardBits = 6;
  struct Shard {
    std::mutex lock;
    std::vector<std::unordered_map<Key, FeatureName>> names;  // by field
  };

  std::vector<std::string> fields_;
  std::array<Shard, 1 << kShardBits> shards_;  // by the key's top bits
};

}  // namespace fathom
