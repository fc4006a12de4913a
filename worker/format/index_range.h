// A column that is a range of indices: "100..200", both ends in it.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace fathom {

struct IndexRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  // Nothing where the text is none: no two numbers with ".." between, or the second smaller.
  static std::optional<IndexRange> Parse(std::string_view text) {
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    const auto first = Number(text.substr(0, dots)), last = Number(text.substr(dots + 2));
    if (!first || !last || *first > *last) return std::nullopt;
    return IndexRange{*first, *last};
  }

  // `index`: digits. One that no 64 bits hold is in no range.
  bool Has(std::string_view index) const {
    const auto number = Number(index);
    return number && *number >= first && *number <= last;
  }

 private:
  static std::optional<std::uint64_t> Number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
  }
};

}  // namespace fathom
