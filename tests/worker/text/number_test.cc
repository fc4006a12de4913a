#include "worker/text/number.h"

#include <gtest/gtest.h>

#include <string>

#include "common/random.h"

namespace fathom {
namespace {

// What from_chars alone makes of it.
std::optional<double> Reference(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size() &&
      std::strtod(std::string(text).c_str(), nullptr) == 0)
    return 0.0;
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
  for (const char* text : {"",           "+",        "-",
                           " 1",         "1 ",       "1x",
                           "x1",         "1/2",      "12:4",
                           "1;",         "0x10",     "nan",
                           "inf",        "1e999",    "--1",
                           "+-1",        "1e309",    "123456789012345678901e999999999999999999999",
                           "0.0001e320", "1234567a", "\xC0\xB1"})
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
}

TEST(Number, CloserToZeroThanAnyDouble) {
  for (const char* text : {"1e-400", "-1e-400", "+1e-324", "0.0001e-322", "1234e-330", "0e999",
                           "0.0e-999", "1e-99999999999999999999999"})
    EXPECT_EQ(ParseNumber(text), 0.0) << text;
  EXPECT_EQ(ParseNumber(std::string("0.") + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(ParseNumber("5e-324"), 5e-324);
  EXPECT_EQ(ParseNumber("1e-310"), 1e-310);
}

TEST(Number, FormsOfOneNumber) {
  for (const char* text : {"1", "+1", "1.", "1.0", "1e0", "10e-1", ".1e1", "0001", "1E+0"})
    EXPECT_EQ(ParseNumber(text), 1.0) << text;
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
