#include "worker/ingest/packer.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "common/error.h"
#include "common/run_log.h"
#include "worker/data/packed_writer.h"
#include "worker/parquet/parquet_blocks.h"
#include "worker/text/block_pipeline.h"
#include "worker/text/csv.h"
#include "worker/text/record_stream.h"
#include "worker/text/text_blocks.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBadLines = 10;
constexpr int kLineBits = 40;  // of a record's place: file number above, line number below

// A message is cut at a zero byte, and control characters upset terminals.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = '?';
  }
  return text;
}

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

}  // namespace

// What one block amounts to.
struct Packer::Result {
  explicit Result(const PackedShape& shape)
      : parts{PackedExamples(shape), PackedExamples(shape), PackedExamples(shape)} {}
  void Clear();

  std::array<PackedExamples, kDataParts> parts;
  std::uint64_t text_bytes = 0;
  std::uint64_t unmatched = 0;
  std::uint64_t filtered = 0;
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
  std::uint64_t lines = 0;          // records, and lines that hold none
  std::vector<std::uint64_t> gaps;  // which of them became no example
};

void Packer::Result::Clear() {
  for (PackedExamples& part : parts) part.Clear();
  text_bytes = unmatched = filtered = bad_lines = lines = 0;
  first_bad_lines.clear();
  gaps.clear();
}

// What one thread keeps from block to block.
struct Packer::Thread {
  Thread(const Packer& packer, const LearntTransforms& transforms)
      : reader(packer.schema_),
        rule(packer.schema_),
        filter_slots(packer.schema_.FilterSlots()),
        encoder(packer.schema_, packer.spec_, transforms) {}

  // The reader leaves out what neither the statistics nor the parts' rule ask for.
  void AskOnlyWhatIsLearnt() {
    std::vector<std::size_t> slots = encoder.ObservedSlots();
    slots.insert(slots.end(), rule.slots().begin(), rule.slots().end());
    slots.insert(slots.end(), filter_slots.begin(), filter_slots.end());
    reader.Only(slots);
  }

  RecordReader reader;
  DataPartRule rule;
  std::vector<std::size_t> filter_slots;
  FeatureEncoder encoder;
  EncodedExample example;
};

Packer::Packer(const InputSchema& schema, const ModelSpec& spec, std::vector<InputFile> files,
               std::size_t first_test_file, int threads,
               std::function<void(const IngestProgress&)> progress)
    : schema_(schema),
      spec_(spec),
      files_(std::move(files)),
      first_test_file_(first_test_file),
      threads_(threads),
      progress_(std::move(progress)) {
  const RecordReader reader(schema);
  separator_ = reader.format().FieldSeparator();
  quoted_separator_ = reader.format().QuotedSeparator();
  for (const InputFile& file : files_) {
    columns_.push_back(ResolveFile(file));
    if (columns_.back().has_header && !schema.config().data.header)
      LogInfo("{}: its first line names the columns and is skipped", file.name);
  }
}

std::unique_ptr<BlockSource> Packer::Open(std::vector<InputFile> files) const {
  const DataConfig& data = schema_.config().data;
  if (data.format == DataFormat::kParquet)
    return std::make_unique<ParquetBlocks>(std::move(files), ParquetColumns(schema_), data.duckdb);
  return std::make_unique<TextBlockReader>(std::move(files), quoted_separator_);
}

FileColumns Packer::ResolveFile(const InputFile& file) const {
  RecordReader reader(schema_);
  const auto text = Open({file});
  TextBlock block;
  for (Record first; text->Next(&block);) {
    if (FirstRecord(reader, block, &first)) return reader.Resolve(file.name, first.text);
  }
  // Its schema is there all the same, as the header of a file of text would be.
  if (schema_.config().data.format == DataFormat::kParquet) return {};
  Fail(ExitCode::kData, "{}: the file is empty: name files with examples, or remove it", file.name);
}

bool Packer::FirstRecord(RecordReader& reader, const TextBlock& block, Record* first) const {
  RecordStream records = Records(block);
  while (records.Next(first)) {
    if (!reader.format().HoldsNothing(first->text)) return true;
  }
  return false;
}

