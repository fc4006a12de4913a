// XXH3-64 of bytes: for keys and for checksums. Compiled in one place; only ValueKeys
// (common/key.h) has it inlined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace fathom {

std::uint64_t Xxh3(std::span<const std::byte> bytes, std::uint64_t seed = 0);

inline std::uint64_t Xxh3(std::string_view text, std::uint64_t seed = 0) {
  return Xxh3(std::as_bytes(std::span(text.data(), text.size())), seed);
}

// The same hash of bytes that come piece by piece.
class Xxh3Stream {
 public:
  Xxh3Stream();
  ~Xxh3Stream();
  Xxh3Stream(Xxh3Stream&&) noexcept;
  Xxh3Stream& operator=(Xxh3Stream&&) noexcept;

  void Add(std::span<const std::byte> bytes);
  std::uint64_t Digest() const;
  void Reset();  // as new

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fathom
