#include "worker/format/index_pair_format.h"

#include "worker/format/index_pairs.h"
#include "worker/text/csv.h"

namespace fathom {

IndexPairFormat::IndexPairFormat(const IndexPairForm& form, std::vector<std::string> wanted)
    : form_(form),
      lists_(std::move(wanted)),
      none_(lists_.wanted().size()),
      label_(lists_.Slot(kLabelColumn)),
      rest_(form.rest_column.empty() ? none_ : lists_.Slot(form.rest_column)),
      group_(form.group_column.empty() ? none_ : lists_.Slot(form.group_column)) {
  for (std::size_t slot = 0; slot < none_; ++slot) {
    if (const auto range = IndexRange::Parse(lists_.wanted()[slot]))
      ranges_.emplace_back(*range, slot);
  }
}

bool IndexPairFormat::HoldsNothing(std::string_view record) const { return HasNoPairs(record); }

FileColumns IndexPairFormat::Resolve(const std::string& file, std::string_view /*first*/) {
  for (std::size_t slot = 0; slot < lists_.wanted().size(); ++slot) {
    const std::string& name = lists_.wanted()[slot];
    const bool named = slot == label_ || slot == rest_ || slot == group_;
    if (!named && !IsIndex(name) && !IndexRange::Parse(name))
      NoSuchColumn(file, name, form_.columns);
  }
  return {};
}

std::string IndexPairFormat::Split(const Record& record, const FileColumns& /*columns*/,
                                   std::vector<std::string_view>* values) {
  std::string_view line = WithoutLineEnd(record.text);
  lists_.Clear();
  const std::string_view label = TakeLabel(&line);
  if (label_ != none_ && label.empty()) return kNoLabel;
  const std::string_view group = form_.group_column.empty() ? std::string_view() : TakeGroup(&line);
  if (group_ != none_ && group.empty()) return kNoGroup;
  std::string error;
  for (IndexPair pair; NextIndexPair(&line, form_.pair, &pair, &error);) {
    const std::size_t slot = lists_.Slot(pair.first);
    bool named = slot != none_;
    if (named) lists_.Add(slot, pair.rest);
    for (const auto& [range, range_slot] : ranges_) {
      if (!range.Has(pair.first)) continue;
      lists_.Add(range_slot, form_.range_has_index ? pair.token : pair.rest);
      named = true;
    }
    if (!named && rest_ != none_) {
      lists_.Add(rest_, pair.token);
    }
  }
  lists_.Get(values);
  if (label_ != none_) (*values)[label_] = label;
  if (group_ != none_) (*values)[group_] = group;
  return error;
}

}  // namespace fathom
