// Whether bytes are text in UTF-8, and how messages show those that are not to be seen.
#pragma once

#include <string>
#include <string_view>

namespace fathom {

// As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// Of UTF-8; other bytes count one each or not at all.
std::size_t CharactersOf(std::string_view text);

// The text, or its begin of at most so many bytes that ends with a whole character.
std::string_view WholeCharacters(std::string_view text, std::size_t most_bytes);

// A text in a table that people read: line ends and tabs are blanks, and where it has more than
// `most` characters it ends in an ellipsis after as many.
std::string TableCell(std::string_view text, std::size_t most);

// A message is cut at a zero byte, and control characters upset terminals: each becomes \x and its
// two hexadecimal digits.
std::string Printable(std::string_view text);

}  // namespace fathom
