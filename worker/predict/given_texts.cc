#include "worker/predict/given_texts.h"

#include "worker/text/csv.h"

namespace fathom {

const std::vector<std::string_view>& GivenTexts::Complete(std::span<const std::string_view> given) {
  const auto& sources = schema_.sources();
  texts_.assign(given.begin(), given.end());
  given_.assign(sources.size(), 0);
  for (std::size_t slot = 0; slot < sources.size(); ++slot) {
    given_[slot] = texts_[slot].data() != nullptr ? 1 : 0;
    if (given_[slot] == 0 && sources[slot].join < 0) {
      texts_[slot] = missing_;
    } else if (schema_.config().data.trim) {
      texts_[slot] = TrimmedField(texts_[slot]);
    }
  }
  if (!schema_.joins().empty()) joins_.Fill(&texts_, given_);
  return texts_;
}

}  // namespace fathom
