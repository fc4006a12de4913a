// parquet: is not there yet.
#include "common/error.h"
#include "worker/text/input_format.h"

namespace fathom {

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kParquet>(const DataConfig&,
                                                              std::vector<std::string>) {
  Fail(ExitCode::kUsage, "data.format = \"parquet\" is not there yet");
}

}  // namespace fathom
