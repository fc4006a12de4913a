// The rows of Parquet files as blocks of records.
//
// A row becomes the fields that a CSV copy of the file would have: texts as they are, other values
// as DuckDB writes them (3, 0.1, true, 2026-11-28 10:00:00), the elements of a list with the
// column's separator between them, nothing for a null. Blocks end where those of such a copy would
// end, with a header, the same columns and no others: statistics that are merged block by block
// then have the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/file/descriptor.h"
#include "worker/input/block_source.h"
#include "worker/input/input_file.h"
#include "worker/parquet/duckdb_query.h"
#include "worker/parquet/parquet_field.h"

namespace fathom {

struct ParquetColumn {
  std::string name;
  char separator = 0;  // between the elements of lists; 0: lists are not meant
};

// Thread rule: one thread at a time.
class ParquetBlocks : public BlockSource {
 public:
  // Records have the fields of `columns`, in that order. `library`: as LoadDuckDb.
  ParquetBlocks(std::vector<InputFile> files, std::vector<ParquetColumn> columns,
                const std::string& library);

  // Throws Error(kData) where a file is no Parquet, is damaged, lacks a column, has one of a kind
  // that is not read, or a list whose element holds the separator.
  bool Next(TextBlock* block) override;

 private:
  void Open();
  void Describe(const std::string& path);
  std::string SelectOf(const std::string& path) const;
  bool FillFrom(TextBlock* block);
  void TakeChunk();
  void AddRow(TextBlock* block);
  void AppendField(std::size_t column, std::string* text);
  void AppendList(std::size_t column, std::string* text);

  std::vector<InputFile> files_;
  std::vector<ParquetColumn> columns_;
  DuckDb database_;
  std::size_t next_file_ = 0;
  std::unique_ptr<Descriptor> file_;  // DuckDB opens it by its number: a name might be a pattern
  std::unique_ptr<DuckDbQuery> query_;
  std::vector<std::string> types_;      // by column, as DuckDB calls them
  std::vector<ParquetForm> forms_;      // by column
  std::vector<DuckDbVector> vectors_;   // of the chunk, by column
  std::vector<DuckDbVector> elements_;  // of columns of lists
  std::uint64_t row_ = 0;               // of the chunk, that comes next
  std::uint64_t rows_ = 0;              // of the chunk
  std::uint64_t line_ = 0;              // of the next row in the CSV copy
  std::uint64_t copied_bytes_ = 0;      // of the CSV copy, up to the next row
  std::uint64_t block_end_ = 0;         // of the CSV copy: the block's last row ends before it
  bool starts_file_ = false;
};

}  // namespace fathom