RecordStream Packer::Records(const TextBlock& block) const {
  return {block, quoted_separator_, separator_};
}

// Calls take(line, error) for each record of the block, its values in the reader where there is
// no error, and blank(lines) for lines that hold none.
template <typename Take, typename Blank>
void Packer::ForEachRecord(RecordReader& reader, const TextBlock& block, Take take,
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
    if (!skip) take(record.line, reader.Read(record, columns_[block.file]));
    skip = false;
  }
  blank(records.blank_lines() - blank_lines);
}

// False: data.filter leaves the line out, or, with an *error, the line is bad.
bool Packer::IsWanted(const Thread& thread, std::string* error) const {
  if (!error->empty()) return false;
  return schema_.filter().Passes(thread.reader.values(), thread.filter_slots, error);
}

std::uint64_t Packer::PlaceOf(const TextBlock& block, std::uint64_t line) {
  return (static_cast<std::uint64_t>(block.file) << kLineBits) + line;
}

DataPart Packer::PartOf(Thread& thread, const TextBlock& block, std::uint64_t line) const {
  if (block.file >= first_test_file_) return DataPart::kTest;
  return thread.rule.Of(thread.reader.values(), files_[block.file].split_name, line);
}

LearntTransforms Packer::Learn() {
  const auto& columns = schema_.config().columns;
  LearntTransforms transforms;
  if (std::none_of(columns.begin(), columns.end(), LearnsFromData)) return transforms;
  const std::vector<InputFile> train_files(
      files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(first_test_file_));
  const auto text = Open(train_files);
  StatisticsByColumn all = FeatureEncoder(schema_, spec_, {}).NewStatistics();
  std::uint64_t bytes = 0, records = 0;
  struct Learnt {
    StatisticsByColumn statistics;
    std::uint64_t bytes = 0, records = 0;
  };
  const auto make = [&] {
    auto thread = std::make_shared<Thread>(*this, LearntTransforms());
    thread->AskOnlyWhatIsLearnt();
    return [this, thread, learnt = std::make_shared<Learnt>()](const TextBlock& block) -> Learnt& {
      *learnt = {.statistics = thread->encoder.NewStatistics(), .bytes = block.text.size()};
      const auto observe = [&](std::uint64_t line, std::string error) {
        if (!IsWanted(*thread, &error)) return;
        if (PartOf(*thread, block, line) != DataPart::kTrain) return;
        thread->encoder.Observe(thread->reader.values(), PlaceOf(block, line), &learnt->statistics);
        ++learnt->records;
      };
      ForEachRecord(thread->reader, block, observe, [](std::uint64_t) {});
      thread->encoder.EndObserving(&learnt->statistics);
      return *learnt;
    };
  };
  ForEachBlock(*text, threads_, make, [&](Learnt& learnt) {
    for (std::size_t c = 0; c < all.size(); ++c) {
      if (all[c] != nullptr) all[c]->Merge(std::move(*learnt.statistics[c]));
    }
    bytes += learnt.bytes;
    records += learnt.records;
    progress_({.stage = "statistics", .bytes_read = bytes, .examples = records});
  });
  for (std::size_t c = 0; c < all.size(); ++c) {
    if (all[c] == nullptr) continue;
    LearntTransform& learnt = transforms[columns[c].name] = all[c]->Learn();
    if (!std::isfinite(learnt.mean) || !std::isfinite(learnt.stddev)) {
      Fail(ExitCode::kData,
           "column {}: its numbers have no finite mean and standard deviation, some are beyond "
           "1e150: mend their lines, or give the column the transform \"log_standardise\"",
           columns[c].name);
    }
  }
  return transforms;
}

// A negative that was kept stands for those that were dropped (data.negative_rate).
std::string Packer::CountForDropped(EncodedExample* example) const {
  const double rate = schema_.config().data.negative_rate;
  if (rate == 1) return {};
  example->weight = static_cast<float>(example->weight / rate);
  if (std::isfinite(example->weight)) return {};
  return fmt::format("its weight over data.negative_rate = {} is too large", rate);
}

