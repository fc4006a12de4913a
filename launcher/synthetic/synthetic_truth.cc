#include "launcher/synthetic/synthetic_truth.h"

#include "common/error.h"

namespace fathom {

MeanAndDeviation Describe(std::span<const double> values) {
  MeanAndDeviation result;
  for (const double value : values) result.mean += value;
  result.mean /= static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / static_cast<double>(values.size()));
  return result;
}

GeneratedFile::GeneratedFile(std::filesystem::path file)
    : file_(std::move(file)),
      partial_(file_.string() + ".partial"),
      out_(partial_, std::ios::binary) {}

void GeneratedFile::Finish() {
  out_.close();
  std::error_code refused;
  if (out_) std::filesystem::rename(partial_, file_, refused);
  if (!out_ || refused)
    Fail(ExitCode::kData, "{}: cannot be written: check the folder and the disk", file_.string());
}

}  // namespace fathom
