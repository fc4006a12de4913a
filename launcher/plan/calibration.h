// What this machine's work costs: found once by twenty short trainings on generated data, one to
// two and a half minutes in all, and kept in a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "launcher/cluster/mpi_session.h"
#include "launcher/plan/cost_model.h"

namespace fathom {

struct Calibration {
  std::string machine;  // processor, cores, version: another one's prices are not used
  Prices prices;
};

// Processor, cores and version.
std::string ThisMachine();

// <XDG_CACHE_HOME or ~/.cache>/fathom/calibration.json
std::filesystem::path CalibrationFile();

// Nothing where there is none, or one of another machine or version. Where what is there is no
// calibration at all, there is none either, and *damage says what is wrong with it.
std::optional<Calibration> ReadCalibration(const std::filesystem::path& file,
                                           std::string* damage = nullptr);

// Throws Error(kTraining) where it cannot be written; what is there and is no file stays.
void WriteCalibration(const Calibration& calibration, const std::filesystem::path& file);

// Runs the trainings, one after another, in this process, which must be alone. Says on standard
// error what it does.
Calibration Calibrate(MpiSession& mpi);

}  // namespace fathom
