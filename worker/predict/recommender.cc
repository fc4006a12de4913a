#include "worker/predict/recommender.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "common/error.h"

namespace fathom {

std::vector<Recommended> BestOf(std::span<const float> logits, std::size_t n,
                                std::span<const std::size_t> left_out) {
  std::vector<std::uint8_t> out(logits.size());
  for (const std::size_t item : left_out) out.at(item) = 1;
  std::vector<Recommended> best;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (out[i] == 0) best.push_back({.item = i, .logit = logits[i]});
  }
  n = std::min(n, best.size());
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(n), best.end(),
                    [](const Recommended& a, const Recommended& b) {
                      return a.logit != b.logit ? a.logit > b.logit : a.item < b.item;
                    });
  best.resize(n);
  return best;
}

Recommender::Recommender(const Catalogue& catalogue)
    : catalogue_(catalogue),
      scorer_(catalogue.scorer()),
      spec_(scorer_.spec()),
      columns_(MakeColumnEncoders(scorer_.schema(), scorer_.transforms())),
      crosses_(MakeCrossEncoders(scorer_.config(), scorer_.spec())),
      given_(scorer_.schema(), scorer_.missing_text()),
      fields_(spec_.fields.size()),
      keys_(spec_.tables.size()),
      reader_rows_(spec_.tables.size()),
      model_(spec_, Catalogue::kSliceSize) {
  for (const ColumnEncoder& column : columns_) {
    if (column.form() == ColumnEncoder::Form::kNumber && column.used())
      reader_numbers_.push_back(catalogue.Gives(column.slot()) ? 0 : 1);
  }
  batch_.slices = 1;
  batch_.slice_size = Catalogue::kSliceSize;
  batch_.fields = static_cast<std::uint32_t>(spec_.fields.size());
  batch_.tables.resize(spec_.tables.size());
  rows_.tables.resize(spec_.tables.size());
  rows_.dense = scorer_.rows().dense();
}

void Recommender::SetReader(std::span<const std::string_view> values) {
  const auto& sources = scorer_.schema().sources();
  for (std::size_t slot = 0; slot < sources.size(); ++slot) {
    if (values[slot].data() == nullptr || !catalogue_.Gives(slot)) continue;
    Fail(ExitCode::kUsage,
         "{} = \"{}\": the catalogue gives the column {} of each item: leave it out",
         sources[slot].column, values[slot], sources[slot].column);
  }
  EncodeReader(given_.Complete(values));
  for (auto& keys : keys_) keys.clear();
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    if (catalogue_.fields()[f].side == FieldSide::kItem) continue;
    CombineReader(f);
    AddKeys(f);
  }
  for (std::size_t t = 0; t < keys_.size(); ++t) ReadRows(t);
}

void Recommender::EncodeReader(const std::vector<std::string_view>& texts) {
  numbers_.clear();
  std::string wrong;
  for (ColumnEncoder& column : columns_) {
    const bool own = !catalogue_.Gives(column.slot());
    if (own && !column.Encode(texts[column.slot()], {}, &wrong)) Fail(ExitCode::kData, "{}", wrong);
    const bool number = column.form() == ColumnEncoder::Form::kNumber;
    if (number && column.used()) numbers_.push_back(own ? column.number() : 0);
  }
}

// The reader's keys of a field, or the combinations of them.
void Recommender::CombineReader(std::size_t f) {
  const CatalogueField& from = catalogue_.fields()[f];
  ReaderField& field = fields_[f];
  field.keys.clear();
  field.count = 1;
  std::vector<const ColumnEncoder*> own;
  for (std::size_t i = 0; i < from.columns.size(); ++i) {
    const ColumnEncoder& column = columns_[from.columns[i]];
    if (!catalogue_.Gives(column.slot())) own.push_back(&column);
  }
  const std::size_t of_item = from.side == FieldSide::kBoth ? from.most : 1;
  for (const ColumnEncoder* column : own) {
    field.count *= column->keys().size();
    if (own.size() == from.columns.size() && own.size() == 1) break;  // a column of its own
    if (field.count * of_item <= CrossEncoder::kMaxCombinations) continue;
    const std::string where =
        from.side == FieldSide::kBoth ? catalogue_.text().Where(from.most_item) : "the reader";
    Fail(ExitCode::kData, "{}: {}", where, CrossEncoder::TooMany());
  }
  for (std::size_t i = 0; i < field.count; ++i) {
    std::size_t rest = i;
    for (const ColumnEncoder* column : own) {
      field.keys.push_back(column->keys()[rest % column->keys().size()]);
      rest /= column->keys().size();
    }
  }
  field.weights.clear();
  if (spec_.fields[f].weighted) field.weights = own.front()->weights();
}

