#include "worker/ingest/data_records.h"

#include <optional>
#include <utility>

#include "common/error.h"
#include "common/log_line.h"
#include "worker/parquet/parquet_blocks.h"
#include "worker/text/text_blocks.h"

namespace fathom {
namespace {

// The columns that lines are asked for, and how a list is written where the file knows lists.
std::vector<ParquetColumn> ParquetColumns(const InputSchema& schema) {
  std::vector<ParquetColumn> columns;
  for (const std::string& name : schema.line_columns()) {
    columns.push_back({.name = name});
    for (const ColumnConfig& column : schema.config().columns) {
      const bool list = SourceOf(column) == name && column.kind == ColumnKind::kMultivalent;
      if (list && columns.back().separator == 0) columns.back().separator = column.separator[0];
    }
  }
  return columns;
}

[[noreturn]] void FailEmpty(const InputFile& file) {
  Fail(ExitCode::kData, "{}: the file is empty: name files with examples, or remove it", file.name);
}

// A block that was read already, and what follows it.
class BlocksFrom : public BlockSource {
 public:
  BlocksFrom(TextBlock first, std::unique_ptr<BlockSource> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  bool Next(TextBlock* block) override {
    if (!first_) return rest_->Next(block);
    *block = *std::exchange(first_, std::nullopt);
    return true;
  }

 private:
  std::optional<TextBlock> first_;
  std::unique_ptr<BlockSource> rest_;
};

}  // namespace

DataRecords::DataRecords(const InputSchema& schema) : schema_(schema) {
  const RecordReader reader(schema);
  separator_ = reader.format().FieldSeparator();
  quoted_separator_ = reader.format().QuotedSeparator();
}

DataRecords::DataRecords(const InputSchema& schema, std::vector<InputFile> files,
                         std::size_t first_test_file)
    : DataRecords(schema) {
  files_ = std::move(files);
  first_test_file_ = first_test_file;
  for (const InputFile& file : files_) {
    columns_.push_back(ResolveFile(file));
    SayHeader(file);
  }
}

DataRecords DataRecords::OfPipe(const InputSchema& schema, const InputFile& pipe,
                                std::unique_ptr<BlockSource>* text) {
  DataRecords records(schema);
  records.files_ = {pipe};
  auto arriving = std::make_unique<TextBlockReader>(records.files_, records.quoted_separator_,
                                                    Arrival::kAsItComes);
  TextBlock first;
  records.columns_.push_back(records.ResolvePipe(*arriving, &first));
  records.SayHeader(pipe);
  *text = std::make_unique<BlocksFrom>(std::move(first), std::move(arriving));
  return records;
}

void DataRecords::SayHeader(const InputFile& file) const {
  if (columns_.back().has_header && !schema_.config().data.header)
    LogInfo("{}: its first line names the columns and is skipped", file.name);
}

// *first: what has come with the first record, and the blank lines before it.
FileColumns DataRecords::ResolvePipe(BlockSource& text, TextBlock* first) const {
  RecordReader reader(schema_);
  Record record;
  for (TextBlock more; text.Next(&more);) {
    const std::string before = std::move(first->text);
    *first = std::move(more);
    first->text.insert(0, before);
    first->first_line = 1;
    first->starts_file = true;
    if (FirstRecord(reader, *first, &record)) return reader.Resolve(files_[0].name, record.text);
  }
  FailEmpty(files_[0]);
}

std::unique_ptr<BlockSource> DataRecords::OpenTraining() const {
  return Open({files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(first_test_file_)});
}

std::unique_ptr<BlockSource> DataRecords::Open(std::vector<InputFile> files) const {
  const DataConfig& data = schema_.config().data;
  if (data.format == DataFormat::kParquet)
    return std::make_unique<ParquetBlocks>(std::move(files), ParquetColumns(schema_), data.duckdb);
  return std::make_unique<TextBlockReader>(std::move(files), quoted_separator_);
}

FileColumns DataRecords::ResolveFile(const InputFile& file) const {
  RecordReader reader(schema_);
  const auto text = Open({file});
  TextBlock block;
  for (Record first; text->Next(&block);) {
    if (FirstRecord(reader, block, &first)) return reader.Resolve(file.name, first.text);
  }
  // Its schema is there all the same, as the header of a file of text would be.
  if (schema_.config().data.format == DataFormat::kParquet) return {};
  FailEmpty(file);
}

bool DataRecords::FirstRecord(RecordReader& reader, const TextBlock& block, Record* first) const {
  RecordStream records = Records(block);
  while (records.Next(first)) {
    if (!reader.format().HoldsNothing(first->text)) return true;
  }
  return false;
}

RecordStream DataRecords::Records(const TextBlock& block) const {
  return {block, quoted_separator_, separator_};
}

std::string DataRecords::Header() const {
  if (!schema_.config().data.header) return {};
  std::string header;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    if (!columns_[f].has_header) continue;
    const auto text = Open({files_[f]});
    TextBlock block;
    Record first;
    if (!text->Next(&block) || !Records(block).Next(&first)) continue;
    std::string own(first.text);
    if (own.back() != '\n') own += '\n';
    if (f > 0 && own != header) {
      Fail(ExitCode::kData,
           "{}: its header is another one than that of {}: lines of both cannot stand in one file",
           files_[f].name, files_.front().name);
    }
    header = std::move(own);
  }
  return header;
}

}  // namespace fathom
