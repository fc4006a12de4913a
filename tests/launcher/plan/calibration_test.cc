#include "launcher/plan/calibration.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/launcher/plan/planned_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::SimplePrices;

TEST(Calibration, IsReadAsItWasWrittenAndNotOnAnotherMachine) {
  const testing::ScratchDir dir;
  const auto file = dir.path() / "cache" / "calibration.json";
  EXPECT_FALSE(ReadCalibration(file));
  const Calibration mine{.machine = ThisMachine(), .prices = SimplePrices()};
  WriteCalibration(mine, file);
  ASSERT_TRUE(ReadCalibration(file));
  EXPECT_EQ(ReadCalibration(file)->prices, mine.prices);
  WriteCalibration({.machine = "another", .prices = SimplePrices()}, file);
  EXPECT_FALSE(ReadCalibration(file));
  for (const char* text : {"{\"machine\": ", "{\"machine\": 5}", "[]", "{\"machine\": null}"}) {
    std::ofstream(file) << text;
    EXPECT_FALSE(ReadCalibration(file)) << text;
  }
}

}  // namespace
}  // namespace fathom
