// What every payload's decoder must refuse: a payload that is cut anywhere, and one that goes on.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "common/buffer.h"
#include "tests/support/expect_error.h"

namespace fathom::testing {

template <typename T>
std::vector<T> ToVector(std::span<const T> values) {
  return {values.begin(), values.end()};
}

// Every cut of a valid payload must be refused.
template <typename Decode>
void ExpectNoPartIsTaken(const Buffer& payload, Decode decode) {
  for (std::size_t bytes = 0; bytes < payload.size(); ++bytes) {
    Buffer part(bytes);
    if (bytes > 0) std::memcpy(part.data(), payload.data(), bytes);
    ExpectError(ExitCode::kPeer, {"payload"}, [&] { decode(part.bytes()); });
  }
}

template <typename Decode>
void ExpectTrailingByteIsRefused(Buffer payload, Decode decode) {
  payload.Resize(payload.size() + 1);
  ExpectError(ExitCode::kPeer, {"1 bytes too many"}, [&] { decode(payload.bytes()); });
}

}  // namespace fathom::testing
