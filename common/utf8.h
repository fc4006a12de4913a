// Whether bytes are text in UTF-8.
#pragma once

#include <string_view>

namespace fathom {

// As RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace fathom
