#include "worker/ingest/packer.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <utility>

#include "common/error.h"
#include "common/utf8.h"
#include "worker/data/packed_writer.h"
#include "worker/text/block_pipeline.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBadLines = 10;

// All lines would be in the latest part.
void RefuseOneTime(const DataConfig& data, const std::vector<double>& times) {
  const auto differs = [&](double time) { return time != times.front(); };
  if (times.size() < 2 || std::any_of(times.begin(), times.end(), differs)) return;
  Fail(ExitCode::kData,
       "column {}: all {} lines have the same time, and data.split_order = \"time\" would put them "
       "in one part: name another column in data.split_by, or set data.split_order = \"hash\"",
       data.split_by.front(), times.size());
}

}  // namespace

// What one block amounts to.
struct Packer::Result {
  Result(const PackedShape& shape, bool with_texts)
      : parts{PackedExamples(shape), PackedExamples(shape), PackedExamples(shape)},
        keeps_texts(with_texts) {}
  void Clear();
  void Add(DataPart part, const EncodedExample& example, const Record& record);

  std::array<PackedExamples, kDataParts> parts;
  bool keeps_texts;
  std::array<std::string, kDataParts> texts;  // of the lines, where they are kept
  std::size_t file = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t unmatched = 0;
  std::uint64_t filtered = 0;
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
  std::uint64_t lines = 0;          // records, and lines that hold none
  std::vector<std::uint64_t> gaps;  // which of them became no example
};

void Packer::Result::Add(DataPart part, const EncodedExample& example, const Record& record) {
  parts[static_cast<std::size_t>(part)].Add(example);
  if (!keeps_texts) return;
  std::string& text = texts[static_cast<std::size_t>(part)];
  text += record.text;
  if (text.back() != '\n') text += '\n';  // a file's last line
}

void Packer::Result::Clear() {
  for (PackedExamples& part : parts) part.Clear();
  for (std::string& text : texts) text.clear();
  text_bytes = unmatched = filtered = bad_lines = lines = 0;
  first_bad_lines.clear();
  gaps.clear();
}

