// Counts distinct keys in 64 KiB, to about 0.4 % (HyperLogLog, Flajolet et al. 2007).
#pragma once

#include <cstdint>
#include <vector>

#include "common/key.h"

namespace fathom {

class DistinctCounter {
 public:
  DistinctCounter() : registers_(kRegisters) {}

  void Add(Key key);
  double Estimate() const;

 private:
  static constexpr int kBits = 16;
  static constexpr std::size_t kRegisters = std::size_t{1} << kBits;

  std::vector<std::uint8_t> registers_;
};

}  // namespace fathom
