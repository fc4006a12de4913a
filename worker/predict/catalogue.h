// Candidates, encoded once in the form in which their scores are made for any reader: by slices,
// each with the rows of the items' own keys. A cross of the reader's columns with the items' is
// half done: its items' combinations of keys are kept, and the reader's come later (recommender.h).
#pragma once

#include <cstdint>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"
#include "worker/batch/pulled_rows.h"
#include "worker/feature/column_encoder.h"
#include "worker/feature/cross_encoder.h"
#include "worker/feature/input_schema.h"
#include "worker/predict/catalogue_text.h"
#include "worker/predict/given_texts.h"
#include "worker/predict/scorer.h"

namespace fathom {

// Whose columns a field's keys are made of.
enum class FieldSide { kItem, kReader, kBoth };

// A field of the model, as a catalogue divides it.
struct CatalogueField {
  FieldSide side = FieldSide::kReader;
  std::vector<std::size_t> columns;      // of the config: its own, or the cross's
  std::vector<std::size_t> item_places;  // which of these the catalogue gives
  // kBoth: the items' different combinations of keys, [combinations x item_places].
  std::vector<Key> combinations;
  std::size_t most = 0;       // combinations of one item
  std::size_t most_item = 0;  // which has them

  std::size_t combination_count() const { return combinations.size() / item_places.size(); }
};

// The occurrences of one key, or combination, in one field of one slice.
struct CatalogueGroup {
  std::uint32_t of = 0;     // kItem: among the slice's rows; kBoth: among the combinations
  std::uint32_t begin = 0;  // into the occurrences
  std::uint32_t end = 0;
};

// kItem: groups ascend by key. kReader: empty.
struct SliceField {
  std::vector<CatalogueGroup> groups;
  std::vector<std::uint32_t> examples;  // by occurrence: of the slice
  std::vector<float> scales;            // by occurrence; kItem
  std::vector<std::uint32_t> counts;    // by occurrence: its item's combinations; kBoth
};

struct CatalogueSlice {
  std::uint32_t examples = 0;
  std::vector<float> numerics;            // [examples x numeric fields]; the reader's are 0
  std::vector<SliceField> fields;         // as the model's
  std::vector<PulledRows::Table> tables;  // rows of the items' own keys
};

// Thread rule: immutable once made; any number of recommenders read it. The scorer must outlive it.
class Catalogue {
 public:
  static constexpr std::uint32_t kSliceSize = 256;

  // Throws Error(kData): a text that the model cannot read, no column of the model.
  Catalogue(const Scorer& scorer, CatalogueText text);

  const Scorer& scorer() const { return scorer_; }
  const CatalogueText& text() const { return text_; }
  std::size_t items() const { return text_.items(); }

  // Whether the items have the text of this slot of the schema, their own or from a joined table.
  // What they do not have is the reader's.
  bool Gives(std::size_t slot) const { return gives_[slot]; }
  const std::vector<bool>& gives() const { return gives_; }

  const std::vector<CatalogueField>& fields() const { return fields_; }  // as the model's
  const std::vector<CatalogueSlice>& slices() const { return slices_; }

 private:
  const Scorer& scorer_;
  CatalogueText text_;
  std::vector<bool> gives_;  // by slot
  std::vector<CatalogueField> fields_;
  std::vector<CatalogueSlice> slices_;
};

// The texts of an item, by slot of the schema: its own, and what joined tables have of them. Those
// of a reader's slot are of no meaning. Thread rule: one thread's own.
class ItemReader {
 public:
  explicit ItemReader(const Catalogue& catalogue);

  // Valid until the next call.
  const std::vector<std::string_view>& Read(std::size_t item);

 private:
  const Catalogue& catalogue_;
  GivenTexts given_;
  std::vector<std::size_t> columns_;     // of the catalogue's text, by slot
  std::vector<std::string_view> texts_;  // the item's own
};

}  // namespace fathom
