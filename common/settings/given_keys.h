// The keys that a person wrote, into the config file or on the command line: so that a setting
// that does nothing where it stands can be told (idle_settings.h). No part of a config's identity.
#pragma once

#include <set>
#include <string>

#include "common/config/config.h"

namespace fathom {

// By dotted path: "train.epochs"; "column.NAME.dim". A file that fathom wrote (config_dump.h) gives
// none: it names every setting.
using GivenKeys = std::set<std::string, std::less<>>;

// Where the keys of a list's item begin: "column.NAME", "cross.A x B", "join.FILE".
std::string PathOf(const ColumnConfig& column);
std::string PathOf(const CrossConfig& cross);
std::string PathOf(const JoinConfig& join);

}  // namespace fathom
