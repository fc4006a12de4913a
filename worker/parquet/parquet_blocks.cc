#include "worker/parquet/parquet_blocks.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/error.h"

namespace fathom {
namespace {

std::string Quoted(const std::string& text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) quoted += c == quote ? std::string(2, quote) : std::string(1, c);
  return quoted + quote;
}

std::string RowsOf(const std::string& path) {
  return fmt::format(
      "read_parquet({}, binary_as_string = true, hive_partitioning = false, filename = false)",
      Quoted(path, '\''));
}

}  // namespace

ParquetBlocks::ParquetBlocks(std::vector<InputFile> files, std::vector<ParquetColumn> columns,
                             const std::string& library)
    : files_(std::move(files)), columns_(std::move(columns)), database_(library) {}

bool ParquetBlocks::Next(TextBlock* block) {
  while (query_ != nullptr || next_file_ < files_.size()) {
    if (query_ == nullptr) Open();
    if (FillFrom(block)) return true;
    query_.reset();
    file_.reset();
  }
  return false;
}

void ParquetBlocks::Open() {
  const InputFile& input = files_[next_file_++];
  file_ = std::make_unique<Descriptor>(input.path, O_RDONLY | O_NOCTTY);
  if (file_->get() < 0)
    Fail(ExitCode::kData, "{}: cannot be opened: {}", input.name, std::strerror(errno));
  const std::string path = fmt::format("/proc/self/fd/{}", file_->get());
  Describe(path);
  query_ = std::make_unique<DuckDbQuery>(database_, SelectOf(path), input.name, path);
  row_ = rows_ = 0;
  line_ = 2;  // behind the header
  copied_bytes_ = 0;
  for (const ParquetColumn& column : columns_) copied_bytes_ += CsvBytes(column.name) + 1;
  block_end_ = kTextBlockBytes;
  starts_file_ = true;
}

// Sets the types of the wanted columns.
void ParquetBlocks::Describe(const std::string& path) {
  const std::string& name = files_[next_file_ - 1].name;
  types_.assign(columns_.size(), {});
  forms_.clear();
  std::string all;
  DuckDbQuery schema(database_, "DESCRIBE SELECT * FROM " + RowsOf(path), name, path);
  while (schema.Next()) {
    for (std::uint64_t row = 0; row < schema.rows(); ++row) {
      const std::string_view column = schema.Column(0).Text(row);
      all += (all.empty() ? "" : ", ") + std::string(column);
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (columns_[c].name == column) types_[c] = schema.Column(1).Text(row);
      }
    }
  }
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (types_[c].empty()) {
      Fail(ExitCode::kData,
           "{}: there is no column \"{}\"; the columns are {} (and those of the joined tables): "
           "mend the config's column, label, split_by or group_by",
           name, columns_[c].name, all);
    }
    forms_.push_back(FormOf(types_[c]));
    if (forms_[c] == ParquetForm::kUnread) {
      Fail(ExitCode::kData,
           "{}: column \"{}\" is of type {}: only numbers, texts, times and lists of them are read",
           name, columns_[c].name, types_[c]);
    }
    if (forms_[c] == ParquetForm::kList && columns_[c].separator == 0) {
      Fail(ExitCode::kData,
           "{}: column \"{}\" holds lists ({}): let its [[column]] have kind = \"multivalent\"",
           name, columns_[c].name, types_[c]);
    }
  }
}

std::string ParquetBlocks::SelectOf(const std::string& path) const {
  std::string fields;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    fields += (c == 0 ? "" : ", ") + SelectAs(forms_[c], types_[c], Quoted(columns_[c].name, '"'));
  }
  return fmt::format("SELECT {} FROM {}", fields, RowsOf(path));
}

// The rows of the next block; false where the file has no more.
bool ParquetBlocks::FillFrom(TextBlock* block) {
  block->file = next_file_ - 1;
  block->first_line = line_;
  block->starts_file = std::exchange(starts_file_, false);
  block->fields = columns_.size();
  block->text.clear();
  block->cuts.assign(1, static_cast<std::uint32_t>(-1));
  std::uint64_t rows = 0;
  while (row_ < rows_ || query_->Next()) {
    if (row_ == rows_) TakeChunk();
    const std::size_t text_bytes = block->text.size(), cuts = block->cuts.size();
    const std::uint64_t copied_bytes = copied_bytes_;
    AddRow(block);
    if (copied_bytes_ > block_end_) {
      while (block_end_ < copied_bytes_) block_end_ += kTextBlockBytes;
      if (rows > 0) {  // the row is the next block's
        copied_bytes_ = copied_bytes;
        block->text.resize(text_bytes);
        block->cuts.resize(cuts);
        return true;
      }
    }
    ++rows;
    ++row_;
    ++line_;
  }
  return rows > 0;
}

void ParquetBlocks::TakeChunk() {
  row_ = 0;
  rows_ = query_->rows();
  vectors_.clear();
  elements_.clear();
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    vectors_.push_back(query_->Column(c));
    elements_.push_back(forms_[c] == ParquetForm::kList ? query_->ElementsOf(c) : DuckDbVector());
  }
}

void ParquetBlocks::AddRow(TextBlock* block) {
  std::string& text = block->text;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::size_t begin = text.size();
    if (vectors_[c].Has(row_)) AppendField(c, &text);
    const bool may_be_quoted = forms_[c] == ParquetForm::kText || forms_[c] == ParquetForm::kList;
    copied_bytes_ +=
        1 + (may_be_quoted ? CsvBytes(std::string_view(text).substr(begin)) : text.size() - begin);
    block->cuts.push_back(static_cast<std::uint32_t>(text.size()));
    text += '\n';
    if (text.size() <= kMaxBlockBytes) continue;
    Fail(ExitCode::kData, "{}:{}: a row of more than {} bytes", files_[block->file].name, line_,
         kMaxBlockBytes);
  }
}

void ParquetBlocks::AppendField(std::size_t column, std::string* text) {
  const DuckDbVector& values = vectors_[column];
  switch (forms_[column]) {
    case ParquetForm::kInteger:
      return AppendInteger(values.Integer(row_), text);
    case ParquetForm::kDouble:
      return AppendDouble(values.Double(row_), text);
    case ParquetForm::kList:
      return AppendList(column, text);
    default:
      *text += values.Text(row_);
  }
}

// Without the elements that are null.
void ParquetBlocks::AppendList(std::size_t column, std::string* text) {
  const DuckDbList list = vectors_[column].List(row_);
  const char separator = columns_[column].separator;
  bool first = true;
  for (std::uint64_t i = list.first; i < list.first + list.count; ++i) {
    if (!elements_[column].Has(i)) continue;
    const std::string_view element = elements_[column].Text(i);
    if (element.find(separator) != std::string_view::npos) {
      Fail(ExitCode::kData,
           "{}:{}: column \"{}\": the list's element \"{}\" holds the separator \"{}\": give the "
           "[[column]] another separator",
           files_[next_file_ - 1].name, line_, columns_[column].name, element, separator);
    }
    if (!std::exchange(first, false)) *text += separator;
    *text += element;
  }
}

}  // namespace fathom
