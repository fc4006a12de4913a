// csv, tsv: fields between commas or tabs, or data.separator, quoted as RFC 4180 has it unless
// data.quote is none. Columns by the header's names, or by data.names.
#include "common/error.h"
#include "worker/format/placed_fields.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

class CsvFormat : public InputFormat {
 public:
  CsvFormat(const DataConfig& data, std::vector<std::string> wanted, const char* separator)
      : fields_(std::move(wanted), data.trim),
        names_(data.names),
        header_(data.header),
        trim_(data.trim),
        quoted_(data.quote == Quote::kDouble),
        separator_(data.separator.empty() ? separator : data.separator) {}

  Separator QuotedSeparator() const override { return quoted_ ? separator_ : Separator(0); }
  char FieldSeparator() const override { return separator_.byte(); }

  FileColumns Resolve(const std::string& file, std::string_view first) override {
    const std::string error = SplitRecord(first);
    if (!header_) return fields_.Resolve(file, names_, split_);
    if (!error.empty()) Fail(ExitCode::kData, "{}:1: the header: {}", file, error);
    FileColumns columns = fields_.Resolve(file, {split_.begin(), split_.end()});
    columns.has_header = true;
    return columns;
  }

  std::string Split(const Record& record, const FileColumns& columns,
                    std::vector<std::string_view>* values) override {
    if (!record.cuts.empty()) return fields_.TakeCuts(record, columns, values);
    std::string error = SplitRecord(record.text);
    return error.empty() ? fields_.Take(split_, columns, values) : error;
  }

  void Only(std::vector<std::size_t> wanted) override { fields_.Only(std::move(wanted)); }

 private:
  std::string SplitRecord(std::string_view record) {
    if (quoted_) return SplitCsv(record, separator_, trim_, &split_, &unescaped_);
    SplitUnquoted(record, separator_, trim_, &split_);
    return {};
  }

  PlacedFields fields_;
  std::vector<std::string> names_;  // without a header
  bool header_;
  bool trim_;
  bool quoted_;
  Separator separator_;
  std::vector<std::string_view> split_;
  std::string unescaped_;
};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kCsv>(const DataConfig& data,
                                                          std::vector<std::string> wanted) {
  return std::make_unique<CsvFormat>(data, std::move(wanted), ",");
}

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kTsv>(const DataConfig& data,
                                                          std::vector<std::string> wanted) {
  return std::make_unique<CsvFormat>(data, std::move(wanted), "\t");
}

}  // namespace fathom
