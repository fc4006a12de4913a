// vw: Vowpal Wabbit's lines, read as its own parser reads them:
//
//   label [importance] ['tag]|namespace[:scale] feature[:value] ... |other ...
//
// A namespace is a column: its features as feature:number pairs, number = value x scale. The
// namespace without a name is column "features". Column "importance" is the importance, 1 where
// there is none. Column "namespace^feature" is the number of that
// feature, which its namespace's column then lacks. Column "tag" is the tag. A feature without a
// name is named by how many such came before it in its namespace, a feature with a text for its
// value is named feature^text, and a feature whose number is 0 is left out, all as vw has it.
#include <charconv>
#include <cmath>

#include "common/error.h"
#include "worker/format/input_format.h"
#include "worker/format/pair_lists.h"
#include "worker/text/csv.h"
#include "worker/text/number.h"
#include "worker/text/token.h"

namespace fathom {
namespace {

constexpr std::string_view kTagColumn = "tag";
constexpr std::string_view kImportanceColumn = "importance";

// Whether vw takes the text after a feature's colon for a number: it begins like one.
bool BeginsAsNumber(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec !=
         std::errc::invalid_argument;
}

class VwFormat : public InputFormat {
 public:
  explicit VwFormat(std::vector<std::string> wanted)
      : lists_(std::move(wanted)),
        none_(lists_.wanted().size()),
        label_(lists_.Slot(kLabelColumn)),
        importance_(lists_.Slot(kImportanceColumn)),
        tag_(lists_.Slot(kTagColumn)) {
    for (const std::string& name : lists_.wanted()) names_features_ |= name.find('^') != kNpos;
  }

  bool HoldsNothing(std::string_view record) const override {
    return record.find_first_not_of(" \t\r\n") == kNpos;
  }

  // A namespace may have any name.
  FileColumns Resolve(const std::string& /*file*/, std::string_view /*first*/) override {
    return {};
  }

  std::string Split(const Record& record, const FileColumns& /*columns*/,
                    std::vector<std::string_view>* values) override {
    std::string_view line = WithoutLineEnd(record.text);
    lists_.Clear();
    std::size_t bar = line.find('|');
    if (bar == kNpos) return "the line has no |, which stands before each namespace's features";
    std::string_view label, importance = "1", tag;
    std::string error = ReadHead(line.substr(0, bar), &label, &importance, &tag);
    while (error.empty() && bar != kNpos) {
      line.remove_prefix(bar + 1);
      bar = line.find('|');
      error = ReadNamespace(line.substr(0, bar));
    }
    lists_.Get(values);
    if (label_ != none_) (*values)[label_] = label;
    if (importance_ != none_) (*values)[importance_] = importance;
    if (tag_ != none_) (*values)[tag_] = tag;
    return error;
  }

 private:
  // What stands before the first bar. Without a wanted label only the tag matters.
  std::string ReadHead(std::string_view head, std::string_view* label, std::string_view* importance,
                       std::string_view* tag) const {
    if (head.find('\t') != kNpos)
      return "a tab stands before the first |, where vw drops what is before the tab: write a "
             "blank";
    std::vector<std::string_view> words;
    for (std::string_view rest = head; !rest.empty();) {
      const std::string_view word = NextToken(&rest);
      if (!word.empty()) words.push_back(word);
    }
    // The last word is the tag if a quote begins it or no blank parts it from the bar.
    if (!words.empty() && (words.back().front() == '\'' || !IsBlank(head.back()))) {
      *tag = words.back();
      words.pop_back();
      if (tag->front() == '\'') tag->remove_prefix(1);
    }
    if (label_ == none_) return {};
    if (words.empty()) {
      return tag->empty() ? "the line has no label before its first |"
                          : fmt::format(
                                "the line has no label: \"{}\" is its tag, as a quote "
                                "begins it or no blank stands before the |",
                                *tag);
    }
    *label = words.front();
    if (words.size() > 1) *importance = words[1];
    if (importance_ == none_ && ParseNumber(*importance) != 1.0) {
      return fmt::format(
          "the importance {} is not 1: set data.weight = \"importance\" to have it count",
          *importance);
    }
    if (words.size() > 2)
      return fmt::format("\"{}\": label and importance may stand before the tag, no more",
                         words[2]);
    return {};
  }

  // What stands behind a bar: [namespace[:scale]] features.
  std::string ReadNamespace(std::string_view text) {
    std::string_view name = kFeaturesColumn;
    double scale = 1;
    if (!text.empty() && !IsBlank(text.front())) {
      const std::string_view head = NextToken(&text);
      const std::size_t colon = head.find(':');
      name = head.substr(0, colon);
      const auto number = colon == kNpos ? 1.0 : ParseNumber(head.substr(colon + 1));
      if (name.empty() || !number) return fmt::format("\"|{}\" is no |namespace:scale", head);
      scale = *number;
    }
    const std::size_t slot = lists_.Slot(name);
    const bool read = slot != none_ && slot != label_ && slot != importance_ && slot != tag_;
    std::size_t nameless = 0;
    for (std::string_view token = NextToken(&text); !token.empty(); token = NextToken(&text)) {
      std::string error = ReadFeature(name, read ? slot : none_, token, scale, &nameless);
      if (!error.empty()) return error;
    }
    return {};
  }

  std::string ReadFeature(std::string_view space, std::size_t slot, std::string_view token,
                          double scale, std::size_t* nameless) {
    const std::size_t colon = token.find(':');
    feature_ = token.substr(0, colon);
    double number = scale;
    if (colon != kNpos) {
      const std::string_view value = token.substr(colon + 1);
      const auto parsed = ParseNumber(value);
      if (parsed) {
        number = scale * *parsed;
        if (feature_.empty()) feature_ = std::to_string((*nameless)++);
      } else if (!value.empty() && value.find(':') == kNpos && !BeginsAsNumber(value)) {
        feature_ += '^';
        feature_ += value;
        number = 1;  // vw's scale does not reach these
      } else {
        return fmt::format("\"{}\" in the namespace {} is no feature:value", token, space);
      }
    }
    if (names_features_) {
      column_.assign(space);
      column_ += '^';
      column_ += feature_;
      const std::size_t own = lists_.Slot(column_);
      if (own != none_) {
        AppendNumber(number, &lists_.Add(own, {}));
        return {};
      }
    }
    if (slot == none_ || number == 0) return {};
    std::string& list = lists_.Add(slot, feature_);
    list += ':';
    AppendNumber(number, &list);
    return {};
  }

  static void AppendNumber(double number, std::string* text) {
    fmt::format_to(std::back_inserter(*text), "{}", number);
  }

  PairLists lists_;
  std::size_t none_;             // what is not wanted
  std::size_t label_;            // where the label is among the wanted columns
  std::size_t importance_;       // the importance
  std::size_t tag_;              // and the tag
  bool names_features_ = false;  // some wanted column is namespace^feature
  std::string feature_;          // its name
  std::string column_;           // namespace^feature
};

}  // namespace

template <>
std::unique_ptr<InputFormat> MakeFormat<DataFormat::kVw>(const DataConfig& /*data*/,
                                                         std::vector<std::string> wanted) {
  return std::make_unique<VwFormat>(std::move(wanted));
}

}  // namespace fathom
