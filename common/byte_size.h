// Sizes as people write them: "24GB", "512MiB".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fathom {

// A number and a unit of B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024).
// Nothing where the text is none, or no more than 0.
std::optional<double> ParseByteSize(const std::string& text);

// "as 24GB or 512MiB": for messages.
inline constexpr const char* kByteSizeForm = "a number and a unit, as 24GB or 512MiB";

}  // namespace fathom
