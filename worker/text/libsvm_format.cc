// libsvm: label [qid:group] index:value ... [# comment]. Column "7" is the value of index 7; column
// "features" is all pairs whose index no wanted column names; column "qid" is the group.
#include "worker/text/index_pair_format.h"

namespace fathom {
namespace {

constexpr IndexPairForm kLibsvmForm = {
    .pair = "index:value",
    .columns = "label, qid, features and each index by its number",
    .rest_column = kFeaturesColumn,
    .group_column = "qid"};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kLibsvm>(const DataConfig& /*data*/,
                                                             std::vector<std::string> wanted) {
  return std::make_unique<IndexPairFormat>(kLibsvmForm, std::move(wanted));
}

}  // namespace fathom
