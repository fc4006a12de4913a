// csv, tsv: fields between commas or tabs, quoted as RFC 4180 has it. Columns by the header's
// names, or by data.names.
#include "common/error.h"
#include "worker/text/csv.h"
#include "worker/text/placed_fields.h"

namespace fathom {
namespace {

class CsvFormat : public InputFormat {
 public:
  CsvFormat(const DataConfig& data, std::vector<std::string> wanted, char separator)
      : fields_(std::move(wanted), data.trim),
        names_(data.names),
        header_(data.header),
        trim_(data.trim),
        separator_(separator) {}

  char QuotedSeparator() const override { return separator_; }
  char FieldSeparator() const override { return separator_; }
  bool HasHeader() const override { return header_; }

  FileColumns Resolve(const std::filesystem::path& file, std::string_view header) override {
    if (!header_) return fields_.Resolve(file, names_);
    const std::string error = SplitCsv(header, separator_, trim_, &split_, &unescaped_);
    if (!error.empty()) Fail(ExitCode::kData, "{}:1: the header: {}", file.string(), error);
    std::vector<std::string> names(split_.begin(), split_.end());
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (names.front().rfind(kByteOrderMark, 0) == 0) names.front().erase(0, kByteOrderMark.size());
    return fields_.Resolve(file, names);
  }

  std::string Split(const Record& record, const FileColumns& columns,
                    std::vector<std::string_view>* values) override {
    if (!record.cuts.empty()) return fields_.TakeCuts(record, columns, values);
    std::string error = SplitCsv(record.text, separator_, trim_, &split_, &unescaped_);
    return error.empty() ? fields_.Take(split_, columns, values) : error;
  }

  void Only(std::vector<std::size_t> wanted) override { fields_.Only(std::move(wanted)); }

 private:
  PlacedFields fields_;
  std::vector<std::string> names_;  // without a header
  bool header_;
  bool trim_;
  char separator_;
  std::vector<std::string_view> split_;
  std::string unescaped_;
};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kCsv>(const DataConfig& data,
                                                          std::vector<std::string> wanted) {
  return std::make_unique<CsvFormat>(data, std::move(wanted), ',');
}

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kTsv>(const DataConfig& data,
                                                          std::vector<std::string> wanted) {
  return std::make_unique<CsvFormat>(data, std::move(wanted), '\t');
}

}  // namespace fathom
