// parquet: rows whose fields are known (worker/parquet/parquet_blocks.h): each record has the
// wanted columns, in their order.
#include <numeric>

#include "worker/format/input_format.h"

namespace fathom {
namespace {

class ParquetFormat : public InputFormat {
 public:
  explicit ParquetFormat(std::size_t wanted) : needed_(wanted), values_(wanted) {
    std::iota(needed_.begin(), needed_.end(), std::size_t{0});
  }

  FileColumns Resolve(const std::string& /*file*/, std::string_view /*first*/) override {
    return {};
  }

  std::string Split(const Record& record, const FileColumns& /*columns*/,
                    std::vector<std::string_view>* values) override {
    values->resize(values_);
    for (const std::size_t i : needed_) {
      const std::uint32_t begin = record.cuts[i] + 1;
      (*values)[i] = {record.block + begin, record.cuts[i + 1] - begin};
    }
    return {};
  }

  void Only(std::vector<std::size_t> wanted) override { needed_ = std::move(wanted); }

 private:
  std::vector<std::size_t> needed_;  // among the wanted columns
  std::size_t values_;
};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kParquet>(const DataConfig& /*data*/,
                                                              std::vector<std::string> wanted) {
  return std::make_unique<ParquetFormat>(wanted.size());
}

}  // namespace fathom
