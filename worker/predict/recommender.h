// The best items of a catalogue for a reader, by the model's exact scores of all of it. A score is,
// bit for bit, that of the same example in a ScoringSession: all that is saved is to read and
// encode the items again, and to look up their rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/key.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"
#include "worker/feature/column_encoder.h"
#include "worker/feature/cross_encoder.h"
#include "worker/model/slice_model.h"
#include "worker/predict/catalogue.h"
#include "worker/predict/given_texts.h"

namespace fathom {

struct Recommended {
  std::size_t item = 0;  // its place in the catalogue
  float logit = 0;
};

// The n items with the highest logits, highest first, of equal ones the earlier; `left_out`: places
// that are not among them, in any order.
std::vector<Recommended> BestOf(std::span<const float> logits, std::size_t n,
                                std::span<const std::size_t> left_out = {});

// Thread rule: one thread's own, as it keeps the memory that scoring needs. The catalogue must
// outlive it.
class Recommender {
 public:
  explicit Recommender(const Catalogue& catalogue);
  Recommender(const Recommender&) = delete;  // the model's parts read the scorer's spec
  Recommender& operator=(const Recommender&) = delete;

  // Whose items are scored from now on. `values`: texts by slot, null where there is none: then it
  // is looked up or missing. Throws Error(kUsage): a text of a slot that the catalogue gives;
  // Error(kData): a text that the model cannot read.
  void SetReader(std::span<const std::string_view> values);

  // The reader's own columns of whose values the model has learnt nothing: by name. To it a reader
  // of whom that is said is anybody.
  std::vector<std::string> UnknownColumns() const;

  // logits [items].
  void Score(float* logits);

  // BestOf the items for this reader. Throws Error(kNumeric): a score that is no finite number.
  std::vector<Recommended> Top(std::size_t n, std::span<const std::size_t> left_out);

 private:
  // What a field that takes the reader's columns is made of for this reader.
  struct ReaderField {
    std::vector<Key> keys;       // the combinations of the reader's keys, [count x its columns]
    std::vector<float> weights;  // kReader, of a weighted list
    std::size_t count = 0;       // of these combinations
    std::vector<std::uint32_t> rows;  // [count x the items' combinations]: of the field's table
  };
  struct KeyPlace {
    Key key;
    std::uint32_t field;
    std::uint32_t place;  // among the field's rows
  };

  void EncodeReader(const std::vector<std::string_view>& texts);
  void CombineReader(std::size_t f);
  void AddKeys(std::size_t f);
  void ReadRows(std::size_t t);
  void Assemble(const CatalogueSlice& slice);
  void AddItemField(const SliceField& field, std::uint32_t first_row, TableBatch* table);
  void AddReaderField(std::size_t f, std::uint32_t examples, TableBatch* table);
  void AddCrossField(std::size_t f, const SliceField& field, TableBatch* table);

  const Catalogue& catalogue_;
  const Scorer& scorer_;
  const ModelSpec& spec_;
  std::vector<ColumnEncoder> columns_;
  std::vector<CrossEncoder> crosses_;
  GivenTexts given_;
  std::vector<float> numbers_;                // by numeric field; the items' are 0
  std::vector<std::uint8_t> reader_numbers_;  // by numeric field: whether it is the reader's
  std::vector<ReaderField> fields_;           // as the model's
  std::vector<std::vector<KeyPlace>> keys_;   // by table
  std::vector<Key> unique_keys_;
  std::vector<Key> combination_;
  std::vector<std::uint32_t> reader_rows_;  // by table: so many of its rows are the reader's
  std::vector<std::uint64_t> order_;        // of a field's groups: row, place
  Batch batch_;
  PulledRows rows_;  // the reader's, then the slice's
  SliceModel model_;
};

}  // namespace fathom
