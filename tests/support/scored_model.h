// A small trained model of many kinds of columns, and lines to score with it, of which some name
// values that the training never had.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "worker/predict/trained_model.h"

namespace fathom::testing {

class ScoredModel {
 public:
  // Writes the data into `dir` and trains there; `overrides` as key=value.
  ScoredModel(const std::filesystem::path& dir, const std::vector<std::string>& overrides = {});

  std::filesystem::path model() const { return dir_ / "out"; }
  const std::filesystem::path& lines() const { return lines_; }

  // The logits of an evaluation through servers, with the labels that the lines have.
  std::vector<float> Evaluated() const;

 private:
  std::filesystem::path dir_;
  std::filesystem::path lines_;
};

// The same of a model of libsvm lines, weighted.
class ScoredPairs {
 public:
  explicit ScoredPairs(const std::filesystem::path& dir);
  std::filesystem::path model() const { return dir_ / "out"; }
  const std::filesystem::path& lines() const { return lines_; }

 private:
  std::filesystem::path dir_;
  std::filesystem::path lines_;
};

// The logits of an evaluation through servers of a file that has labels.
std::vector<float> EvaluatedLogits(const std::filesystem::path& model_dir,
                                   const std::filesystem::path& lines);

// The logits of the same file by a Scorer in this thread.
std::vector<float> ScorerLogits(const std::filesystem::path& model_dir,
                                const std::filesystem::path& lines);

}  // namespace fathom::testing
