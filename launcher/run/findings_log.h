// Tells what looks like a mistake in the data, once, as packing found it.
#pragma once

#include "common/config/config.h"
#include "worker/ingest/ingest.h"

namespace fathom {

// Warns of: a feature that is the label's column; numeric columns that never change; lines that
// the training part and another one share, if they are 1 % of it; columns whose values the training
// part hardly has. Says the shares of unseen values.
void LogFindings(const Config& config, const IngestResult& result);

// Of evaluate: warns where files of the input are files that the model was trained on. `trained`:
// the model's own config.
void LogTrainedFiles(const Config& trained, const PackedInput& input);

}  // namespace fathom
