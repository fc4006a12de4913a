// The records of a config's files: opened, resolved by their headers, read one after another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "worker/feature/input_schema.h"
#include "worker/input/block_source.h"
#include "worker/input/input_file.h"
#include "worker/text/record_stream.h"

namespace fathom {

// Thread rule: immutable once made; several threads may read blocks, each with a reader of its own.
class DataRecords {
 public:
  // Examples of `files` from `first_test_file` on are all of the test part. Reads each file's first
  // record. Throws Error(kData) where a file is empty or lacks a column.
  DataRecords(const InputSchema& schema, std::vector<InputFile> files, std::size_t first_test_file);

  // Of what can be read only once, as its writer writes it: *text is all of its text. Waits for the
  // first record. data.format is not "parquet".
  static DataRecords OfPipe(const InputSchema& schema, const InputFile& pipe,
                            std::unique_ptr<BlockSource>* text);

  const std::vector<InputFile>& files() const { return files_; }
  const InputFile& FileOf(const TextBlock& block) const { return files_[block.file]; }
  bool IsOfTestFile(const TextBlock& block) const { return block.file >= first_test_file_; }
  bool HasTestFiles() const { return first_test_file_ < files_.size(); }

  // The text of all files, or of the training files, from its begin.
  std::unique_ptr<BlockSource> Open() const { return Open(files_); }
  std::unique_ptr<BlockSource> OpenTraining() const;

  // The header of all files, with its line end; empty where the format has none. Throws
  // Error(kData) where files differ in it.
  std::string Header() const;

  // Calls take(record, error) for each record of the block, its values in the reader where there is
  // no error, and blank(lines) for lines that hold none.
  template <typename Take, typename Blank>
  void ForEach(RecordReader& reader, const TextBlock& block, Take take, Blank blank) const;

  // A number that no other line of the files has.
  static std::uint64_t PlaceOf(const TextBlock& block, std::uint64_t line) {
    return (static_cast<std::uint64_t>(block.file) << kLineBits) + line;
  }

 private:
  static constexpr int kLineBits = 40;  // of a place: file number above, line number below

  explicit DataRecords(const InputSchema& schema);
  std::unique_ptr<BlockSource> Open(std::vector<InputFile> files) const;
  FileColumns ResolveFile(const InputFile& file) const;
  FileColumns ResolvePipe(BlockSource& text, TextBlock* first) const;
  void SayHeader(const InputFile& file) const;
  bool FirstRecord(RecordReader& reader, const TextBlock& block, Record* first) const;
  RecordStream Records(const TextBlock& block) const;

  const InputSchema& schema_;
  std::vector<InputFile> files_;
  std::size_t first_test_file_ = 0;
  char separator_ = 0;                // between fields; 0 where that is no single byte
  Separator quoted_separator_ = 0;    // what is where records may be quoted over several lines
  std::vector<FileColumns> columns_;  // by file
};

template <typename Take, typename Blank>
void DataRecords::ForEach(RecordReader& reader, const TextBlock& block, Take take,
                          Blank blank) const {
  RecordStream records = Records(block);
  Record record;
  bool skip = block.starts_file && columns_[block.file].has_header;
  std::uint64_t blank_lines = 0;
  while (records.Next(&record)) {
    blank(records.blank_lines() - std::exchange(blank_lines, records.blank_lines()));
    if (reader.format().HoldsNothing(record.text)) {
      blank(1);
      continue;
    }
    if (!skip) take(record, reader.Read(record, columns_[block.file]));
    skip = false;
  }
  blank(records.blank_lines() - blank_lines);
}

}  // namespace fathom
