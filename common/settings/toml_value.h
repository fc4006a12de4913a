// A value of TOML, as it is put into the place of a setting. The only header that shows toml++.
//
// Thread rule: any thread. Failure: Error(kUsage) that begins with where the value stands.
#pragma once

#include <string>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "common/settings/settings.h"

namespace fathom {

// "FILE:LINE"
std::string Where(const std::string& origin, const toml::node& node);

toml::table ParseToml(const std::string& text, const std::string& origin);

// The value of an override, read as what `target` holds: TOML, or where it is none, the bare text
// as a string. It is the member "v" of the table.
toml::table ParseOverrideValue(const std::string& text, const SettingValue& target);

// As an override writes it: a string bare, all else as TOML.
std::string OverrideText(const toml::node& node);

// Puts the value into the setting's place. Throws: another type, a word that is none of the
// choices, a number out of range.
void Assign(const Setting& setting, const toml::node& node, const std::string& where);

}  // namespace fathom
