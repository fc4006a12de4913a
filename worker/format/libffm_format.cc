// libffm: label field:index:value ... Column "3" is the index:value pairs of field 3,
// column "3..5" those of fields 3 to 5.
#include "worker/format/index_pair_format.h"

namespace fathom {
namespace {

constexpr IndexPairForm kLibffmForm = {.pair = "field:index:value",
                                       .columns =
                                           "label, each field by its number and "
                                           "ranges such as \"3..5\"",
                                       .rest_column = {},
                                       .group_column = {}};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kLibffm>(const DataConfig& /*data*/,
                                                             std::vector<std::string> wanted) {
  return std::make_unique<IndexPairFormat>(kLibffmForm, std::move(wanted));
}

}  // namespace fathom