// All keys that the field has for this reader, to those of its table.
void Recommender::AddKeys(std::size_t f) {
  const CatalogueField& from = catalogue_.fields()[f];
  ReaderField& field = fields_[f];
  auto& keys = keys_[static_cast<std::size_t>(spec_.fields[f].table)];
  const std::size_t items = from.side == FieldSide::kBoth ? from.combination_count() : 1;
  field.rows.resize(field.count * items);
  const std::size_t first_cross = fields_.size() - crosses_.size();
  if (f < first_cross) {
    for (std::uint32_t i = 0; i < field.count; ++i)
      keys.push_back({field.keys[i], static_cast<std::uint32_t>(f), i});
    return;
  }
  const CrossEncoder& cross = crosses_[f - first_cross];
  const std::size_t item_columns = from.item_places.size();
  const std::size_t own_columns = from.columns.size() - item_columns;
  combination_.resize(from.columns.size());
  std::uint32_t place = 0;
  for (std::size_t u = 0; u < field.count; ++u) {
    for (std::size_t c = 0; c < items; ++c) {
      std::size_t of_item = 0;
      std::size_t own = 0;
      for (std::size_t i = 0; i < combination_.size(); ++i) {
        const bool is_item = of_item < item_columns && from.item_places[of_item] == i;
        combination_[i] = is_item ? from.combinations[c * item_columns + of_item++]
                                  : field.keys[u * own_columns + own++];
      }
      keys.push_back({cross.KeyOf(combination_), static_cast<std::uint32_t>(f), place++});
    }
  }
}

// The rows of the reader's keys, which ascend as their keys do.
void Recommender::ReadRows(std::size_t t) {
  auto& keys = keys_[t];
  std::sort(keys.begin(), keys.end(),
            [](const KeyPlace& a, const KeyPlace& b) { return a.key < b.key; });
  unique_keys_.clear();
  for (const KeyPlace& key : keys) {
    if (unique_keys_.empty() || unique_keys_.back() != key.key) unique_keys_.push_back(key.key);
    fields_[key.field].rows[key.place] = static_cast<std::uint32_t>(unique_keys_.size() - 1);
  }
  scorer_.rows().Read(t, unique_keys_, &rows_.tables[t]);
  reader_rows_[t] = static_cast<std::uint32_t>(unique_keys_.size());
}

std::vector<std::string> Recommender::UnknownColumns() const {
  std::vector<std::string> names;
  for (std::size_t f = 0; f < fields_.size() - crosses_.size(); ++f) {
    if (catalogue_.fields()[f].side != FieldSide::kReader || fields_[f].count == 0) continue;
    const auto& has_row = rows_.tables[static_cast<std::size_t>(spec_.fields[f].table)].has_row;
    const bool known = std::any_of(fields_[f].rows.begin(), fields_[f].rows.end(),
                                   [&](std::uint32_t row) { return has_row[row] != 0; });
    if (!known) names.push_back(spec_.fields[f].name);
  }
  return names;
}

void Recommender::Score(float* logits) {
  for (const CatalogueSlice& slice : catalogue_.slices()) {
    Assemble(slice);
    model_.Forward(batch_, 0, rows_, logits);
    logits += slice.examples;
  }
}

