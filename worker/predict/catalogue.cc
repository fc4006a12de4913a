#include "worker/predict/catalogue.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "common/error.h"

namespace fathom {
namespace {

struct KeysHash {
  std::size_t operator()(const std::vector<Key>& keys) const {
    std::uint64_t state = 0;
    for (const Key key : keys) state = CrossFold(state, key);
    return state;
  }
};
using CombinationNumbers = std::unordered_map<std::vector<Key>, std::uint32_t, KeysHash>;

// One use of a key, or of a combination, by an item of a slice.
struct Occurrence {
  Key key = 0;  // kBoth: the combination's number
  std::uint32_t example = 0;
  float scale = 1;
  std::uint32_t count = 1;
};

// By slot: whether the catalogue's lines have it, or a joined table that they are looked up in.
std::vector<bool> GivenSlots(const InputSchema& schema, const CatalogueText& text) {
  std::vector<bool> gives(schema.sources().size());
  for (std::size_t slot = 0; slot < gives.size(); ++slot)
    gives[slot] = text.Column(schema.sources()[slot].column) < text.columns().size();
  for (std::size_t j = 0; j < schema.joins().size(); ++j) {
    if (!gives[schema.Slot(schema.joins()[j].join().key)]) continue;
    for (std::size_t slot = 0; slot < gives.size(); ++slot) {
      if (schema.sources()[slot].join == static_cast<int>(j)) gives[slot] = true;
    }
  }
  return gives;
}

std::vector<CatalogueField> DivideFields(const Catalogue& catalogue) {
  const Config& config = catalogue.scorer().config();
  std::vector<CatalogueField> fields;
  for (std::size_t c = 0; c < config.columns.size(); ++c) {
    const ColumnConfig& column = config.columns[c];
    if (column.kind != ColumnKind::kNumeric && column.use != Use::kNone)
      fields.push_back({.columns = {c}});
  }
  for (const CrossEncoder& cross :
       MakeCrossEncoders(catalogue.scorer().config(), catalogue.scorer().spec()))
    fields.push_back({.columns = cross.columns()});
  const InputSchema& schema = catalogue.scorer().schema();
  for (CatalogueField& field : fields) {
    for (std::size_t i = 0; i < field.columns.size(); ++i) {
      if (catalogue.Gives(schema.Slot(SourceOf(config.columns[field.columns[i]]))))
        field.item_places.push_back(i);
    }
    if (field.item_places.size() == field.columns.size()) {
      field.side = FieldSide::kItem;
    } else if (!field.item_places.empty()) {
      field.side = FieldSide::kBoth;
    }
  }
  return fields;
}

// Encodes the items one after another, and completes a slice when it is full.
class SliceBuilder {
 public:
  SliceBuilder(const Catalogue& catalogue, std::vector<CatalogueField>* fields)
      : catalogue_(catalogue),
        scorer_(catalogue.scorer()),
        spec_(scorer_.spec()),
        reader_(catalogue),
        columns_(MakeColumnEncoders(scorer_.schema(), scorer_.transforms())),
        crosses_(MakeCrossEncoders(scorer_.config(), spec_)),
        fields_(*fields),
        numbers_(fields->size()),
        occurrences_(fields->size()),
        keys_(spec_.tables.size()) {
    for (const ColumnEncoder& column : columns_) gives_.push_back(catalogue.Gives(column.slot()));
  }

  std::vector<CatalogueSlice> Build() {
    std::vector<CatalogueSlice> slices;
    const std::size_t items = catalogue_.items();
    for (std::size_t begin = 0; begin < items; begin += Catalogue::kSliceSize) {
      CatalogueSlice& slice = slices.emplace_back();
      slice.examples =
          static_cast<std::uint32_t>(std::min<std::size_t>(Catalogue::kSliceSize, items - begin));
      for (auto& occurrences : occurrences_) occurrences.clear();
      for (std::uint32_t e = 0; e < slice.examples; ++e) AddItem(begin + e, e, &slice);
      Complete(&slice);
    }
    return slices;
  }

 private:
  void AddItem(std::size_t item, std::uint32_t example, CatalogueSlice* slice) {
    const std::vector<std::string_view>& values = reader_.Read(item);
    std::string wrong;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (gives_[c] && !columns_[c].Encode(values[columns_[c].slot()], {}, &wrong))
        Fail(ExitCode::kData, "{}: {}", catalogue_.text().Where(item), wrong);
      const bool number = columns_[c].form() == ColumnEncoder::Form::kNumber;
      if (number && columns_[c].used())
        slice->numerics.push_back(gives_[c] ? columns_[c].number() : 0);
    }
    const std::size_t first_cross = fields_.size() - crosses_.size();
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (fields_[f].side == FieldSide::kReader) continue;
      if (f < first_cross) {
        AddColumn(f, columns_[fields_[f].columns.front()], example);
      } else {
        AddCross(f, crosses_[f - first_cross], item, example);
      }
    }
  }

  void AddColumn(std::size_t f, const ColumnEncoder& column, std::uint32_t example) {
    const float share = PoolingShare(spec_.fields[f], column.keys().size());
    for (std::size_t i = 0; i < column.keys().size(); ++i) {
      const float scale = spec_.fields[f].weighted ? column.weights()[i] * share : share;
      occurrences_[f].push_back({.key = column.keys()[i], .example = example, .scale = scale});
    }
  }