// What one thread keeps from block to block.
struct Packer::Thread {
  Thread(const Packer& packer, const ColumnTransforms& transforms, NameList* names = nullptr)
      : reader(packer.schema_),
        rule(packer.schema_),
        filter_slots(packer.schema_.FilterSlots()),
        encoder(packer.schema_, packer.spec_, transforms, names) {}

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
      records_(schema, std::move(files), first_test_file),
      threads_(threads),
      progress_(std::move(progress)) {}

// False: data.filter leaves the line out, or, with an *error, the line is bad.
bool Packer::IsWanted(const Thread& thread, std::string* error) const {
  if (!error->empty()) return false;
  return schema_.filter().Passes(thread.reader.values(), thread.filter_slots, error);
}

// Nothing: *error says why the line has none.
std::optional<DataPart> Packer::PartOf(Thread& thread, const TextBlock& block, std::uint64_t line,
                                       std::string* error) const {
  if (records_.IsOfTestFile(block)) return DataPart::kTest;
  return thread.rule.Of(thread.reader.values(), records_.FileOf(block).split_name, line, cuts_,
                        error);
}

void Packer::FindTimeCuts() {
  const DataConfig& data = schema_.config().data;
  if (!DataPartRule(schema_).by_time()) return;
  const auto text = records_.OpenTraining();
  const ColumnTransforms unlearnt(schema_.config().columns, {});
  std::vector<double> times;
  std::uint64_t bytes = 0;
  struct Times {
    std::vector<double> of_block;
    std::uint64_t bytes = 0;
  };
  const auto make = [&] {
    auto thread = std::make_shared<Thread>(*this, unlearnt);
    std::vector<std::size_t> slots = thread->rule.slots();
    slots.insert(slots.end(), thread->filter_slots.begin(), thread->filter_slots.end());
    thread->reader.Only(slots);
    return [this, thread, found = std::make_shared<Times>()](const TextBlock& block) -> Times& {
      found->of_block.clear();
      found->bytes = block.text.size();
      const auto take = [&](const Record&, std::string error) {
        if (!IsWanted(*thread, &error)) return;
        const auto time = thread->rule.TimeOf(thread->reader.values(), &error);
        if (time) found->of_block.push_back(*time);
      };
      records_.ForEach(thread->reader, block, take, [](std::uint64_t) {});
      return *found;
    };
  };
  ForEachBlock(*text, threads_, make, [&](const Times& found) {
    times.insert(times.end(), found.of_block.begin(), found.of_block.end());
    bytes += found.bytes;
    progress_({.stage = "times", .bytes_read = bytes, .examples = times.size()});
  });
  RefuseOneTime(data, times);
  cuts_ = TimeCuts::Of(std::move(times), data.test_fraction, data.validation_fraction);
}

LearntTransforms Packer::Learn() {
  const auto& columns = schema_.config().columns;
  LearntTransforms transforms;
  if (std::none_of(columns.begin(), columns.end(), LearnsFromData)) return transforms;
  const auto text = records_.OpenTraining();
  const ColumnTransforms unlearnt(columns, {});
  StatisticsByColumn all = FeatureEncoder(schema_, spec_, unlearnt).NewStatistics();
  std::uint64_t bytes = 0, records = 0;
  struct Learnt {
    StatisticsByColumn statistics;
    std::uint64_t bytes = 0, records = 0;
  };
  const auto make = [&] {
    auto thread = std::make_shared<Thread>(*this, unlearnt);
    thread->AskOnlyWhatIsLearnt();
    return [this, thread, learnt = std::make_shared<Learnt>()](const TextBlock& block) -> Learnt& {
      *learnt = {.statistics = thread->encoder.NewStatistics(), .bytes = block.text.size()};
      const auto observe = [&](const Record& record, std::string error) {
        if (!IsWanted(*thread, &error)) return;
        if (PartOf(*thread, block, record.line, &error) != DataPart::kTrain) return;
        thread->encoder.Observe(thread->reader.values(), DataRecords::PlaceOf(block, record.line),
                                &learnt->statistics);
        ++learnt->records;
      };
      records_.ForEach(thread->reader, block, observe, [](std::uint64_t) {});
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

// The line that the reader holds as the thread's example. Returns an empty string or what is wrong.
std::string Packer::Encode(const TextBlock& block, std::uint64_t line, DataPart part,
                           Thread* thread) const {
  const LinePlace place{DataRecords::PlaceOf(block, line), part == DataPart::kTrain};
  std::string error = thread->encoder.Encode(thread->reader.values(), &thread->example, place);
  if (error.empty() && thread->example.label == 0 && !records_.IsOfTestFile(block))
    error = CountForDropped(&thread->example);
  return error;
}

void Packer::PackBlock(const TextBlock& block, Thread* thread, DataWatch* watch,
                       Result* result) const {
  result->Clear();
  const std::uint64_t unmatched_before = thread->reader.unmatched();
  const auto note_gaps = [&](std::uint64_t lines) {
    for (; notes_gaps_ && lines > 0; --lines) result->gaps.push_back(result->lines++);
  };
  const auto take = [&](const Record& record, std::string error) {
    const bool wanted = IsWanted(*thread, &error);
    if (!wanted && error.empty()) {
      ++result->filtered;
      return;
    }
    const std::optional<DataPart> part =
        error.empty() ? PartOf(*thread, block, record.line, &error) : std::nullopt;
    if (part) error = Encode(block, record.line, *part, thread);
    if (error.empty()) {
      result->Add(*part, thread->example, record);
      if (names_ != nullptr && part == DataPart::kTrain)
        thread->encoder.NameExample(thread->example);
      if (watch != nullptr) watch->See(*part, thread->example, record.line, record.text);
      ++result->lines;
      return;
    }
    note_gaps(1);
    ++result->bad_lines;
    if (result->first_bad_lines.size() < kShownBadLines)
      result->first_bad_lines.push_back(
          {records_.FileOf(block).name, record.line, Printable(error)});
  };
  records_.ForEach(thread->reader, block, take, note_gaps);
  result->file = block.file;
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

bool Packer::HasOtherParts() const {
  const DataConfig& data = schema_.config().data;
  return records_.HasTestFiles() || data.test_fraction > 0 || data.validation_fraction > 0;
}

// What the threads of a packing see, each by itself.
class Packer::Watches {
 public:
  Watches(const Config& config, bool other_parts) : config_(config), other_parts_(other_parts) {}

  DataWatch* ForThread() {
    const std::lock_guard lock(making_);
    watches_.push_back(std::make_unique<DataWatch>(config_, other_parts_));
    return watches_.back().get();
  }

  DataFindings Findings() {
    for (std::size_t w = 1; w < watches_.size(); ++w) watches_.front()->Merge(*watches_[w]);
    return watches_.front()->Findings();
  }

 private:
  const Config& config_;
  bool other_parts_;
  std::mutex making_;
  std::vector<std::unique_ptr<DataWatch>> watches_;
};

void Packer::CountLines(const Result& result, PackSummary* summary) const {
  for (const std::uint64_t gap : result.gaps) summary->gaps.push_back(summary->lines + gap);
  summary->lines += result.lines;
  for (std::size_t p = 0; p < kDataParts; ++p) {
    PackedPart& part = summary->parts[p];
    part.weights.Add(result.parts[p].weights());
    part.examples += result.parts[p].examples();
    part.positives += result.parts[p].positives();
    summary->file_examples[result.file] += result.parts[p].examples();
  }
  summary->bytes_read += result.text_bytes;
  summary->unmatched_joins += result.unmatched;
  summary->filtered_lines += result.filtered;
}

PackSummary Packer::Pack(const LearntTransforms& learnt,
                         const std::array<fs::path, kDataParts>& paths,
                         const TextStreams& streams) {
  const ColumnTransforms transforms(schema_.config().columns, learnt);
  const PackedShape shape(spec_);
  std::array<std::optional<PackedWriter>, kDataParts> writers;
  for (std::size_t p = 0; p < writers.size(); ++p) {
    if (!paths[p].empty()) writers[p].emplace(paths[p], shape, static_cast<DataPart>(p));
  }
  PackSummary summary;
  summary.file_examples.resize(records_.files().size());
  const auto text = records_.Open();
  const bool keeps_texts = std::any_of(
      streams.begin(), streams.end(), [](const std::ostream* stream) { return stream != nullptr; });
  const bool watched = !paths[static_cast<std::size_t>(DataPart::kTrain)].empty();
  Watches watches(schema_.config(), HasOtherParts());
  const auto make = [&] {
    return
        [this, watch = watched ? watches.ForThread() : nullptr,
         thread = std::make_shared<Thread>(*this, transforms, names_),
         result = std::make_shared<Result>(shape, keeps_texts)](const TextBlock& block) -> Result& {
          PackBlock(block, thread.get(), watch, result.get());
          return *result;
        };
  };
  std::uint64_t examples = 0;
  ForEachBlock(*text, threads_, make, [&](Result& result) {
    CountBadLines(result, &summary);
    CountLines(result, &summary);
    for (std::size_t p = 0; p < writers.size(); ++p) {
      if (writers[p]) writers[p]->Append(result.parts[p]);
      if (streams[p] != nullptr) *streams[p] << result.texts[p];
      examples += result.parts[p].examples();
    }
    progress_({.stage = "packing", .bytes_read = summary.bytes_read, .examples = examples});
  });
  for (std::size_t p = 0; p < writers.size(); ++p) {
    if (!writers[p]) continue;
    writers[p]->Finish();
    summary.parts[p].fingerprint = writers[p]->fingerprint();
  }
  if (watched) summary.findings = watches.Findings();
  return summary;
}

}  // namespace fathom
