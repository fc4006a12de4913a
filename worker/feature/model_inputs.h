// What a model keeps of how its inputs are read.
#pragma once

#include <string>
#include <vector>

namespace fathom {

struct ModelInputs {
  const std::string& transforms_json;
  const std::vector<std::string>* side_tables;  // texts, by join; null: those of data.dir are read
};

}  // namespace fathom
