#include "common/file/text_file.h"

#include "common/file/durable_file.h"

namespace fathom {

std::string ReadText(const std::filesystem::path& file) {
  const Buffer bytes = ReadFile(file, "check that it is there and may be read", ExitCode::kData);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fathom
