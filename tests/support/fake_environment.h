// An environment that a test makes up.
#pragma once

#include <map>
#include <string>

#include "launcher/cluster/environment.h"

namespace fathom::testing {

using FakeEnvironment = std::map<std::string, std::string>;

// Valid as long as `environment` is.
inline EnvironmentReader ReaderOf(const FakeEnvironment& environment) {
  return [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
}

}  // namespace fathom::testing
