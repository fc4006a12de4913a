#include "worker/data/packed_format.h"

#include <string>

#include "common/xxh3.h"

namespace fathom {

PackedShape::PackedShape(const ModelSpec& spec)
    : numerics(spec.numerics.size()), grouped(spec.grouped), example_weights(spec.example_weights) {
  std::string text = grouped ? "grouped;" : "";
  if (example_weights) text += "\x01weights;";
  for (const Field& field : spec.fields) {
    (field.multivalent ? multivalents : singles) += 1;
    weighted |= field.weighted;
    text += field.name + (field.multivalent ? (field.weighted ? "\x01w" : "\x01m") : "\x01s") + ";";
  }
  for (const NumericField& numeric : spec.numerics) text += numeric.name + "\x01n;";
  schema = Xxh3(text);
  group_offset = singles * sizeof(Key);
  lists_offset = group_offset + (grouped ? sizeof(Key) : 0);
  numerics_offset =
      lists_offset + (multivalents > 0 ? (multivalents + 1) * sizeof(std::uint32_t) : 0);
  weight_offset = numerics_offset + numerics * sizeof(float);
  label_offset = weight_offset + (example_weights ? sizeof(float) : 0);
  record_bytes = (label_offset + 1 + 7) / 8 * 8;
}

}  // namespace fathom
