// Text to scores: a line of output for each line of input, by several threads, in the input's
// order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics/row_coverage.h"
#include "worker/ingest/data_records.h"
#include "worker/ingest/ingest.h"
#include "worker/input/block_source.h"
#include "worker/predict/scorer.h"

namespace fathom {

struct ScoredText {
  std::uint64_t scores = 0;
  std::uint64_t blank_lines = 0;  // they and bad ones have an empty line
  std::uint64_t bad_lines = 0;
  std::vector<BadLine> first_bad_lines;  // at most ten
  std::vector<FieldCoverage> coverage;   // by field
};

struct ScoreForm {
  bool as_logits = false;  // instead of probabilities
  int threads = 1;
};

// Scores all of `text`, which is of `records`. write(lines) is called with the lines of each block
// once it is scored, in order, by one thread at a time; what it throws ends the scoring. Headers
// have no line, and a record that is quoted over several lines has one. Memory: for each thread a
// block, its examples and its lines. Throws Error(kData): the text cannot be read; Error(kNumeric):
// a score is no finite number.
ScoredText ScoreText(const Scorer& scorer, const DataRecords& records, BlockSource& text,
                     const ScoreForm& form, const std::function<void(std::string_view)>& write);

}  // namespace fathom
