// The forms of an entry in the table of settings (settings_table.cc): a text, a word of a closed
// set, a plain value, a number within a range.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/settings/settings.h"

namespace fathom {

inline Setting Text(std::string_view key, std::string* value, std::string_view help) {
  return {.key = key, .value = value, .help = help, .choices = {}};
}

// `without`: a kind that may not stand here.
template <typename Kind>
Setting Word(std::string_view key, Kind* value, std::string_view help,
             std::optional<Kind> without = {}) {
  const std::span<const std::string_view> names = NamesOf<Kind>::kNames;
  Setting setting{
      .key = key,
      .value = KindPlace{.place = value,
                         .names = names,
                         .get =
                             [](const void* place) {
                               return static_cast<std::size_t>(*static_cast<const Kind*>(place));
                             },
                         .set =
                             [](void* place, std::size_t number) {
                               *static_cast<Kind*>(place) = static_cast<Kind>(number);
                             }},
      .help = help,
      .choices = {names.begin(), names.end()}};
  if (without) std::erase(setting.choices, NameOf(*without));
  return setting;
}

template <typename T>
Setting Plain(std::string_view key, T* value, std::string_view help) {
  return {.key = key, .value = value, .help = help, .choices = {}};
}

template <typename T>
Setting Number(std::string_view key, T* value, double low, double high, std::string_view help) {
  return {.key = key, .value = value, .help = help, .low = low, .high = high, .choices = {}};
}

inline Setting Positive(std::string_view key, double* value, double high, std::string_view help) {
  return {.key = key,
          .value = value,
          .help = help,
          .low = 0,
          .high = high,
          .above_low = true,
          .choices = {}};
}

}  // namespace fathom
