// A config file of any bytes; one that is taken survives a dump and a second reading.
#include "common/check.h"
#include "common/error.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "tests/fuzz/fuzz_input.h"

using namespace fathom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input(data, size);
  std::string first;
  try {
    first = DumpConfig(ParseConfig(std::string(input.text()), "fuzz.toml", "/", {}));
  } catch (const Error&) {
    return 0;
  }
  FATHOM_CHECK(DumpConfig(ParseConfig(first, "dump.toml", "/", {})) == first);
  return 0;
}
