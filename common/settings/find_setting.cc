#include "common/settings/find_setting.h"

#include <algorithm>
#include <numeric>

#include "common/error.h"

namespace fathom {
namespace {

// Edits that turn one word into the other (Levenshtein).
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t keep = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({keep, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string Nearest(std::string_view key, const std::vector<Setting>& settings) {
  std::string_view best;
  std::size_t best_distance = key.size() + 1;
  for (const Setting& setting : settings) {
    const std::size_t distance = EditDistance(key, setting.key);
    if (distance < best_distance) {
      best_distance = distance;
      best = setting.key;
    }
  }
  return std::string(best);
}

}  // namespace

const Setting& FindSetting(const std::vector<Setting>& settings, std::string_view key,
                           const std::string& where, const std::string& section) {
  for (const Setting& setting : settings) {
    if (setting.key == key) return setting;
  }
  const std::string in = section.empty() ? "" : " in " + section;
  const std::string nearest = Nearest(key, settings);
  Fail(ExitCode::kUsage, "{}: unknown key \"{}\"{}{} (all of them: fathom settings)", where, key,
       in, nearest.empty() ? "" : fmt::format("; the nearest known key is \"{}\"", nearest));
}

}  // namespace fathom
