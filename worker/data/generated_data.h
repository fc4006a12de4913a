// Examples that nobody has to store (data.format = DataFormat::kGenerated): each is a pure function
// of the config's [generated] and its number, so a log of any length costs no disk and no memory.
//
// A categorical column has `values` distinct values; value number v is drawn with a probability
// that falls as (v + 1)^-skew. The label is drawn from logit = bias + a weight for each column's
// value + a slope for each number + for columns 0 and 1, 2 and 3, and so on, where both are
// categorical, the product of their values' hidden vectors of kHidden numbers, which a wide part
// cannot learn. The single terms and the products have half of the variance each. About a quarter
// of the labels are 1.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/config/config.h"
#include "worker/data/example_source.h"

namespace fathom {

class GeneratedData : public ExampleSource {
 public:
  static constexpr std::uint64_t kHidden = 4;

  enum class Part : std::uint64_t { kTrain = 0, kTest = 1 };

  // The config's columns must be categorical without a transform or hash_buckets, or numeric
  // without a transform; crosses may combine them. Throws Error(kUsage) where they are not.
  GeneratedData(const Config& config, Part part);

  std::uint64_t examples() const override { return examples_; }
  std::string fingerprint() const override { return fingerprint_; }
  ExampleView Example(std::uint64_t index, ExampleScratch* scratch) const override;
  std::uint64_t mapped_bytes() const override { return 0; }
  void Release() const override {}
  void Prefetch(std::uint64_t) const override {}

 private:
  struct Column {
    std::uint64_t seed = 0;
    double values = 0;
    double mass = 0;  // of all its values
    bool numeric = false;
    bool used = true;  // by the model, or only by crosses and groups
  };
  struct Cross {
    std::uint64_t seed = 0;
    std::uint64_t hash_buckets = 0;
    std::vector<std::size_t> columns;
  };

  // Example, compiled for each width of vector.
  ExampleView Make(std::uint64_t index, ExampleScratch* scratch) const;
  void AddCrosses(const Config& config);
  // The integral of x^-skew from 1 to `end`, times 1 - skew where that is not 0.
  double Mass(double end) const;
  Key Draw(const Column& column, double uniform) const;
  // What the truth adds for a value, and for a pair of them: mean 0, variance 1.
  static double Effect(Key key);
  static double Effect(Key a, Key b);

  std::uint64_t examples_ = 0;
  std::uint64_t seed_ = 0;
  double skew_ = 0;
  double single_scale_ = 0;  // of an effect in the logit
  double pair_scale_ = 0;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;  // of columns
  std::string fingerprint_;
  std::vector<Column> columns_;  // config order
  std::vector<Cross> crosses_;
  std::ptrdiff_t group_ = -1;  // the column of evaluate.group_by; -1: none
};

}  // namespace fathom
