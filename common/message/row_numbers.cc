#include "common/message/row_numbers.h"

#include "common/bfloat16.h"
#include "common/net/payload.h"

namespace fathom {

std::span<const float> ReadRowNumbers(PayloadReader* reader, std::uint64_t count, RowFormat format,
                                      std::vector<AlignedVector<float>>* converted) {
  if (format == RowFormat::kFloat32) return reader->Array<float>(count);
  const auto halves = reader->Array<std::uint16_t>(count);
  AlignedVector<float>& numbers = converted->emplace_back(halves.size());
  FromBfloat16(halves, numbers.data());
  return numbers;
}

}  // namespace fathom
