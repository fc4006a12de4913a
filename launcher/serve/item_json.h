// A recommended item of the server's catalogue in an answer: what is shown of it, and why it is
// there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/serve/served_model.h"
#include "worker/recommend/shown_columns.h"
#include "worker/recommend/wide_terms.h"

namespace fathom {

struct ItemRequest {
  std::vector<std::string> show;                 // columns; empty: all of the catalogue
  bool why = false;                              // with reasons
  std::vector<std::string_view> reader;          // texts by slot
  std::optional<std::vector<std::size_t>> seen;  // places of what the reader has
};

// Thread rule: one thread's own. Model and request must outlive it.
class ItemJson {
 public:
  // Throws Error(kUsage): a column that there is not.
  ItemJson(const ServedModel& model, const ItemRequest& request);

  // Members of the item's object, each after a comma: "item"; and with reasons "wide", "near" and,
  // where it is known what the reader has, "near_seen". Throws Error(kNumeric): damaged rows.
  std::string Members(std::size_t item);

 private:
  std::string Shown(std::size_t item);
  std::string Wide(std::size_t item);
  std::string Near(const std::vector<Neighbour>& items);

  const ServedModel& model_;
  const ItemRequest& request_;
  ShownColumns shown_;
  std::optional<WideTerms> terms_;
};

}  // namespace fathom
