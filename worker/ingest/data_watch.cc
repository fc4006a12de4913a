#include "worker/ingest/data_watch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "common/random.h"
#include "common/vector_clones.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

constexpr std::size_t kMostLines = 16384;
constexpr std::size_t kMostValues = 2048;
constexpr std::uint64_t kLinesInFull = 16384;  // of each file
constexpr std::uint64_t kEvery = 64;           // of the lines behind them
constexpr Key kRareBits = 0x7F;
constexpr std::uint64_t kRareOneIn = kRareBits + 1;

std::uint64_t Word(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + at, std::min(sizeof(word), text.size() - at));
  return word;
}

// Of four words of the line and its length: decides at little cost whether a line behind the first
// ones is looked at.
std::uint64_t QuickClassOf(std::string_view line) {
  const std::size_t last = line.size() > 8 ? line.size() - 8 : 0;
  std::uint64_t words = Word(line, 0) ^ (Word(line, last) * 0x9E3779B97F4A7C15ULL);
  words ^= (Word(line, last / 3) * 0xBF58476D1CE4E5B9ULL) ^
           (Word(line, last - last / 3) * 0x94D049BB133111EBULL);
  return Mix64(words + line.size()) & kRareBits;
}

// Whether some of the keys have zeros in all of these bits.
FATHOM_VECTOR_CLONES
bool AnyWithout(const Key* keys, std::size_t count, Key bits) {
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < count; ++i) any |= (keys[i] & bits) == 0 ? 1 : 0;
  return any != 0;
}

}  // namespace

DataWatch::DataWatch(const Config& config, bool other_parts)
    : other_parts_(other_parts), lines_(kMostLines) {
  for (const ColumnConfig& column : config.columns) {
    if (column.use == Use::kNone) continue;
    if (column.kind == ColumnKind::kNumeric) {
      number_names_.push_back(column.name);
    } else {
      auto& columns = column.kind == ColumnKind::kMultivalent ? lists_ : singles_;
      columns.push_back({column.name, RareKey(ColumnSeed(column.name)), KeySample(kMostValues)});
    }
  }
  constant_.resize(number_names_.size());
  std::iota(constant_.begin(), constant_.end(), std::size_t{0});
}

void DataWatch::See(DataPart part, const EncodedExample& example, std::uint64_t line,
                    std::string_view text) {
  if (part == DataPart::kTrain) {
    if (!constant_.empty()) SeeNumbers(example.numerics);
    ++trained_;
  }
  if (!other_parts_) return;
  const bool in_full = line <= kLinesInFull;
  every_line_ &= in_full;
  SeeLine(part, text, in_full);
  if (in_full || line % kEvery == 0) {
    SeeValues(part, example);
  } else if (part == DataPart::kTrain) {
    SeeRareKeys(example);
  }
}

void DataWatch::SeeNumbers(const std::vector<float>& numbers) {
  if (trained_ == 0) first_numbers_ = numbers;
  std::erase_if(constant_, [&](std::size_t i) { return numbers[i] != first_numbers_[i]; });
}

// A line's key is the hash of its text, its lowest bits those of its class.
void DataWatch::SeeLine(DataPart part, std::string_view text, bool in_full) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const Key line_class = QuickClassOf(text);
  if (in_full || line_class == 0) lines_.Add((Xxh3(text) & ~kRareBits) | line_class, part);
}

void DataWatch::SeeValues(DataPart part, const EncodedExample& example) {
  for (std::size_t i = 0; i < singles_.size(); ++i) singles_[i].sample.Add(example.keys[i], part);
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    for (const Key key : example.lists[i]) lists_[i].sample.Add(key, part);
  }
}

void DataWatch::SeeRareKeys(const EncodedExample& example) {
  const Key* const keys = example.keys.data();
  if (AnyWithout(keys, singles_.size(), kRareBits)) {
    for (std::size_t i = 0; i < singles_.size(); ++i) {
      if ((keys[i] & kRareBits) == 0) singles_[i].sample.Add(keys[i], DataPart::kTrain);
    }
  }
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    for (const Key key : example.lists[i]) {
      if ((key & kRareBits) == 0) lists_[i].sample.Add(key, DataPart::kTrain);
    }
  }
}

void DataWatch::MergeNumbers(const DataWatch& other) {
  if (other.trained_ == 0) return;
  if (trained_ == 0) {
    first_numbers_ = other.first_numbers_;
    constant_ = other.constant_;
  }
  const auto& constant = other.constant_;
  std::erase_if(constant_, [&](std::size_t i) {
    return first_numbers_[i] != other.first_numbers_[i] ||
           std::find(constant.begin(), constant.end(), i) == constant.end();
  });
  trained_ += other.trained_;
}

void DataWatch::Merge(const DataWatch& other) {
  MergeNumbers(other);
  every_line_ &= other.every_line_;
  lines_.Merge(other.lines_);
  for (std::size_t i = 0; i < singles_.size(); ++i)
    singles_[i].sample.Merge(other.singles_[i].sample);
  for (std::size_t i = 0; i < lists_.size(); ++i) lists_[i].sample.Merge(other.lists_[i].sample);
}

DataFindings DataWatch::Findings() const {
  DataFindings findings;
  // Of one example every number is the only one.
  for (const std::size_t i : constant_) {
    if (trained_ > 1) findings.constant_columns.push_back(number_names_[i]);
  }
  const std::uint64_t one_in = OneIn(lines_);
  lines_.ForEach([&](const KeySample::Entry& entry) {
    if (!entry.trained || entry.key % one_in != 0) return;
    for (std::size_t p = 0; p < kDataParts; ++p)
      findings.shared_lines[p] += entry.occurrences[p] * one_in;
  });
  findings.exact_lines = one_in == 1;
  for (const DataPart part : {DataPart::kValidation, DataPart::kTest})
    findings.unseen[static_cast<std::size_t>(part)] = Unseen(part);
  return findings;
}

// The keys of a sample whose every occurrence was looked at are those that this divides.
std::uint64_t DataWatch::OneIn(const KeySample& sample) const {
  const std::uint64_t one_in = std::uint64_t{1} << sample.level();
  return every_line_ ? one_in : std::max(one_in, kRareOneIn);
}

std::vector<UnseenValues> DataWatch::Unseen(DataPart part) const {
  std::vector<UnseenValues> all;
  for (const auto* columns : {&singles_, &lists_}) {
    for (const ValueColumn& column : *columns) {
      UnseenValues unseen{.column = column.name};
      // Of a column of few values all are asked, though some of their lines were not looked at.
      unseen.one_in = column.sample.level() == 0 ? 1 : OneIn(column.sample);
      column.sample.ForEach([&](const KeySample::Entry& entry) {
        if (entry.key % unseen.one_in != 0) return;
        const std::uint64_t values = entry.occurrences[static_cast<std::size_t>(part)];
        unseen.values += values;
        if (!entry.trained || entry.key == column.rare) unseen.unseen += values;
      });
      if (unseen.values > 0) all.push_back(std::move(unseen));
    }
  }
  return all;
}

}  // namespace fathom
