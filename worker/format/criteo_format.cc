// criteo: fields between tabs, without quotes: label, I1 .. I13, C1 .. C26. A first line with these
// names is a header.
#include "worker/format/placed_fields.h"
#include "worker/text/csv.h"

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

  // A file to be scored may lack the label.
  FileColumns Resolve(const std::string& file, std::string_view first) override {
    std::vector<std::string> names = Names();
    SplitUnquoted(first, kSeparator, false, &split_);
    if (split_.size() + 1 == names.size() && !fields_.Wants(names.front()))
      names.erase(names.begin());
    return fields_.Resolve(file, names, split_);
  }

  std::string Split(const Record& record, const FileColumns& columns,
                    std::vector<std::string_view>* values) override {
    if (!record.cuts.empty()) return fields_.TakeCuts(record, columns, values);
    SplitUnquoted(record.text, kSeparator, false, &split_);
    return fields_.Take(split_, columns, values);
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