void Packer::PackBlock(const TextBlock& block, Thread* thread, Result* result) const {
  result->Clear();
  const std::uint64_t unmatched_before = thread->reader.unmatched();
  const auto note_gaps = [&](std::uint64_t lines) {
    for (; notes_gaps_ && lines > 0; --lines) result->gaps.push_back(result->lines++);
  };
  const auto encode = [&](std::uint64_t line, std::string error) {
    const bool wanted = IsWanted(*thread, &error);
    if (!wanted && error.empty()) {
      ++result->filtered;
      return;
    }
    if (error.empty()) {
      const DataPart part = PartOf(*thread, block, line);
      const LinePlace place{PlaceOf(block, line), part == DataPart::kTrain};
      error = thread->encoder.Encode(thread->reader.values(), &thread->example, place);
      if (error.empty() && thread->example.label == 0 && block.file < first_test_file_)
        error = CountForDropped(&thread->example);
      if (error.empty()) result->parts[static_cast<std::size_t>(part)].Add(thread->example);
    }
    if (error.empty()) {
      ++result->lines;
      return;
    }
    note_gaps(1);
    ++result->bad_lines;
    if (result->first_bad_lines.size() < kShownBadLines)
      result->first_bad_lines.push_back({files_[block.file].name, line, Printable(error)});
  };
  ForEachRecord(thread->reader, block, encode, note_gaps);
  result->text_bytes = block.text.size();
  result->unmatched = thread->reader.unmatched() - unmatched_before;
}

void Packer::CountBadLines(const Result& result, PackSummary* summary) const {
  summary->bad_lines += result.bad_lines;
  for (const BadLine& line : result.first_bad_lines) {
    if (summary->first_bad_lines.size() < kShownBadLines) summary->first_bad_lines.push_back(line);
  }
  const auto allowed = static_cast<std::uint64_t>(schema_.config().data.max_bad_lines);
  if (summary->bad_lines <= allowed || notes_gaps_) return;
  const BadLine& shown = summary->first_bad_lines.front();
  Fail(ExitCode::kData,
       "{}:{}: {}. More than {} bad line{}: mend the file, or allow more with data.max_bad_lines",
       shown.file, shown.line, shown.reason, allowed, allowed == 1 ? "" : "s");
}

PackSummary Packer::Pack(const LearntTransforms& transforms,
                         const std::array<fs::path, kDataParts>& paths) {
  const PackedShape shape(spec_);
  std::array<std::optional<PackedWriter>, kDataParts> writers;
  for (std::size_t p = 0; p < writers.size(); ++p) {
    if (!paths[p].empty()) writers[p].emplace(paths[p], shape, static_cast<DataPart>(p));
  }
  PackSummary summary;
  std::uint64_t examples = 0;
  const auto text = Open(files_);
  const auto make = [&] {
    return [this, thread = std::make_shared<Thread>(*this, transforms),
            result = std::make_shared<Result>(shape)](const TextBlock& block) -> Result& {
      PackBlock(block, thread.get(), result.get());
      return *result;
    };
  };
  std::uint64_t lines = 0;
  ForEachBlock(*text, threads_, make, [&](Result& result) {
    CountBadLines(result, &summary);
    for (const std::uint64_t gap : result.gaps) summary.gaps.push_back(lines + gap);
    lines += result.lines;
    for (std::size_t p = 0; p < writers.size(); ++p) {
      if (writers[p]) writers[p]->Append(result.parts[p]);
      summary.parts[p].weights.Add(result.parts[p].weights());
      examples += result.parts[p].examples();
    }
    summary.bytes_read += result.text_bytes;
    summary.unmatched_joins += result.unmatched;
    summary.filtered_lines += result.filtered;
    progress_({.stage = "packing", .bytes_read = summary.bytes_read, .examples = examples});
  });
  for (std::size_t p = 0; p < writers.size(); ++p) {
    if (!writers[p]) continue;
    writers[p]->Finish();
    summary.parts[p].examples = writers[p]->examples();
    summary.parts[p].positives = writers[p]->positives();
    summary.parts[p].fingerprint = writers[p]->fingerprint();
  }
  return summary;
}

}  // namespace fathom
