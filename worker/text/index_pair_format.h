// Lines of a label and index pairs (index_pairs.h): a column named by a number holds the pairs of
// that index.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/text/input_format.h"
#include "worker/text/pair_lists.h"

namespace fathom {

// How one format writes and names its pairs.
struct IndexPairForm {
  const char* pair;               // as in an error: "index:value"
  const char* columns;            // that a file has, for people
  std::string_view rest_column;   // holds all pairs that no wanted column names; empty: none does
  std::string_view group_column;  // holds what stands behind "qid:"; empty: none does
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
};

}  // namespace fathom
