// criteo: fields between tabs, without a header and without quotes: label, I1 .. I13, C1 .. C26.
#include <algorithm>

#include "worker/text/csv.h"
#include "worker/text/placed_fields.h"

namespace fathom {
namespace {

constexpr int kNumbers = 13;
constexpr int kCategories = 26;
constexpr char kSeparator = '\t';

std::vector<std::string> Names() {
  std::vector<std::string> names = {"label"};
  for (int i = 1; i <= kNumbers; ++i) names.push_back("I" + std::to_string(i));
  for (int i = 1; i <= kCategories; ++i) names.push_back("C" + std::to_string(i));
  return names;
}

class CriteoFormat : public InputFormat {
 public:
  explicit CriteoFormat(std::vector<std::string> wanted) : fields_(std::move(wanted), false) {}

  char FieldSeparator() const override { return kSeparator; }

  FileColumns Resolve(const std::filesystem::path& file, std::string_view /*header*/) override {
    return fields_.Resolve(file, Names());
  }

  std::string Split(const Record& record, const FileColumns& columns,
                    std::vector<std::string_view>* values) override {
    if (!record.cuts.empty()) return fields_.TakeCuts(record, columns, values);
    const std::string_view line = WithoutLineEnd(record.text);
    split_.clear();
    for (std::size_t at = 0;;) {
      const std::size_t end = std::min(line.find(kSeparator, at), line.size());
      split_.push_back(line.substr(at, end - at));
      if (end == line.size()) return fields_.Take(split_, columns, values);
      at = end + 1;
    }
  }

  void Only(std::vector<std::size_t> wanted) override { fields_.Only(std::move(wanted)); }

 private:
  PlacedFields fields_;
  std::vector<std::string_view> split_;
};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kCriteo>(const DataConfig& /*data*/,
                                                             std::vector<std::string> wanted) {
  return std::make_unique<CriteoFormat>(std::move(wanted));
}

}  // namespace fathom
