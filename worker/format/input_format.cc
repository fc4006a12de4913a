#include "worker/format/input_format.h"

#include "common/check.h"

namespace fathom {

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kGenerated>(const DataConfig&,
                                                                std::vector<std::string>) {
  FATHOM_CHECK(!"generated data have no text");
  return nullptr;
}

std::unique_ptr<InputFormat> MakeInputFormat(const DataConfig& data,
                                             std::vector<std::string> wanted) {
  using Maker = std::unique_ptr<InputFormat> (*)(const DataConfig&, std::vector<std::string>);
  static constexpr Maker kMakers[] = {
#define FATHOM_FORMAT(kind, name, traits) MakeFormat<DataFormat::kind>,
#include "common/config/formats.def"
#undef FATHOM_FORMAT
  };
  return kMakers[static_cast<std::size_t>(data.format)](data, std::move(wanted));
}

}  // namespace fathom
