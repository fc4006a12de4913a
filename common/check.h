// Broken logic stops the program where it is found, with the condition printed, and by
// FATHOM_CHECK_EQ the operands. For what can go wrong outside the program (files, peers, users)
// throw an Error instead: see error.h.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "common/terminal.h"

namespace fathom {

[[noreturn]] inline void CheckFailed(const char* file, int line, const std::string& what) {
  WriteFatalMessage(fmt::format("{}:{}: check failed: {}\n", file, line, what).c_str());
  std::abort();
}

}  // namespace fathom

#define FATHOM_CHECK(condition)                                              \
  do {                                                                       \
    if (!(condition)) ::fathom::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#define FATHOM_CHECK_EQ(a, b)                                                                     \
  do {                                                                                            \
    const auto& fathom_a = (a);                                                                   \
    const auto& fathom_b = (b);                                                                   \
    if (!(fathom_a == fathom_b))                                                                  \
      ::fathom::CheckFailed(__FILE__, __LINE__,                                                   \
                            fmt::format("{} == {} ({} against {})", #a, #b, fathom_a, fathom_b)); \
  } while (false)
