// What a file is, by its first bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fathom {

inline constexpr std::size_t kKindBytes = 512;  // that are enough to tell

enum class Coding { kNone, kGzip, kZstd };

// How the file with these first bytes is compressed. Throws Error(kData) where it is something
// that is not read, as a zip archive, or where `name` says that it is compressed and it is not.
Coding CodingOf(const std::string& name, std::string_view first);

// Checks text that begins so, decompressed, and returns how many bytes of a byte order mark come
// before it. Throws Error(kData) where it is no text in UTF-8, as UTF-16, or has carriage returns
// for line ends.
std::size_t BeginOfText(const std::string& name, std::string_view first);

}  // namespace fathom
