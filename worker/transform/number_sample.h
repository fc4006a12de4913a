// All numbers of a column, or of very many a uniform sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fathom {

// Which numbers are kept depends on their places alone, not on the order in which they come.
class NumberSample {
 public:
  static constexpr std::size_t kMaxKept = std::size_t{1} << 20;

  // `place`: unique to the example.
  void Add(double x, std::uint64_t place);
  void Merge(const NumberSample& later);

  // Those that are kept, ascending.
  std::vector<double> Sorted() const;

 private:
  struct Kept {
    std::uint64_t rank;  // a hash of its place: the lowest are kept
    double x;
  };
  void Thin();

  std::vector<Kept> kept_;
};

}  // namespace fathom
