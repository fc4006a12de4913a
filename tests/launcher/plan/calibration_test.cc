#include "launcher/plan/calibration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/launcher/plan/planned_run.h"
#include "tests/support/expect_error.h"
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
  std::string damage;
  WriteCalibration({.machine = "another", .prices = SimplePrices()}, file);
  EXPECT_FALSE(ReadCalibration(file, &damage));
  EXPECT_EQ(damage, "") << "it is another machine's, and whole";
}

TEST(Calibration, WhatIsNoneIsTakenForNoneAndSaidToBe) {
  const testing::ScratchDir dir;
  const auto file = dir.path() / "calibration.json";
  Calibration negative{.machine = ThisMachine(), .prices = SimplePrices()};
  negative.prices[1][0] = -1;
  WriteCalibration(negative, file);
  const std::string with_negative = dir.Read("calibration.json");
  for (const std::string& text :
       {std::string("{\"machine\": "), std::string("{\"machine\": 5}"), std::string("[]"),
        std::string("{\"machine\": null}"), std::string(), std::string("\xFF\0\1", 3),
        "{\"machine\": \"" + ThisMachine() + "\"}", with_negative}) {
    dir.Write("calibration.json", text);
    std::string damage;
    EXPECT_FALSE(ReadCalibration(file, &damage)) << text;
    EXPECT_NE(damage, "") << text;
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  std::string damage;
  EXPECT_FALSE(ReadCalibration(file, &damage));
  EXPECT_NE(damage, "");
  testing::ExpectError(ExitCode::kTraining, {"no plain file"},
                       [&] { WriteCalibration(negative, file); });
}

}  // namespace
}  // namespace fathom
