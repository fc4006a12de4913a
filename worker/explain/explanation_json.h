// An explanation as JSON, for programs: docs/debugging.md has its members.
#pragma once

#include <string>

#include "worker/explain/explanation.h"

namespace fathom {

// One object, without a line end. Bytes that are no UTF-8 become the replacement character.
std::string ExplanationJson(const Explanation& explained);

}  // namespace fathom
