// What packing found in the data (data_watch.h), in sentences for the log.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "worker/ingest/ingest.h"

namespace fathom {

struct Remark {
  bool is_warning = false;
  std::string text;
};

// Warnings: a feature that is the label's column; numeric columns that never change; lines that the
// training part and another one share, if they are 1 % of it; columns whose values the training
// part hardly has, unless lines with the same value of it are kept in one part; those of
// RemarksOnRepeatedFiles. Else: fewer shared lines, and the shares of unseen values.
std::vector<Remark> RemarksOn(const Config& config, const IngestResult& result);

// Warnings: files that data.train, or data.test, names more than once.
std::vector<Remark> RemarksOnRepeatedFiles(const Config& config);

// Of evaluate: a warning where files of the input are files that the model was trained on.
// `trained`: the model's own config.
std::vector<Remark> RemarksOnTrainedFiles(const Config& trained, const PackedInput& input);

// The same in numbers, for metrics.jsonl: a JSON object (docs/metrics.md).
std::string SummaryForMetrics(const IngestResult& result);

}  // namespace fathom
