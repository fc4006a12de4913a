#include "worker/feature/side_table.h"

#include <algorithm>

#include "common/error.h"
#include "worker/input/input_paths.h"
#include "worker/text/csv.h"
#include "worker/text/record_stream.h"
#include "worker/text/text_blocks.h"

namespace fathom {
namespace {

// One record into its fields, as the side table's settings have it.
std::string SplitRecord(std::string_view record, const JoinConfig& join, const Separator& separator,
                        bool trim, std::vector<std::string_view>* fields, std::string* unescaped) {
  if (join.quote == Quote::kDouble) return SplitCsv(record, separator, trim, fields, unescaped);
  SplitUnquoted(record, separator, trim, fields);
  return {};
}

}  // namespace

SideTable::SideTable(const DataConfig& data, const JoinConfig& join) : join_(join) {
  const std::string file = (std::filesystem::path(data.dir) / join.file).string();
  const std::string on = join.on.empty() ? join.key : join.on;
  CheckReadable(file);
  if (CanBeReadOnce(file)) {
    Fail(ExitCode::kData,
         "{}: a pipe, which can be read only once: [[join]] reads plain files; write it to one",
         file);
  }
  const Separator separator(join.separator);
  const Separator quoted = join.quote == Quote::kDouble ? separator : Separator(0);
  TextBlockReader reader({InputFile(file)}, quoted);
  TextBlock block;
  std::vector<std::string_view> fields;
  std::string unescaped;
  std::size_t key_column = 0;
  while (reader.Next(&block)) {
    RecordStream records(block, quoted, 0);
    for (Record record; records.Next(&record);) {
      const std::string error =
          SplitRecord(record.text, join, separator, data.trim, &fields, &unescaped);
      if (!error.empty()) Fail(ExitCode::kData, "{}:{}: {}", file, record.line, error);
      if (columns_.empty()) {
        columns_.assign(fields.begin(), fields.end());
        key_column = static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), on) -
                                              columns_.begin());
        if (key_column == columns_.size())
          Fail(ExitCode::kData, "{}:1: there is no column \"{}\" to join on", file, on);
        continue;
      }
      if (fields.size() != columns_.size())
        Fail(ExitCode::kData, "{}:{}: {} fields where {} are expected", file, record.line,
             fields.size(), columns_.size());
      if (!rows_.try_emplace(std::string(fields[key_column]), fields.begin(), fields.end())
               .second) {
        Fail(ExitCode::kData,
             "{}:{}: the key {} = \"{}\" comes a second time: a join needs one row a key", file,
             record.line, on, fields[key_column]);
      }
    }
  }
  if (columns_.empty())
    Fail(ExitCode::kData, "{}: the file is empty: a joined table needs a header", file);
}

const std::vector<std::string>* SideTable::Find(const std::string& key) const {
  const auto row = rows_.find(key);
  return row == rows_.end() ? nullptr : &row->second;
}

}  // namespace fathom
