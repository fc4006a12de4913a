// A feature of a model as people write it: the text of a column's value, or those of a cross's
// columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"
#include "worker/feature/column_encoder.h"
#include "worker/feature/cross_encoder.h"
#include "worker/feature/input_schema.h"

namespace fathom {

struct NamedFeature {
  std::size_t field = 0;  // of the spec
  Key key = 0;
  std::string name;  // what the model takes the text for, as "58", "58 x fantasy", "[18, 25)"
};

// Thread rule: one thread's own. What it is made of must outlive it.
class FeatureReader {
 public:
  FeatureReader(const InputSchema& schema, const ModelSpec& spec,
                const ColumnTransforms& transforms);

  // "FIELD=TEXT", the text as in the data: "reader=58"; of a list one of its values; of a cross the
  // texts of its columns between commas, as a CSV line has them: "reader x genres=58,fantasy". A
  // key may be written itself: "reader=#00c1f2a90b3d4e5f". Throws Error(kUsage): no such field, or
  // a text that the model cannot read or takes for several values.
  NamedFeature Read(std::string_view text);

 private:
  std::size_t FieldNamed(std::string_view name, std::string_view text) const;
  Key OfColumn(std::size_t column, std::string_view value, std::string* name);
  Key OfCross(std::size_t cross, std::string_view values, std::string* name);

  const InputSchema& schema_;
  const ModelSpec& spec_;
  std::vector<ColumnEncoder> columns_;
  std::vector<CrossEncoder> crosses_;
  std::vector<std::size_t> column_of_;  // by field that is a column: its place in the config
};

}  // namespace fathom
