// Lines of a label and index pairs (index_pairs.h): a column named by a number holds the pairs of
// that index, one named by a range ("100..200") the pairs of all indices in it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "worker/format/index_range.h"
#include "worker/format/input_format.h"
#include "worker/format/pair_lists.h"

namespace fathom {

// How one format writes and names its pairs.
struct IndexPairForm {
  const char* pair;               // as in an error: "index:value"
  const char* columns;            // that a file has, for people
  std::string_view rest_column;   // holds all pairs that no wanted column names; empty: none does
  std::string_view group_column;  // holds what stands behind "qid:"; empty: none does
  bool range_has_index = false;   // a range's pairs come with the index that chose them
};

class IndexPairFormat final : public InputFormat {
 public:
  IndexPairFormat(const IndexPairForm& form, std::vector<std::string> wanted);

  bool HoldsNothing(std::string_view record) const override;
  FileColumns Resolve(const std::string& file, std::string_view first) override;
  std::string Split(const Record& record, const FileColumns& columns,
                    std::vector<std::string_view>* values) override;

 private:
  IndexPairForm form_;
  PairLists lists_;
  std::size_t none_;   // what is not wanted
  std::size_t label_;  // where the label is among the wanted columns
  std::size_t rest_;   // and the column of all other pairs
  std::size_t group_;  // and the line's group
  std::vector<std::pair<IndexRange, std::size_t>> ranges_;  // and each range
};

}  // namespace fathom
