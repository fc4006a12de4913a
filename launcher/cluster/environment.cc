#include "launcher/cluster/environment.h"

#include <cstdlib>

#include "common/whole_number.h"

namespace fathom {

const char* ReadEnvironment(const char* name) { return std::getenv(name); }

int CountIn(const EnvironmentReader& read, const char* name) {
  const char* const text = read(name);
  return text == nullptr ? 0 : WholeNumber<int>(text).value_or(0);
}

}  // namespace fathom
