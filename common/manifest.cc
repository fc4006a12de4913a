#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/check.h"
#include "common/durable_file.h"
#include "common/error.h"
#include "common/model_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kFormat = "fathom model";
constexpr int kVersion = 1;
constexpr const char* kRemedy = "restore the folder from a copy, or train again";
constexpr std::uint64_t kMaxTables = 1024;
constexpr int kMaxDim = 1 << 16;

Json ToJson(const Manifest& manifest) {
  Json root;
  root["format"] = kFormat;
  root["version"] = kVersion;
  root["step"] = manifest.step;
  root["seed"] = manifest.seed;
  root["dense_floats"] = manifest.dense_floats;
  root["tables"] = Json::array();
  for (const TableSpec& table : manifest.tables) {
    root["tables"].push_back({{"name", table.name}, {"wide", table.wide}, {"dim", table.dim}, {"row_wise", table.row_wise}});
  }
  root["files"] = Json::array();
  for (const ModelFileEntry& file : manifest.files) {
    root["files"].push_back({{"name", file.name}, {"bytes", file.bytes}, {"xxh3", fmt::format("{:016x}", file.checksum)}, {"rows", file.rows}});
  }
  return root;
}

// A name from a manifest is opened, so it must be one: no path, nothing hidden.
void CheckName(const std::string& name) {
  const bool plain = !name.empty() && name.front() != '.' &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; });
  if (!plain) throw std::runtime_error("\"" + name + "\" is no plain file name");
}

Manifest FromJson(const Json& root) {
  if (root.at("format") != kFormat) throw std::runtime_error("\"format\" is not \"" + std::string(kFormat) + "\"");
  if (root.at("version") != kVersion) throw std::runtime_error("its version is not " + std::to_string(kVersion));
  Manifest manifest;
  manifest.step = root.at("step").get<std::uint64_t>();
  manifest.seed = root.at("seed").get<std::uint64_t>();
  manifest.dense_floats = root.at("dense_floats").get<std::uint64_t>();
  if (manifest.dense_floats > std::numeric_limits<std::int32_t>::max()) throw std::runtime_error("dense_floats is out of range");
  if (root.at("tables").size() > kMaxTables) throw std::runtime_error("too many tables");
  for (const Json& table : root.at("tables")) {
    manifest.tables.push_back({.name = table.at("name"), .wide = table.at("wide"), .dim = table.at("dim"), .row_wise = table.at("row_wise")});
    if (manifest.tables.back().dim < 0 || manifest.tables.back().dim > kMaxDim) throw std::runtime_error("a table's dim is out of range");
  }
  for (const Json& file : root.at("files")) {
    ModelFileEntry entry{.name = file.at("name"), .bytes = file.at("bytes"), .checksum = std::stoull(file.at("xxh3").get<std::string>(), nullptr, 16),
                         .rows = file.at("rows").get<std::vector<std::uint64_t>>()};
    CheckName(entry.name);
    if (!entry.rows.empty() && entry.rows.size() != manifest.tables.size()) throw std::runtime_error(entry.name + " has rows of another number of tables");
    manifest.files.push_back(std::move(entry));
  }
  return manifest;
}

}  // namespace

void WriteManifest(const fs::path& dir, const Manifest& manifest) {
  const std::string partial = std::string(kManifestFile) + ".partial";
  WriteTextFile(dir, partial, ToJson(manifest).dump(1) + "\n");
  SyncDir(dir);
  std::error_code refused;
  fs::rename(dir / partial, dir / kManifestFile, refused);
  if (refused) Fail(ExitCode::kModel, "{}: cannot be renamed: {}", (dir / partial).string(), refused.message());
  SyncDir(dir);
}

Manifest ReadManifest(const fs::path& dir) {
  const fs::path file = dir / kManifestFile;
  if (!fs::exists(file)) Fail(ExitCode::kModel, "{}: no model: there is no {} in it", dir.string(), kManifestFile);
  const Buffer bytes = ReadFile(file, kRemedy);
  const char* text = reinterpret_cast<const char*>(bytes.data());
  try {
    return FromJson(Json::parse(text, text + bytes.size()));
  } catch (const std::exception& error) {
    Fail(ExitCode::kModel, "{}: the manifest is damaged ({}): {}", file.string(), error.what(), kRemedy);
  }
}

}  // namespace fathom
