// The texts of a model: config.toml, transforms.json, the joined tables (manifest.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/manifest.h"

namespace fathom {

// Writes it durably and returns its entry.
ModelFileEntry WriteTextFile(const std::filesystem::path& dir, const std::string& name,
                             const std::string& text);

// The same of a text in a file, however long it is.
ModelFileEntry CopyTextFile(const std::filesystem::path& dir, const std::string& name,
                            const std::filesystem::path& from);

std::string ReadTextFile(const std::filesystem::path& dir, const Manifest& manifest,
                         const std::string& name);

// join-NN.csv: the table of [[join]] number `join`, as worker/feature/side_rows.h writes it.
std::string SideTableName(std::size_t join);
bool IsSideTableName(std::string_view name);

// Those of all joins, in order. Throws Error(kModel) where one is missing or damaged.
std::vector<std::string> ReadSideTables(const std::filesystem::path& dir, const Manifest& manifest,
                                        std::size_t joins);

}  // namespace fathom
