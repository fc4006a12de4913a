#include "worker/packer.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "common/error.h"
#include "worker/block_pipeline.h"
#include "worker/csv.h"
#include "worker/packed_writer.h"
#include "worker/record_stream.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBadLines = 10;
constexpr int kLineBits = 40;  // of a record's place: file number above, line number below

}  // namespace

// What one block amounts to.
struct Packer::Result {
  std::array<std::unique_ptr<PackedExamples>, kDataParts> parts;
  std::uint64_t text_bytes = 0;
  std::uint64_t unmatched = 0;
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
};

Packer::Packer(const InputSchema& schema, const ModelSpec& spec, std::vector<fs::path> files,
               std::size_t first_test_file, int threads,
               std::function<void(const IngestProgress&)> progress)
    : schema_(schema),
      spec_(spec),
      files_(std::move(files)),
      first_test_file_(first_test_file),
      threads_(threads),
      progress_(std::move(progress)),
      separator_(RecordSplitter::QuotedSeparator(schema.config().data)) {
  for (const fs::path& file : files_) {
    columns_.push_back(ResolveFile(file));
    file_names_.push_back(file.filename().string());
  }
}

FileColumns Packer::ResolveFile(const fs::path& file) const {
  RecordReader reader(schema_);
  TextBlockReader text({file}, separator_);
  TextBlock block;
  std::string_view first;
  if (!text.Next(&block) || !RecordStream(block, separator_).Next(&first)) {
    Fail(ExitCode::kData, "{}: the file is empty: name files with examples, or remove it",
         file.string());
  }
  return reader.Resolve(file, first);
}

// Calls take(line, error) for each record of the block, its values in the reader where there is
// no error.
template <typename Take>
void Packer::ForEachRecord(RecordReader& reader, const TextBlock& block, Take take) const {
  RecordStream records(block, separator_);
  std::string_view record;
  bool skip = block.starts_file && RecordSplitter::HasHeader(schema_.config().data);
  while (records.Next(&record)) {
    if (!skip) take(records.line(), reader.Read(record, columns_[block.file]));
    skip = false;
  }
}

DataPart Packer::PartOf(DataPartRule& rule, const RecordReader& reader, const TextBlock& block,
                        std::uint64_t line) const {
  if (block.file >= first_test_file_) return DataPart::kTest;
  return rule.Of(reader.values(), file_names_[block.file], line);
}

Transforms Packer::Learn() {
  const auto& columns = schema_.config().columns;
  Transforms transforms;
  if (std::none_of(columns.begin(), columns.end(), LearnsFromData)) return transforms;
  using Statistics = std::vector<ColumnStatistics>;
  Statistics all(columns.size());
  const std::vector<fs::path> train_files(
      files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(first_test_file_));
  TextBlockReader text(train_files, separator_);
  std::uint64_t bytes = 0, records = 0;
  struct Learnt {
    Statistics statistics;
    std::uint64_t bytes = 0, records = 0;
  };
  const auto make = [&] {
    return [this, reader = std::make_shared<RecordReader>(schema_),
            rule = std::make_shared<DataPartRule>(schema_),
            encoder = std::make_shared<FeatureEncoder>(schema_, spec_, Transforms()),
            count = columns.size()](const TextBlock& block) {
      Learnt learnt{.statistics = Statistics(count), .bytes = block.text.size()};
      ForEachRecord(*reader, block, [&](std::uint64_t line, const std::string& error) {
        if (!error.empty() || PartOf(*rule, *reader, block, line) != DataPart::kTrain) return;
        encoder->Observe(reader->values(),
                         (static_cast<std::uint64_t>(block.file) << kLineBits) + line,
                         &learnt.statistics);
        ++learnt.records;
      });
      return learnt;
    };
  };
  ForEachBlock(text, threads_, make, [&](Learnt&& learnt) {
    for (std::size_t c = 0; c < all.size(); ++c) all[c].Merge(std::move(learnt.statistics[c]));
    bytes += learnt.bytes;
    records += learnt.records;
    progress_({.stage = "statistics", .bytes_read = bytes, .examples = records});
  });
  for (std::size_t c = 0; c < all.size(); ++c) {
    if (LearnsFromData(columns[c])) transforms[columns[c].name] = all[c].Learn(columns[c]);
  }
  return transforms;
}

Packer::Result Packer::PackBlock(const TextBlock& block, RecordReader& reader,
                                 FeatureEncoder& encoder, DataPartRule& rule,
                                 const PackedShape& shape) const {
  Result result;
  for (auto& part : result.parts) part = std::make_unique<PackedExamples>(shape);
  EncodedExample example;
  const std::uint64_t unmatched_before = reader.unmatched();
  ForEachRecord(reader, block, [&](std::uint64_t line, std::string error) {
    if (error.empty()) error = encoder.Encode(reader.values(), &example);
    if (error.empty()) {
      result.parts[static_cast<std::size_t>(PartOf(rule, reader, block, line))]->Add(example);
      return;
    }
    ++result.bad_lines;
    if (result.first_bad_lines.size() < kShownBadLines)
      result.first_bad_lines.push_back({files_[block.file].string(), line, error});
  });
  result.text_bytes = block.text.size();
  result.unmatched = reader.unmatched() - unmatched_before;
  return result;
}

void Packer::CountBadLines(const Result& result, PackSummary* summary) const {
  summary->bad_lines += result.bad_lines;
  for (const BadLine& line : result.first_bad_lines) {
    if (summary->first_bad_lines.size() < kShownBadLines) summary->first_bad_lines.push_back(line);
  }
  const auto allowed = static_cast<std::uint64_t>(schema_.config().data.max_bad_lines);
  if (summary->bad_lines <= allowed) return;
  const BadLine& shown = summary->first_bad_lines.front();
  Fail(ExitCode::kData,
       "{}:{}: {}. More than {} bad line{}: mend the file, or allow more with data.max_bad_lines",
       shown.file, shown.line, shown.reason, allowed, allowed == 1 ? "" : "s");
}

PackSummary Packer::Pack(const Transforms& transforms,
                         const std::array<fs::path, kDataParts>& paths) {
  const PackedShape shape(spec_);
  std::array<std::optional<PackedWriter>, kDataParts> writers;
  for (std::size_t p = 0; p < writers.size(); ++p) {
    if (!paths[p].empty()) writers[p].emplace(paths[p], shape);
  }
  PackSummary summary;
  std::uint64_t examples = 0;
  TextBlockReader text(files_, separator_);
  const auto make = [&] {
    return
        [this, &shape, reader = std::make_shared<RecordReader>(schema_),
         rule = std::make_shared<DataPartRule>(schema_),
         encoder = std::make_shared<FeatureEncoder>(schema_, spec_, transforms)](
            const TextBlock& block) { return PackBlock(block, *reader, *encoder, *rule, shape); };
  };
  ForEachBlock(text, threads_, make, [&](Result&& result) {
    CountBadLines(result, &summary);
    for (std::size_t p = 0; p < writers.size(); ++p) {
      if (writers[p]) writers[p]->Append(*result.parts[p]);
      examples += result.parts[p]->examples();
    }
    summary.bytes_read += result.text_bytes;
    summary.unmatched_joins += result.unmatched;
    progress_({.stage = "packing", .bytes_read = summary.bytes_read, .examples = examples});
  });
  for (std::size_t p = 0; p < writers.size(); ++p) {
    if (!writers[p]) continue;
    writers[p]->Finish();
    summary.parts[p] = {writers[p]->examples(), writers[p]->positives()};
  }
  return summary;
}

}  // namespace fathom
