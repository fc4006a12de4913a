#include "worker/text/number.h"

#include <gtest/gtest.h>

#include <string>

#include "common/random.h"

namespace fathom {
namespace {

// What from_chars alone makes of it.
std::optional<double> Reference(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

TEST(Number, CountsOfEveryLength) {
  for (const char* text : {"0", "7", "42", "007", "999", "1000", "65535", "123456", "9999999",
                           "00000000", "12345678", "99999999", "100000000", "12345678901234567890"})
    EXPECT_EQ(ParseNumber(text), Reference(text)) << text;
}

TEST(Number, WhatIsNoNumber) {
  for (const char* text : {"", "+", "-", " 1", "1 ", "1x", "x1", "1/2", "12:4", "1;", "0x10", "nan",
                           "inf", "1e999", "--1", "1234567a", "\xC0\xB1"})
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
}

TEST(Number, AsFromCharsMakesOfAnyShortText) {
  constexpr std::string_view kAlphabet = "0123456789999+-.e/: ";
  for (std::uint64_t i = 0; i < 200000; ++i) {
    std::string text;
    const std::uint64_t size = Mix64(1, i) % 11;
    for (std::uint64_t c = 0; c < size; ++c) text += kAlphabet[Mix64(i, c) % kAlphabet.size()];
    ASSERT_EQ(ParseNumber(text), Reference(text)) << text;
  }
}

}  // namespace
}  // namespace fathom
