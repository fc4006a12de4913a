// libsvm: label index:value ... Column "7" is the value of index 7; column "features" is all pairs
// whose index no wanted column names.
#include "worker/text/csv.h"
#include "worker/text/index_pairs.h"
#include "worker/text/input_format.h"
#include "worker/text/pair_lists.h"

namespace fathom {
namespace {

class LibsvmFormat : public InputFormat {
 public:
  explicit LibsvmFormat(std::vector<std::string> wanted)
      : lists_(std::move(wanted)),
        label_(lists_.Slot(kLabelColumn)),
        features_(lists_.Slot(kFeaturesColumn)),
        none_(lists_.wanted().size()) {}

  FileColumns Resolve(const std::filesystem::path& file, std::string_view /*header*/) override {
    for (const std::string& name : lists_.wanted()) {
      if (name != kLabelColumn && name != kFeaturesColumn && !IsIndex(name))
        NoSuchColumn(file, name, "label, features and each index by its number");
    }
    return {};
  }

  std::string Split(const Record& record, const FileColumns& /*columns*/,
                    std::vector<std::string_view>* values) override {
    std::string_view line = WithoutLineEnd(record.text);
    lists_.Clear();
    const std::string_view label = TakeLabel(&line);
    if (label_ != none_ && label.empty()) return kNoLabel;
    std::string error;
    for (IndexPair pair; NextIndexPair(&line, "index:value", &pair, &error);) {
      const std::size_t slot = lists_.Slot(pair.first);
      if (slot != none_) {
        lists_.Add(slot, pair.rest);
      } else if (features_ != none_) {
        lists_.Add(features_, pair.token);
      }
    }
    lists_.Get(values);
    if (label_ != none_) (*values)[label_] = label;
    return error;
  }

 private:
  PairLists lists_;
  std::size_t label_;     // where the label is among the wanted columns
  std::size_t features_;  // and the features
  std::size_t none_;      // what is not wanted
};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kLibsvm>(const DataConfig& /*data*/,
                                                             std::vector<std::string> wanted) {
  return std::make_unique<LibsvmFormat>(std::move(wanted));
}

}  // namespace fathom
