// Random packed examples for a model, few distinct keys a field, so that keys recur.
#pragma once

#include <filesystem>

#include "common/random.h"
#include "worker/data/packed_writer.h"

namespace fathom::testing {

inline void WriteSyntheticExamples(const ModelSpec& spec, std::size_t examples, std::uint64_t seed,
                                   std::uint64_t distinct_keys, const std::filesystem::path& file) {
  const PackedShape shape(spec);
  PackedExamples packed(shape);
  std::uint64_t draws = 0;
  const auto draw = [&] { return Mix64(seed, draws++); };
  const auto key = [&](std::size_t field) { return Mix64(field + 1, draw() % distinct_keys); };
  for (std::size_t e = 0; e < examples; ++e) {
    EncodedExample example;
    example.label = static_cast<std::uint8_t>(draw() % 2);
    example.group = draw() % 5;
    for (std::size_t n = 0; n < spec.numerics.size(); ++n)
      example.numerics.push_back(static_cast<float>(2 * UnitDouble(draw()) - 1));
    for (std::size_t f = 0; f < spec.fields.size(); ++f) {
      const Field& field = spec.fields[f];
      if (!field.multivalent) {
        example.keys.push_back(key(f));
        continue;
      }
      example.lists.emplace_back();
      example.list_weights.emplace_back();
      const std::uint64_t values = draw() % 4;
      for (std::uint64_t v = 0; v < values; ++v) {
        example.lists.back().push_back(key(f));
        if (field.weighted)
          example.list_weights.back().push_back(static_cast<float>(UnitDouble(draw()) + 0.5));
      }
    }
    packed.Add(example);
  }
  PackedWriter writer(file, shape);
  writer.Append(packed);
  writer.Finish();
}

}  // namespace fathom::testing
