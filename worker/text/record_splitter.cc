#include "worker/text/record_splitter.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "common/error.h"
#include "worker/text/csv.h"
#include "worker/text/number.h"

namespace fathom {
namespace {

constexpr int kCriteoNumbers = 13;
constexpr int kCriteoCategories = 26;
constexpr std::string_view kFeatures = "features";
constexpr std::string_view kLabel = "label";

std::vector<std::string> CriteoNames() {
  std::vector<std::string> names = {std::string(kLabel)};
  for (int i = 1; i <= kCriteoNumbers; ++i) names.push_back("I" + std::to_string(i));
  for (int i = 1; i <= kCriteoCategories; ++i) names.push_back("C" + std::to_string(i));
  return names;
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool IsIndex(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string WrongFields(std::size_t fields, const FileColumns& columns) {
  return fmt::format("{} fields where {} are expected", fields, columns.fields);
}

// The next token between blanks; empty at the end.
std::string_view NextToken(std::string_view* text) {
  const std::size_t begin = text->find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  const std::size_t end = std::min(text->find_first_of(" \t", begin), text->size());
  const std::string_view token = text->substr(begin, end - begin);
  text->remove_prefix(end);
  return token;
}

}  // namespace

RecordSplitter::RecordSplitter(const DataConfig& data, std::vector<std::string> wanted)
    : data_(data),
      wanted_(std::move(wanted)),
      pairs_(data.format == DataFormat::kLibsvm || data.format == DataFormat::kLibffm),
      trims_(data.trim && QuotedSeparator(data) != 0),
      separator_(data.format == DataFormat::kCsv ? ',' : '\t'),
      needed_(wanted_.size()),
      joined_(wanted_.size()) {
  std::iota(needed_.begin(), needed_.end(), std::size_t{0});
}

char RecordSplitter::QuotedSeparator(const DataConfig& data) {
  if (data.format == DataFormat::kCsv) return ',';
  return data.format == DataFormat::kTsv ? '\t' : '\0';
}

char RecordSplitter::FieldSeparator(const DataConfig& data) {
  return data.format == DataFormat::kCriteo ? '\t' : QuotedSeparator(data);
}

bool RecordSplitter::HasHeader(const DataConfig& data) {
  return QuotedSeparator(data) != 0 && data.header;
}

FileColumns RecordSplitter::Resolve(const std::filesystem::path& file, std::string_view header) {
  FileColumns columns;
  if (pairs_) return columns;
  std::vector<std::string> names =
      data_.format == DataFormat::kCriteo ? CriteoNames() : data_.names;
  if (HasHeader(data_)) {
    const std::string error = SplitCsv(header, separator_, data_.trim, &fields_, &unescaped_);
    if (!error.empty()) Fail(ExitCode::kData, "{}:1: the header: {}", file.string(), error);
    names.assign(fields_.begin(), fields_.end());
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (names.front().rfind(kByteOrderMark, 0) == 0) names.front().erase(0, kByteOrderMark.size());
  }
  columns.fields = names.size();
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!places.emplace(names[i], i).second)
      Fail(ExitCode::kData, "{}:1: the header names the column \"{}\" twice", file.string(),
           names[i]);
  }
  for (const std::string& name : wanted_) {
    const auto place = places.find(name);
    if (place == places.end()) {
      Fail(ExitCode::kData,
           "{}: there is no column \"{}\"; the columns are {} (and those of the joined tables): "
           "mend the "
           "config's column, label, split_by or group_by, or the header",
           file.string(), name, Listed(names));
    }
    columns.positions.push_back(place->second);
  }
  return columns;
}

std::string RecordSplitter::Split(const Record& record, const FileColumns& columns,
                                  std::vector<std::string_view>* values) {
  values->resize(wanted_.size());
  if (!record.cuts.empty()) return TakeCuts(record, columns, values);
  return pairs_ ? SplitPairs(WithoutLineEnd(record.text), values)
                : SplitFields(record.text, columns, values);
}

std::string RecordSplitter::TakeCuts(const Record& record, const FileColumns& columns,
                                     std::vector<std::string_view>* values) const {
  const std::uint32_t* cuts = record.cuts.data();
  if (record.cuts.size() != columns.fields + 1) return WrongFields(record.cuts.size() - 1, columns);
  // The last field ends before the line end's \r, if there is one.
  const std::string_view line = WithoutLineEnd(record.text);
  const auto end = static_cast<std::uint32_t>(line.data() + line.size() - record.block);
  for (const std::size_t i : needed_) {
    const std::size_t field = columns.positions[i];
    const std::uint32_t begin = cuts[field] + 1;
    (*values)[i] = {record.block + begin, std::min(cuts[field + 1], end) - begin};
  }
  if (trims_) {
    for (const std::size_t i : needed_) (*values)[i] = TrimmedField((*values)[i]);
  }
  return {};
}

std::string RecordSplitter::SplitFields(std::string_view record, const FileColumns& columns,
                                        std::vector<std::string_view>* values) {
  if (data_.format == DataFormat::kCriteo) {
    // No quotes in this format: a quote is a character like others.
    record = WithoutLineEnd(record);
    fields_.clear();
    for (std::size_t at = 0;;) {
      const std::size_t end = std::min(record.find('\t', at), record.size());
      fields_.push_back(record.substr(at, end - at));
      if (end == record.size()) break;
      at = end + 1;
    }
  } else {
    std::string error = SplitCsv(record, separator_, data_.trim, &fields_, &unescaped_);
    if (!error.empty()) return error;
  }
  if (fields_.size() != columns.fields) return WrongFields(fields_.size(), columns);
  for (const std::size_t i : needed_) (*values)[i] = fields_[columns.positions[i]];
  return {};
}

std::string RecordSplitter::SplitPairs(std::string_view record,
                                       std::vector<std::string_view>* values) {
  for (std::string& text : joined_) text.clear();
  const bool ffm = data_.format == DataFormat::kLibffm;
  const std::string_view label = NextToken(&record);
  for (std::string_view token = NextToken(&record); !token.empty(); token = NextToken(&record)) {
    if (token.front() == '#') break;  // a comment, as svm-light has them
    const std::size_t first = token.find(':');
    const std::size_t last = token.rfind(':');
    const bool shaped = first != std::string_view::npos && (ffm ? last > first : last == first);
    const std::string_view head = token.substr(0, first);
    if (!shaped || !IsIndex(head) || !ParseNumber(token.substr(last + 1))) {
      return fmt::format("\"{}\" is no {}", token, ffm ? "field:index:value" : "index:value");
    }
    std::size_t slot =
        static_cast<std::size_t>(std::find(wanted_.begin(), wanted_.end(), head) - wanted_.begin());
    std::string_view text = token.substr(first + 1);
    if (slot == wanted_.size() && !ffm) {
      slot = static_cast<std::size_t>(std::find(wanted_.begin(), wanted_.end(), kFeatures) -
                                      wanted_.begin());
      text = token;
    }
    if (slot == wanted_.size()) continue;
    std::string& joined = joined_[slot];
    if (!joined.empty()) joined += ' ';
    joined += text;
  }
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    (*values)[i] = wanted_[i] == kLabel ? label : std::string_view(joined_[i]);
  return {};
}

}  // namespace fathom
