#include "common/model/model_file.h"

#include "common/file/durable_file.h"
#include "common/model/checked_file.h"

namespace fathom {

namespace fs = std::filesystem;

std::uint64_t Manifest::Rows(std::size_t table) const {
  std::uint64_t rows = 0;
  for (const ModelFileEntry& file : files) {
    const auto& own = file.added.empty() ? file.rows : file.added;
    rows += table < own.size() ? own[table] : 0;
  }
  return rows;
}

ModelFileEntry WriteTextFile(const fs::path& dir, const std::string& name,
                             const std::string& text) {
  DurableFile file(dir / name);
  file.Write(std::as_bytes(std::span(text.data(), text.size())));
  file.Finish();
  return {
      .name = name, .bytes = file.bytes(), .checksum = file.checksum(), .blocks = file.blocks()};
}

std::string ReadTextFile(const fs::path& dir, const Manifest& manifest, const std::string& name) {
  const Buffer bytes = ReadChecked(dir, EntryOf(manifest, dir, name));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fathom
