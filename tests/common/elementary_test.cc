// Against the C library's, which are near; and the bits themselves, which are the same everywhere.
#include "common/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Uniform in [low, high).
std::vector<double> Points(double low, double high) {
  std::vector<double> points;
  for (std::uint64_t i = 0; i < 20000; ++i)
    points.push_back(low + (high - low) * UnitDouble(Mix64(7, i)));
  return points;
}

template <typename Function, typename Oracle>
void ExpectNear(Function function, Oracle oracle, double low, double high) {
  for (const double x : Points(low, high)) {
    const double expected = oracle(x);
    ASSERT_NEAR(function(x), expected, 4e-16 * std::abs(expected) + 1e-300) << x;
  }
}

TEST(Elementary, NearTheCLibrary) {
  ExpectNear(
      Exp, [](double x) { return std::exp(x); }, -700, 700);
  ExpectNear(
      Log, [](double x) { return std::log(x); }, 1e-300, 1e6);
  ExpectNear(
      Log1p, [](double x) { return std::log1p(x); }, -0.999, 1e6);
  ExpectNear(
      Sin, [](double x) { return std::sin(x); }, -7, 7);
  ExpectNear(
      Cos, [](double x) { return std::cos(x); }, -7, 7);
  ExpectNear([](double x) { return Pow(x, -2.3); }, [](double x) { return std::pow(x, -2.3); },
             1e-6, 1e6);
}

TEST(Elementary, AtTheEdges) {
  EXPECT_EQ(Exp(0), 1);
  EXPECT_EQ(Exp(-kInfinity), 0);
  EXPECT_EQ(Exp(kInfinity), kInfinity);
  EXPECT_EQ(Log(1), 0);
  EXPECT_EQ(Log(0), -kInfinity);
  EXPECT_TRUE(std::isnan(Log(-1)));
  EXPECT_EQ(Log1p(0), 0);
  EXPECT_EQ(Log1p(kInfinity), kInfinity);
  EXPECT_EQ(Pow(2, 10), 1024);
  EXPECT_TRUE(std::isnan(Exp(NAN)));
}

// A checksum of the bits of many results. Where this fails a model would differ too.
TEST(Elementary, TheSameBitsEverywhere) {
  std::vector<double> results;
  for (const double x : Points(-30, 30)) {
    const double positive = std::abs(x) + 1e-9;
    for (const double y :
         {Exp(x), Log(positive), Log1p(positive), Pow(positive, x / 10), Sin(x), Cos(x)})
      results.push_back(y);
  }
  EXPECT_EQ(Xxh3(std::as_bytes(std::span(results))), 11995490217024618467U);
}

}  // namespace
}  // namespace fathom
