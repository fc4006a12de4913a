#include "worker/input/input_open.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "common/whole_number.h"
#include "worker/input/input_paths.h"

namespace fathom {

int NamedDescriptor(const std::filesystem::path& file) {
  if (file == kStandardInput || file == "/dev/stdin") return STDIN_FILENO;
  for (const char* folder : {"/dev/fd/", "/proc/self/fd/"}) {
    const std::string name = file.string();
    if (!name.starts_with(folder)) continue;
    if (const auto number = WholeNumber<int>(name.substr(std::strlen(folder)))) return *number;
  }
  return -1;
}

// A socket cannot be opened by its name in /dev/fd.
Descriptor OpenOnce(const std::filesystem::path& file) {
  const int named = NamedDescriptor(file);
  return named >= 0 ? Descriptor(fcntl(named, F_DUPFD_CLOEXEC, 0))
                    : Descriptor(file, O_RDONLY | O_NOCTTY);
}

}  // namespace fathom
