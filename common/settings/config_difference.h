// Where two configs differ, setting by setting.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"

namespace fathom {

struct SettingDifference {
  std::string key;    // as an override names it: train.epochs, column.book.dim
  std::string first;  // as TOML writes it
  std::string second;
};

// In order of the table of settings; [sweep] is left out. Lists ([[column]], [[cross]], [[join]])
// are compared element by element; where they differ in length, or in an element's name, only that
// is said of them.
std::vector<SettingDifference> DifferencesOf(const Config& first, const Config& second);

// "train.epochs = 2 (rank 0: 3), seed = 1 (rank 0: 2)", of the first few, and how many more there
// are. `second` says whose the second values are.
std::string DescribeDifferences(const std::vector<SettingDifference>& differences,
                                const std::string& second);

}  // namespace fathom
