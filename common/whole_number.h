// A whole number in a text that holds nothing else. Thread rule: any thread.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace fathom {

// Nothing where the text is anything else, or the number is out of the type's range.
template <typename Number>
std::optional<Number> WholeNumber(std::string_view text, int base = 10) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

}  // namespace fathom
