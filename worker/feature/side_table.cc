#include "worker/feature/side_table.h"

#include <algorithm>

#include "common/error.h"
#include "worker/text/csv.h"
#include "worker/text/input_files.h"

namespace fathom {
namespace {

constexpr char kSeparator = ',';

}  // namespace

SideTable::SideTable(const DataConfig& data, const JoinConfig& join) : join_(join) {
  const std::string file = (std::filesystem::path(data.dir) / join.file).string();
  const std::string on = join.on.empty() ? join.key : join.on;
  TextBlockReader reader({file}, kSeparator);
  TextBlock block;
  std::vector<std::string_view> fields;
  std::string unescaped;
  std::size_t key_column = 0;
  while (reader.Next(&block)) {
    std::uint64_t line = block.first_line;
    for (std::size_t at = 0; at < block.text.size();) {
      const std::size_t end = CsvRecordEnd(block.text, at, kSeparator, true);
      const std::string_view record = std::string_view(block.text).substr(at, end - at);
      const std::uint64_t this_line = line;
      line += static_cast<std::uint64_t>(std::count(record.begin(), record.end(), '\n'));
      at = end;
      if (WithoutLineEnd(record).empty()) continue;
      const std::string error = SplitCsv(record, kSeparator, data.trim, &fields, &unescaped);
      if (!error.empty()) Fail(ExitCode::kData, "{}:{}: {}", file, this_line, error);
      if (columns_.empty()) {
        columns_.assign(fields.begin(), fields.end());
        key_column = static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), on) -
                                              columns_.begin());
        if (key_column == columns_.size())
          Fail(ExitCode::kData, "{}:1: there is no column \"{}\" to join on", file, on);
        continue;
      }
      if (fields.size() != columns_.size())
        Fail(ExitCode::kData, "{}:{}: {} fields where {} are expected", file, this_line,
             fields.size(), columns_.size());
      if (!rows_.try_emplace(std::string(fields[key_column]), fields.begin(), fields.end())
               .second) {
        Fail(ExitCode::kData,
             "{}:{}: the key {} = \"{}\" comes a second time: a join needs one row a key", file,
             this_line, on, fields[key_column]);
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
