// What a caller gives of an example, by the columns of the model's input, and what it does not
// give.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "worker/feature/input_schema.h"

namespace fathom {

// Thread rule: one thread's own. The schema and the text must outlive it.
class GivenTexts {
 public:
  // `missing`: a text that means "missing".
  GivenTexts(const InputSchema& schema, const std::string& missing)
      : schema_(schema), missing_(missing), joins_(schema) {}

  // The texts of an example by slot of the schema, from those that a caller gives, null where it
  // gives none: such a column of a joined table is looked up, another is missing. With data.trim
  // blanks around a text do not count, as in a line. Valid until the next call.
  const std::vector<std::string_view>& Complete(std::span<const std::string_view> given);

 private:
  const InputSchema& schema_;
  const std::string& missing_;
  JoinLookup joins_;
  std::vector<std::string_view> texts_;
  std::vector<std::uint8_t> given_;
};

}  // namespace fathom
