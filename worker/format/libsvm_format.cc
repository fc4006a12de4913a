// libsvm: label [qid:group] index:value ... [# comment]. Column "7" is the value of index 7; column
// "100..200" is the pairs whose index lies between; column "features" is all pairs whose index no
// wanted column names; column "qid" is the group.
#include "worker/format/index_pair_format.h"

namespace fathom {
namespace {

constexpr IndexPairForm kLibsvmForm = {.pair = "index:value",
                                       .columns =
                                           "label, qid, features, each index by its number and "
                                           "ranges such as \"100..200\"",
                                       .rest_column = kFeaturesColumn,
                                       .group_column = "qid",
                                       .range_has_index = true};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kLibsvm>(const DataConfig& /*data*/,
                                                             std::vector<std::string> wanted) {
  return std::make_unique<IndexPairFormat>(kLibsvmForm, std::move(wanted));
}

}  // namespace fathom
