#include "common/model/dense_range.h"

namespace fathom {
namespace {

constexpr std::size_t kDenseAlignment = 16;  // floats

}  // namespace

std::pair<std::size_t, std::size_t> DenseRange(std::size_t dense_floats, int server, int servers) {
  const std::size_t blocks = dense_floats / kDenseAlignment;
  const auto cut = [&](int s) {
    return blocks * static_cast<std::size_t>(s) / static_cast<std::size_t>(servers) *
           kDenseAlignment;
  };
  return {cut(server), cut(server + 1)};
}

}  // namespace fathom
