// Puts another value into a setting than the one that stands there, whether or not it may stand
// there.
#pragma once

#include <string>
#include <vector>

#include "common/settings/settings.h"

namespace fathom::testing {

struct ChangeSetting {
  void operator()(bool* place) const { *place = !*place; }
  void operator()(std::int64_t* place) const { ++*place; }
  void operator()(double* place) const { *place += 1; }
  void operator()(std::string* place) const { *place += "x"; }
  void operator()(std::vector<std::string>* place) const { place->push_back("x"); }
  void operator()(std::vector<std::int64_t>* place) const { place->push_back(1); }
  void operator()(std::vector<double>* place) const { place->push_back(1); }
  void operator()(ByteSize* place) const { *place = ByteSize("77MB"); }
  void operator()(const KindPlace& place) const {
    place.set(place.place, (place.get(place.place) + 1) % place.names.size());
  }
  void operator()(const RuleSettingPlace& place) const {
    const std::string_view name = place.setting->name;
    const double value = (*place.optimizer)[name];
    const bool flag = place.setting->type == RuleSettingType::kFlag;
    place.optimizer->Set(name, flag ? 1 - value : value + 0.25);
  }
};

}  // namespace fathom::testing
