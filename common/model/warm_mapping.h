// How the rows and dense parameters of one model become those of another that begins with its
// values: column by column and layer by layer, by name (docs/model-format.md).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/model/model_spec.h"

namespace fathom {

struct WarmMapping {
  // Neighbouring dense parameters.
  struct Run {
    std::size_t from = 0;
    std::size_t to = 0;
    std::size_t count = 0;
  };

  // By table of the old model: the new model's table that takes its rows. Keys of different columns
  // differ, so rows of columns that the new model no longer has, or keeps in another table, do no
  // harm there.
  std::vector<std::optional<std::size_t>> tables;
  std::vector<Run> dense;  // what is taken over
  // What begins with 0, so that a new number changes no score before it is trained.
  std::vector<Run> zeros;  // `from` does not count

  std::vector<std::string> taken;      // columns and layers, for people
  std::vector<std::string> not_taken;  // with the reason
};

// A field is taken over with its embeddings and wide weights where both models keep it in tables of
// one form (wide, dimension); and with its rows of the first layer where that has as many outputs.
// A layer is taken over where it has the same shape and all layers below it are.
WarmMapping MapByName(const ModelSpec& from, const ModelSpec& to);

}  // namespace fathom