// The slice as a batch of its own. Of each field the segments ascend by key, as the sums' order
// asks for; rows are named by place, of which the reader's come first.
void Recommender::Assemble(const CatalogueSlice& slice) {
  batch_.examples = slice.examples;
  batch_.numerics = slice.numerics;
  const std::size_t numbers = reader_numbers_.size();
  for (std::size_t n = 0; n < numbers; ++n) {
    for (std::size_t e = 0; reader_numbers_[n] != 0 && e < slice.examples; ++e)
      batch_.numerics[e * numbers + n] = numbers_[n];
  }
  for (std::size_t t = 0; t < batch_.tables.size(); ++t) {
    TableBatch& table = batch_.tables[t];
    table.examples.clear();
    table.scales.clear();
    table.segments.clear();
    table.segment_begins.clear();
    const auto append = [](AlignedVector<float>* all, std::size_t first, const auto& more) {
      all->resize(first + more.size());
      std::copy(more.begin(), more.end(), all->begin() + static_cast<std::ptrdiff_t>(first));
    };
    const std::size_t rows = reader_rows_[t];
    append(&rows_.tables[t].wide, spec_.tables[t].wide ? rows : 0, slice.tables[t].wide);
    append(&rows_.tables[t].deep, rows * static_cast<std::size_t>(spec_.tables[t].dim),
           slice.tables[t].deep);
  }
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    for (TableBatch& table : batch_.tables)
      table.segment_begins.push_back(static_cast<std::uint32_t>(table.segments.size()));
    const auto t = static_cast<std::size_t>(spec_.fields[f].table);
    TableBatch* const table = &batch_.tables[t];
    switch (catalogue_.fields()[f].side) {
      case FieldSide::kItem:
        AddItemField(slice.fields[f], reader_rows_[t], table);
        break;
      case FieldSide::kReader:
        AddReaderField(f, slice.examples, table);
        break;
      case FieldSide::kBoth:
        AddCrossField(f, slice.fields[f], table);
        break;
    }
  }
  for (TableBatch& table : batch_.tables)
    table.segment_begins.push_back(static_cast<std::uint32_t>(table.segments.size()));
}

void Recommender::AddItemField(const SliceField& field, std::uint32_t first_row,
                               TableBatch* table) {
  const auto first = static_cast<std::uint32_t>(table->examples.size());
  table->examples.insert(table->examples.end(), field.examples.begin(), field.examples.end());
  table->scales.insert(table->scales.end(), field.scales.begin(), field.scales.end());
  for (const CatalogueGroup& group : field.groups)
    table->segments.push_back({first_row + group.of, 0, first + group.begin, first + group.end});
}

void Recommender::AddReaderField(std::size_t f, std::uint32_t examples, TableBatch* table) {
  const ReaderField& field = fields_[f];
  const float share = PoolingShare(spec_.fields[f], field.count);
  // A key that the reader has twice: its occurrences stay in their order.
  order_.clear();
  for (std::uint32_t u = 0; u < field.count; ++u)
    order_.push_back((std::uint64_t{field.rows[u]} << 32) | u);
  std::sort(order_.begin(), order_.end());
  for (const std::uint64_t place : order_) {
    const auto u = static_cast<std::uint32_t>(place);
    const float scale = field.weights.empty() ? share : field.weights[u] * share;
    const auto begin = static_cast<std::uint32_t>(table->examples.size());
    for (std::uint32_t e = 0; e < examples; ++e) table->examples.push_back(e);
    table->scales.resize(table->examples.size(), scale);
    table->segments.push_back({field.rows[u], 0, begin, begin + examples});
  }
}

// Two combinations of an example whose keys are the same have the same row and scale: their order
// does not count.
void Recommender::AddCrossField(std::size_t f, const SliceField& field, TableBatch* table) {
  const ReaderField& reader = fields_[f];
  const std::size_t items = catalogue_.fields()[f].combination_count();
  const std::size_t groups = field.groups.size();
  order_.clear();
  for (std::size_t u = 0; u < reader.count; ++u) {
    for (std::size_t g = 0; g < groups; ++g) {
      const std::uint64_t row = reader.rows[u * items + field.groups[g].of];
      order_.push_back((row << 32) | g);
    }
  }
  std::sort(order_.begin(), order_.end());
  for (const std::uint64_t place : order_) {
    const CatalogueGroup& group = field.groups[static_cast<std::uint32_t>(place)];
    const auto begin = static_cast<std::uint32_t>(table->examples.size());
    for (std::uint32_t o = group.begin; o < group.end; ++o) {
      table->examples.push_back(field.examples[o]);
      table->scales.push_back(PoolingShare(spec_.fields[f], reader.count * field.counts[o]));
    }
    table->segments.push_back({static_cast<std::uint32_t>(place >> 32), 0, begin,
                               static_cast<std::uint32_t>(table->examples.size())});
  }
}

std::vector<Recommended> Recommender::Top(std::size_t n, std::span<const std::size_t> left_out) {
  const std::size_t items = catalogue_.items();
  std::vector<float> logits(items);
  Score(logits.data());
  for (std::size_t i = 0; i < items; ++i) {
    if (std::isfinite(logits[i])) continue;
    Fail(ExitCode::kNumeric,
         "{}: its score is no finite number: open the model with its checksums compared to see "
         "whether it is damaged",
         catalogue_.text().Where(i));
  }
  return BestOf(logits, n, left_out);
}

}  // namespace fathom
