// What an Error must say: its exit code and the words that a user needs.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "common/error.h"

namespace fathom::testing {

template <typename Call>
void ExpectError(ExitCode code, std::initializer_list<const char*> words, Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    const std::string what = error.what();
    for (const char* word : words)
      EXPECT_NE(what.find(word), std::string::npos) << "\"" << word << "\" is missing in: " << what;
    return;
  }
  ADD_FAILURE() << "no error was thrown";
}

}  // namespace fathom::testing
