// Config files: TOML to Config, strictly. Every complaint names file, line and key.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/settings/given_keys.h"

namespace fathom {

// Reads a config file and applies the overrides ("train.epochs=2", "column.book.dim=8") in order.
// data.dir becomes a path that starts from the config file's folder. `given`, if not null, gets the
// keys that a person wrote. Throws Error(kUsage): not TOML, an unknown key (with the nearest known
// one), a wrong type, a value out of range, or settings that contradict each other.
Config LoadConfig(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                  GivenKeys* given = nullptr);

// As LoadConfig, of text; `origin` stands for the file in messages and `base_dir` for its folder.
Config ParseConfig(const std::string& text, const std::string& origin,
                   const std::filesystem::path& base_dir, const std::vector<std::string>& overrides,
                   GivenKeys* given = nullptr);

}  // namespace fathom
