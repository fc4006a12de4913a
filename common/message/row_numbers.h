// The numbers of a table's rows in a payload: float32, or bfloat16 where train.row_format says so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/aligned_vector.h"
#include "common/config/kinds.h"
#include "common/net/payload.h"

namespace fathom {

// An array of `count` numbers as float32: a view into the payload, or into a new vector at the end
// of `converted`. Throws Error(kPeer) where the payload is too short.
std::span<const float> ReadRowNumbers(PayloadReader* reader, std::uint64_t count, RowFormat format,
                                      std::vector<AlignedVector<float>>* converted);

}  // namespace fathom
