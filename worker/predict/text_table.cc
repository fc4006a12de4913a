#include "worker/predict/text_table.h"

#include <algorithm>

#include "common/error.h"
#include "worker/format/input_format.h"
#include "worker/input/input_paths.h"
#include "worker/text/csv.h"
#include "worker/text/record_stream.h"
#include "worker/text/text_blocks.h"

namespace fathom {
namespace {

// The first record that is not blank; empty: there is none.
std::string FirstRecord(const std::string& file) {
  TextBlockReader text({InputFile(file)}, Separator(0));
  TextBlock block;
  while (text.Next(&block)) {
    RecordStream records(block, Separator(0), 0);
    if (Record record; records.Next(&record)) return std::string(record.text);
  }
  return {};
}

std::string Listed(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

TextTable::TextTable(const std::filesystem::path& file, const Scorer& scorer,
                     const std::vector<std::string>& wanted)
    : file_(file.string()), data_(scorer.config().data) {
  CheckReadable(file_);
  if (CanBeReadOnce(file_)) {
    Fail(ExitCode::kData,
         "{}: a pipe, which can be read only once: write it to a file, and name that", file_);
  }
  const std::string first = FirstRecord(file_);
  if (FindHeader(first, wanted)) return;
  const bool named = Has(data_.format, FormatTrait::kNamedFields) && data_.header;
  if (named || Has(data_.format, FormatTrait::kNoText) || data_.format == DataFormat::kParquet) {
    Fail(ExitCode::kData,
         "{}:1: no column of the model is in its header: give it a header with at least one of {}",
         file_, Listed(wanted));
  }
  for (const ScoringInput& input : scorer.inputs()) {
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), input.name) != wanted.end();
    if (is_wanted && input.required) columns_.push_back(input.name);
  }
  MakeInputFormat(data_, columns_)->Resolve(file_, first);
}

bool TextTable::FindHeader(std::string_view first, const std::vector<std::string>& wanted) {
  const bool own = Has(data_.format, FormatTrait::kNamedFields) && !data_.separator.empty();
  std::vector<std::pair<std::string, bool>> forms = {{",", true}, {"\t", true}};
  if (own) forms.insert(forms.begin(), {data_.separator, data_.quote == Quote::kDouble});
  for (const auto& [separator, quoted] : forms) {
    separator_ = Separator(separator);
    quoted_ = quoted;
    std::vector<std::string_view> fields;
    std::string unescaped;
    if (!Split(first, &fields, &unescaped).empty()) continue;
    const bool found = std::any_of(fields.begin(), fields.end(), [&](std::string_view field) {
      return std::find(wanted.begin(), wanted.end(), field) != wanted.end();
    });
    if (!found) continue;
    columns_.assign(fields.begin(), fields.end());
    return true;
  }
  separator_ = Separator(0);
  return false;
}

std::string TextTable::Split(std::string_view record, std::vector<std::string_view>* fields,
                             std::string* unescaped) const {
  if (quoted_) return SplitCsv(record, separator_, data_.trim, fields, unescaped);
  SplitUnquoted(record, separator_, data_.trim, fields);
  return {};
}

void TextTable::ForEach(const Row& row) const {
  if (separator_.none()) return ForEachOfFormat(row);
  ForEachWithHeader(row);
}

void TextTable::ForEachWithHeader(const Row& row) const {
  const Separator quoted = quoted_ ? separator_ : Separator(0);
  TextBlockReader text({InputFile(file_)}, quoted);
  std::vector<std::string_view> fields;
  std::string unescaped;
  bool is_header = true;
  for (TextBlock block; text.Next(&block);) {
    RecordStream records(block, quoted, 0);
    for (Record record; records.Next(&record);) {
      std::string wrong = Split(record.text, &fields, &unescaped);
      if (wrong.empty() && fields.size() != columns_.size())
        wrong = fmt::format("{} fields where {} are expected", fields.size(), columns_.size());
      if (!wrong.empty()) Fail(ExitCode::kData, "{}:{}: {}", file_, record.line, wrong);
      if (!is_header) row(fields, record.line);
      is_header = false;
    }
  }
}

void TextTable::ForEachOfFormat(const Row& row) const {
  const auto format = MakeInputFormat(data_, columns_);
  TextBlockReader text({InputFile(file_)}, format->QuotedSeparator());
  std::vector<std::string_view> values;
  FileColumns columns;
  bool is_first = true;
  for (TextBlock block; text.Next(&block);) {
    RecordStream records(block, format->QuotedSeparator(), 0);
    for (Record record; records.Next(&record);) {
      if (is_first) columns = format->Resolve(file_, record.text);
      const bool is_header = is_first && columns.has_header;
      is_first = false;
      if (is_header || format->HoldsNothing(record.text)) continue;
      const std::string wrong = format->Split(record, columns, &values);
      if (!wrong.empty()) Fail(ExitCode::kData, "{}:{}: {}", file_, record.line, wrong);
      for (std::string_view& value : values) value = value.data() == nullptr ? "" : value;
      row(values, record.line);
    }
  }
}

}  // namespace fathom
