// libffm: label field:index:value ... Column "3" is the index:value pairs of field 3.
#include "worker/text/index_pair_format.h"

namespace fathom {
namespace {

constexpr IndexPairForm kLibffmForm = {.pair = "field:index:value",
                                       .columns = "label and each field by its number",
                                       .rest_column = {},
                                       .group_column = {}};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kLibffm>(const DataConfig& /*data*/,
                                                             std::vector<std::string> wanted) {
  return std::make_unique<IndexPairFormat>(kLibffmForm, std::move(wanted));
}

}  // namespace fathom
