#include "worker/feature/side_rows.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/error.h"
#include "worker/input/input_paths.h"
#include "worker/text/csv.h"
#include "worker/text/record_stream.h"
#include "worker/text/text_blocks.h"

namespace fathom {
namespace {

// How a table's text is written.
struct SideForm {
  Separator separator;
  Separator quoted_separator;  // none: a quote is a character like others
  bool trim;
};

// One thread's way through the text's blocks.
class SideReader {
 public:
  SideReader(SideForm form, std::string name) : form_(std::move(form)), name_(std::move(name)) {}

  void Read(const TextBlock& block, const SideRow& row) {
    RecordStream records(block, form_.quoted_separator, 0);
    for (Record record; records.Next(&record);) {
      const std::string error = Split(record.text);
      if (!error.empty()) Fail(ExitCode::kData, "{}:{}: {}", name_, record.line, error);
      row(fields_, record.line);
    }
  }

 private:
  std::string Split(std::string_view record) {
    if (!form_.quoted_separator.none())
      return SplitCsv(record, form_.separator, form_.trim, &fields_, &unescaped_);
    SplitUnquoted(record, form_.separator, form_.trim, &fields_);
    return {};
  }

  SideForm form_;
  std::string name_;
  std::vector<std::string_view> fields_;
  std::string unescaped_;
};

void AddField(std::string_view field, bool first, std::string* text) {
  if (!first) *text += ',';
  // A line that is one empty field would be a blank line.
  const bool quoted = field.empty() || field.find_first_of(",\"\r\n") != field.npos ||
                      field.front() == ' ' || field.back() == ' ';
  if (!quoted) {
    *text += field;
    return;
  }
  *text += '"';
  for (const char c : field) {
    if (c == '"') *text += '"';
    *text += c;
  }
  *text += '"';
}

}  // namespace

std::string SideTablePath(const DataConfig& data, const JoinConfig& join) {
  return (std::filesystem::path(data.dir) / join.file).string();
}

void ForEachSideRow(const DataConfig& data, const JoinConfig& join, const SideRow& row) {
  const std::string file = SideTablePath(data, join);
  CheckReadable(file);
  if (CanBeReadOnce(file)) {
    Fail(ExitCode::kData,
         "{}: a pipe, which can be read only once: [[join]] reads plain files; write it to one",
         file);
  }
  const Separator separator(join.separator);
  const Separator quoted = join.quote == Quote::kDouble ? separator : Separator(0);
  TextBlockReader text({InputFile(file)}, quoted);
  SideReader reader({separator, quoted, data.trim}, file);
  for (TextBlock block; text.Next(&block);) reader.Read(block, row);
}

void ForEachSideRow(const std::string& text, const std::string& name, const SideRow& row) {
  const Separator comma(",");
  SideReader({comma, comma, false}, name).Read({.starts_file = true, .text = text}, row);
}

std::string SideTableText(const DataConfig& data, const JoinConfig& join,
                          const std::function<bool(const std::string& column)>& keeps) {
  std::string text;
  std::vector<std::size_t> kept;
  bool is_header = true;
  ForEachSideRow(data, join, [&](const std::vector<std::string_view>& fields, std::uint64_t) {
    for (std::size_t c = 0; is_header && c < fields.size(); ++c) {
      if (keeps(std::string(fields[c]))) kept.push_back(c);
    }
    is_header = false;
    for (std::size_t k = 0; k < kept.size(); ++k) AddField(fields.at(kept[k]), k == 0, &text);
    text += '\n';
  });
  return text;
}

}  // namespace fathom
