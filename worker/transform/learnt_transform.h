// What ingest learns from the training examples: vocabularies, means, quantiles.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"

namespace fathom {

class FoldCounts;

// Of one column. A transform sets what it needs, the rest stays as it is here.
struct LearntTransform {
  std::vector<Key> vocabulary;  // the values' keys, ascending
  double mean = 0;
  double stddev = 1;
  std::vector<double> boundaries;                     // of classes, ascending, without repeats
  std::map<std::string, std::vector<double>> others;  // by a name that the transform chooses
  // target_mean: by value and fold, for the run that learns it: no part of transforms.json.
  std::shared_ptr<const FoldCounts> folds;
};

// By column name; only columns whose transform learns something.
using LearntTransforms = std::map<std::string, LearntTransform>;

// The text of transforms.json.
std::string TransformsToJson(const LearntTransforms& transforms);

// Throws Error(kModel) where the text does not hold what the columns need.
LearntTransforms TransformsFromJson(const std::string& text, const Config& config);

// All that the text holds, of whatever columns. Throws Error(kModel) where it is damaged.
LearntTransforms AnyTransformsFromJson(const std::string& text);

// Training that begins with another model: goes on from what that one has learnt of the columns
// that both have. A vocabulary holds its values and the new ones, so that what was learnt of a
// value is found again; min_count counts the new data alone. Of other transforms all stays as it
// was where warm_start.statistics is "keep"; with "update" what `learnt` says stands.
void ContinueFrom(const LearntTransforms& earlier, const Config& config, LearntTransforms* learnt);

}  // namespace fathom
