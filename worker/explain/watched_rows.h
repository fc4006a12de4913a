// The rows of train.watch: from their texts to tables and keys, and from rank 0 to the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/run/run_context.h"

namespace fathom {

// `transforms_json`, `side_tables`: what packing has learnt and kept of the data. Throws
// Error(kUsage): a text that names no row; data that are generated, which have no texts.
std::vector<WatchedRow> ReadWatchedRows(const Config& config, const ModelSpec& spec,
                                        const std::string& transforms_json,
                                        const std::vector<std::string>& side_tables);

// As one text, for a broadcast.
std::string WatchedRowsText(const std::vector<WatchedRow>& rows);
std::vector<WatchedRow> WatchedRowsIn(std::string_view text);

}  // namespace fathom
