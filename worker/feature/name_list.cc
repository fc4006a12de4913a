#include "worker/feature/name_list.h"

#include <algorithm>

namespace fathom {

void NameList::Add(std::size_t field, Key key, std::string_view text) {
  Shard& shard = shards_[key >> (64 - kShardBits)];
  const std::lock_guard lock(shard.lock);
  const auto [place, is_new] = shard.names[field].try_emplace(key);
  FeatureName& name = place->second;
  if (is_new) {
    name.text = text;
  } else if (name.text != text) {
    name.others = true;
    if (text < name.text) name.text = text;
  }
}

void NameList::Write(const std::function<void(std::string_view)>& write) const {
  write(kNamesHeader);
  std::vector<const std::pair<const Key, FeatureName>*> sorted;
  std::string lines;
  for (std::size_t field = 0; field < fields_.size(); ++field) {
    // Shards ascend by key.
    for (const Shard& shard : shards_) {
      sorted.clear();
      for (const auto& name : shard.names[field]) sorted.push_back(&name);
      std::sort(sorted.begin(), sorted.end(),
                [](const auto* a, const auto* b) { return a->first < b->first; });
      lines.clear();
      for (const auto* name : sorted)
        AddNameLine(fields_[field], name->first, name->second, &lines);
      write(lines);
    }
  }
}

}  // namespace fathom
