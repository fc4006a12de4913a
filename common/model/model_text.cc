#include "common/model/model_text.h"

#include "common/file/durable_file.h"
#include "common/file/mapped_file.h"
#include "common/model/checked_file.h"
#include "common/whole_number.h"

namespace fathom {

namespace fs = std::filesystem;

namespace {

ModelFileEntry Finished(DurableFile& file, const std::string& name) {
  file.Finish();
  return {
      .name = name, .bytes = file.bytes(), .checksum = file.checksum(), .blocks = file.blocks()};
}

}  // namespace

ModelFileEntry WriteTextFile(const fs::path& dir, const std::string& name,
                             const std::string& text) {
  DurableFile file(dir / name);
  file.Write(std::as_bytes(std::span(text.data(), text.size())));
  return Finished(file, name);
}

ModelFileEntry CopyTextFile(const fs::path& dir, const std::string& name, const fs::path& from) {
  const MappedFile text(from, ExitCode::kModel, "let the data be packed again");
  DurableFile file(dir / name);
  file.Write(text.bytes());
  return Finished(file, name);
}

std::string ReadTextFile(const fs::path& dir, const Manifest& manifest, const std::string& name) {
  const Buffer bytes = ReadChecked(dir, EntryOf(manifest, dir, name));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string SideTableName(std::size_t join) { return fmt::format("join-{:02d}.csv", join); }

bool IsSideTableName(std::string_view name) {
  constexpr std::string_view kBegin = "join-", kEnd = ".csv";
  if (name.size() < kBegin.size() + kEnd.size()) return false;
  const std::string_view digits =
      name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  const auto join = WholeNumber<std::size_t>(digits);
  return join && name == SideTableName(*join);
}

std::vector<std::string> ReadSideTables(const fs::path& dir, const Manifest& manifest,
                                        std::size_t joins) {
  std::vector<std::string> tables;
  for (std::size_t j = 0; j < joins; ++j)
    tables.push_back(ReadTextFile(dir, manifest, SideTableName(j)));
  return tables;
}

}  // namespace fathom
