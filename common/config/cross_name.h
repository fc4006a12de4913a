// What a cross is called in models, settings and messages.
#pragma once

#include <string>

#include "common/config/config.h"

namespace fathom {

// "user x item": its columns' names, in order.
inline std::string CrossName(const CrossConfig& cross) {
  std::string name;
  for (const std::string& column : cross.columns) name += (name.empty() ? "" : " x ") + column;
  return name;
}

}  // namespace fathom
