#include "launcher/predict/scored_text.h"

#include <charconv>
#include <cmath>
#include <deque>
#include <mutex>

#include "common/error.h"
#include "common/metrics/metrics.h"
#include "common/utf8.h"
#include "worker/text/block_pipeline.h"

namespace fathom {
namespace {

constexpr std::size_t kShownBadLines = 10;
constexpr int kDigits = 9;  // significant ones, which tell any two float32 apart
constexpr std::size_t kMostScoreBytes = 32;

// What a line of the input amounts to.
enum class LineKind : std::uint8_t { kScore, kBlank, kBad };

// What one thread makes of one block.
struct ScoredBlock {
  std::string lines;
  std::uint64_t scores = 0, blank_lines = 0, bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
};

// One thread's.
class BlockScorer {
 public:
  BlockScorer(const Scorer& scorer, const DataRecords& records, bool as_logits)
      : records_(records), as_logits_(as_logits), reader_(scorer.schema()), session_(scorer) {}

  const ScoringSession& session() const { return session_; }

  ScoredBlock& Score(const TextBlock& block) {
    kinds_.clear();
    places_.clear();
    scored_ = {.lines = std::move(scored_.lines), .first_bad_lines = {}};
    const auto take = [&](const Record& record, std::string error) {
      if (error.empty()) error = session_.Add(reader_.values());
      if (!error.empty()) return AddBad(block, record.line, error);
      kinds_.push_back(LineKind::kScore);
      places_.push_back(record.line);
    };
    records_.ForEach(reader_, block, take, [&](std::uint64_t blank) {
      kinds_.insert(kinds_.end(), blank, LineKind::kBlank);
      scored_.blank_lines += blank;
    });
    logits_.resize(session_.examples());
    session_.Score(logits_.data());
    WriteLines(block);
    return scored_;
  }

 private:
  void AddBad(const TextBlock& block, std::uint64_t line, const std::string& error) {
    kinds_.push_back(LineKind::kBad);
    ++scored_.bad_lines;
    if (scored_.first_bad_lines.size() < kShownBadLines)
      scored_.first_bad_lines.push_back({records_.FileOf(block).name, line, Printable(error)});
  }

  void WriteLines(const TextBlock& block) {
    std::string& lines = scored_.lines;
    lines.clear();
    std::size_t next = 0;
    for (const LineKind kind : kinds_) {
      if (kind == LineKind::kScore) {
        AddScore(block, places_[next], logits_[next], &lines);
        ++next;
      }
      lines += '\n';
    }
    scored_.scores = next;
  }

  void AddScore(const TextBlock& block, std::uint64_t line, float logit, std::string* lines) const {
    if (!std::isfinite(logit)) {
      Fail(ExitCode::kNumeric,
           "{}:{}: its score is no finite number: the model holds numbers that are none, train "
           "again with lower learning rates",
           records_.FileOf(block).name, line);
    }
    const double score = as_logits_ ? static_cast<double>(logit) : Sigmoid(logit);
    char digits[kMostScoreBytes];
    const auto end =
        std::to_chars(digits, digits + sizeof(digits), score, std::chars_format::general, kDigits);
    lines->append(digits, end.ptr);
  }

  const DataRecords& records_;
  bool as_logits_;
  RecordReader reader_;
  ScoringSession session_;
  std::vector<LineKind> kinds_;        // by line of the output
  std::vector<std::uint64_t> places_;  // of those with a score: their lines in the file
  std::vector<float> logits_;
  ScoredBlock scored_;
};

void Count(const ScoredBlock& block, ScoredText* text) {
  text->scores += block.scores;
  text->blank_lines += block.blank_lines;
  text->bad_lines += block.bad_lines;
  for (const BadLine& line : block.first_bad_lines) {
    if (text->first_bad_lines.size() < kShownBadLines) text->first_bad_lines.push_back(line);
  }
}

}  // namespace

ScoredText ScoreText(const Scorer& scorer, const DataRecords& records, BlockSource& text,
                     const ScoreForm& form, const std::function<void(std::string_view)>& write) {
  std::mutex making;
  std::deque<BlockScorer> scorers;  // they outlive their threads: each has counted what it scored
  const auto make = [&] {
    const std::lock_guard lock(making);
    BlockScorer* const own = &scorers.emplace_back(scorer, records, form.as_logits);
    return [own](const TextBlock& block) -> ScoredBlock& { return own->Score(block); };
  };
  ScoredText scored;
  ForEachBlock(text, form.threads, make, [&](const ScoredBlock& block) {
    Count(block, &scored);
    write(block.lines);
  });
  for (const BlockScorer& own : scorers)
    ScoringSession::AddCoverage(own.session(), &scored.coverage);
  return scored;
}

}  // namespace fathom
