// Which settings belong to what a trained model means: a config that the model is used with has
// them as the model's own config has, or is refused with their names. docs/model-format.md has the
// table.
//
// Every setting that is not named here as free belongs to the model, also one that is new.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/settings/config_difference.h"

namespace fathom {

// kScore: evaluate and predict. kWarmStart: training that begins with the model's values; columns,
// crosses and joins that only one of the configs has do not matter, nor does what other shapes or
// update rules make of the values.
enum class ModelUse { kScore, kWarmStart };

// What `given` changes that it may not change. Columns, crosses and joins are told apart by their
// names; columns with use = "none" that no cross reads are nobody's.
std::vector<SettingDifference> DifferencesInMeaning(const Config& given, const Config& own,
                                                    ModelUse use);

// The columns that the model reads: used, or part of a cross; in order.
std::vector<ColumnConfig> ColumnsInUse(const Config& config);

// `given` as a config to score with: the model's own seed, its columns and crosses in its own
// order, and its rows' form; a memory limit only where the rows beyond it go to a cold tier, since
// scoring evicts none. They must not differ in meaning.
Config ScoringConfig(const Config& given, const Config& own);

}  // namespace fathom