  void AddCross(std::size_t f, const CrossEncoder& cross, std::size_t item, std::uint32_t example) {
    CatalogueField& field = fields_[f];
    std::size_t count = 1;
    for (const std::size_t place : field.item_places) {
      count *= columns_[field.columns[place]].keys().size();
      if (count > CrossEncoder::kMaxCombinations)
        Fail(ExitCode::kData, "{}: {}", catalogue_.text().Where(item), CrossEncoder::TooMany());
    }
    if (count > field.most) {
      field.most = count;
      field.most_item = item;
    }
    combination_.resize(field.item_places.size());
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t rest = i;
      for (std::size_t p = 0; p < combination_.size(); ++p) {
        const auto& keys = columns_[field.columns[field.item_places[p]]].keys();
        combination_[p] = keys[rest % keys.size()];
        rest /= keys.size();
      }
      const bool whole = field.side == FieldSide::kItem;
      occurrences_[f].push_back({.key = whole ? cross.KeyOf(combination_) : NumberOf(f),
                                 .example = example,
                                 .scale = whole ? PoolingShare(spec_.fields[f], count) : 1.0F,
                                 .count = static_cast<std::uint32_t>(count)});
    }
  }

  // Of combination_ in a field.
  std::uint32_t NumberOf(std::size_t f) {
    const auto next = static_cast<std::uint32_t>(numbers_[f].size());
    const auto [place, is_new] = numbers_[f].try_emplace(combination_, next);
    auto& kept = fields_[f].combinations;
    if (is_new) kept.insert(kept.end(), combination_.begin(), combination_.end());
    return place->second;
  }

  void Complete(CatalogueSlice* slice) {
    slice->tables.resize(spec_.tables.size());
    slice->fields.resize(fields_.size());
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) ReadRows(t, &slice->tables[t]);
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      // A stable sort: an example's occurrences of one key stay in their order.
      std::stable_sort(occurrences_[f].begin(), occurrences_[f].end(),
                       [](const Occurrence& a, const Occurrence& b) { return a.key < b.key; });
      Group(f, &slice->fields[f]);
    }
  }

  // Of the slice, by the keys that it leaves in keys_[t].
  void ReadRows(std::size_t t, PulledRows::Table* rows) {
    std::vector<Key>& of = keys_[t];
    of.clear();
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      if (fields_[f].side != FieldSide::kItem || spec_.fields[f].table != static_cast<int>(t))
        continue;
      for (const Occurrence& occurrence : occurrences_[f]) of.push_back(occurrence.key);
    }
    std::sort(of.begin(), of.end());
    of.erase(std::unique(of.begin(), of.end()), of.end());
    scorer_.rows().Read(t, of, rows);
  }

  void Group(std::size_t f, SliceField* field) {
    const bool items = fields_[f].side == FieldSide::kItem;
    const std::vector<Key>& keys = keys_[static_cast<std::size_t>(spec_.fields[f].table)];
    const auto& all = occurrences_[f];
    for (std::uint32_t o = 0; o < all.size(); ++o) {
      if (o == 0 || all[o].key != all[o - 1].key) {
        const auto of =
            items ? static_cast<std::uint32_t>(
                        std::lower_bound(keys.begin(), keys.end(), all[o].key) - keys.begin())
                  : static_cast<std::uint32_t>(all[o].key);
        field->groups.push_back({.of = of, .begin = o});
      }
      field->groups.back().end = o + 1;
      field->examples.push_back(all[o].example);
      if (items) {
        field->scales.push_back(all[o].scale);
      } else {
        field->counts.push_back(all[o].count);
      }
    }
  }

  const Catalogue& catalogue_;
  const Scorer& scorer_;
  const ModelSpec& spec_;
  ItemReader reader_;
  std::vector<ColumnEncoder> columns_;
  std::vector<CrossEncoder> crosses_;
  std::vector<bool> gives_;  // by column
  std::vector<CatalogueField>& fields_;
  std::vector<CombinationNumbers> numbers_;           // by field
  std::vector<std::vector<Occurrence>> occurrences_;  // by field, of the slice
  std::vector<std::vector<Key>> keys_;                // by table, of the slice: ascending
  std::vector<Key> combination_;
};

}  // namespace

Catalogue::Catalogue(const Scorer& scorer, CatalogueText text)
    : scorer_(scorer), text_(std::move(text)), gives_(GivenSlots(scorer.schema(), text_)) {
  if (std::find(gives_.begin(), gives_.end(), true) == gives_.end())
    Fail(ExitCode::kData, "the catalogue has none of the model's columns");
  fields_ = DivideFields(*this);
  slices_ = SliceBuilder(*this, &fields_).Build();
}

ItemReader::ItemReader(const Catalogue& catalogue)
    : catalogue_(catalogue),
      given_(catalogue.scorer().schema(), catalogue.scorer().missing_text()) {
  for (const InputSchema::Source& source : catalogue.scorer().schema().sources())
    columns_.push_back(catalogue.text().Column(source.column));
  texts_.resize(columns_.size());
}

const std::vector<std::string_view>& ItemReader::Read(std::size_t item) {
  const CatalogueText& text = catalogue_.text();
  for (std::size_t slot = 0; slot < columns_.size(); ++slot) {
    const bool own = columns_[slot] < text.columns().size();
    texts_[slot] = own ? text.At(item, columns_[slot]) : std::string_view();
  }
  return given_.Complete(texts_);
}

}  // namespace fathom
