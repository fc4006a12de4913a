#include "worker/library/fathom_predict.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/metrics/metrics.h"
#include "worker/predict/catalogue.h"
#include "worker/predict/recommender.h"
#include "worker/predict/scorer.h"
#include "worker/predict/session_pool.h"

using fathom::EncodedExample;
using fathom::ExitCode;
using fathom::Fail;
using fathom::Recommender;
using fathom::Scorer;
using fathom::ScoringSession;
using fathom::SessionPool;

struct fathom_model {
  explicit fathom_model(std::unique_ptr<const Scorer> opened)
      : scorer(std::move(opened)), sessions(*scorer) {}

  std::unique_ptr<const Scorer> scorer;
  mutable SessionPool sessions;
};

struct fathom_catalogue {
  fathom_catalogue(const Scorer& scorer, fathom::CatalogueText text)
      : items(scorer, std::move(text)), recommenders(items) {}

  fathom::Catalogue items;
  mutable fathom::RecommenderPool recommenders;
};

namespace {

void Say(const char* text, char* error, std::size_t error_size) {
  if (error == nullptr || error_size == 0) return;
  const std::size_t size = std::min(std::strlen(text), error_size - 1);
  std::memcpy(error, text, size);
  error[size] = '\0';
}

// No exception leaves the library.
template <typename Call>
int Guarded(char* error, std::size_t error_size, const Call& call) {
  try {
    call();
    Say("", error, error_size);
    return FATHOM_OK;
  } catch (const fathom::Error& failure) {
    Say(failure.what(), error, error_size);
    return static_cast<int>(failure.code());
  } catch (const std::bad_alloc&) {
    Say("no memory left: score fewer rows in a call", error, error_size);
    return FATHOM_NO_MEMORY;
  } catch (const std::exception& failure) {
    Say(failure.what(), error, error_size);
    return FATHOM_INTERNAL;
  }
}

void Require(bool holds, const char* what) {
  if (!holds) Fail(ExitCode::kUsage, "{}", what);
}

// A session that goes back to its model, unless a call has left it half done.
class Borrowed {
 public:
  explicit Borrowed(const fathom_model& model)
      : sessions_(model.sessions), session_(model.sessions.Take()) {}
  ScoringSession* operator->() const { return session_.get(); }
  void GiveBack() { sessions_.Give(std::move(session_)); }

 private:
  SessionPool& sessions_;
  std::unique_ptr<ScoringSession> session_;
};

std::string_view ViewOf(const fathom_text& text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// logits [rows] to what was asked for.
void Finish(unsigned flags, std::size_t rows, float* scores) {
  for (std::size_t r = 0; r < rows; ++r) {
    if (!std::isfinite(scores[r]))
      Fail(ExitCode::kNumeric,
           "row {}: its score is no finite number: open the model with "
           "FATHOM_VERIFY to see whether it is damaged",
           r);
    if ((flags & FATHOM_LOGITS) == 0) scores[r] = static_cast<float>(fathom::Sigmoid(scores[r]));
  }
}

void CheckFlags(unsigned flags, unsigned known) { Require((flags & ~known) == 0, "unknown flags"); }

void AddRow(const std::vector<std::string_view>& values, std::size_t row, Borrowed& session) {
  const std::string wrong = session->AddGiven(values);
  if (!wrong.empty()) Fail(ExitCode::kData, "row {}: {}", row, wrong);
}

// The columns that any item gives.
fathom::CatalogueText TextOfItems(const Scorer& scorer, const fathom_text* items,
                                  std::size_t count) {
  const std::size_t columns = scorer.inputs().size();
  std::vector<std::size_t> given;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t i = 0; i < count; ++i) {
      if (items[i * columns + c].data == nullptr) continue;
      given.push_back(c);
      names.push_back(scorer.inputs()[c].name);
      break;
    }
  }
  fathom::CatalogueText text("the catalogue", std::move(names));
  std::vector<std::string_view> item(given.size());
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t g = 0; g < given.size(); ++g) item[g] = ViewOf(items[i * columns + given[g]]);
    text.Add(item);
  }
  return text;
}

// A row's keys and numbers as an example; its crosses are fields like others.
void TakeRow(const fathom::ModelSpec& spec, const fathom_keys& from, std::size_t row,
             EncodedExample* example) {
  example->keys.clear();
  std::size_t list = 0;
  for (std::size_t f = 0; f < spec.fields.size(); ++f) {
    if (!spec.fields[f].multivalent) {
      example->keys.push_back(from.keys[f][row]);
      continue;
    }
    const std::size_t begin = from.offsets[f][row], end = from.offsets[f][row + 1];
    if (end < begin)
      Fail(ExitCode::kUsage, "field {}: the offsets of row {} do not ascend", spec.fields[f].name,
           row);
    example->lists[list].assign(from.keys[f] + begin, from.keys[f] + end);
    std::vector<float>& weights = example->list_weights[list++];
    const bool weighted = from.weights != nullptr && from.weights[f] != nullptr;
    weights.assign(end - begin, 1.0F);
    if (weighted) std::copy(from.weights[f] + begin, from.weights[f] + end, weights.begin());
  }
  const std::size_t numbers = spec.numerics.size();
  if (numbers > 0)
    example->numerics.assign(from.numbers + row * numbers, from.numbers + (row + 1) * numbers);
}

void CheckKeys(const fathom::ModelSpec& spec, const fathom_keys* rows) {
  Require(rows != nullptr && rows->size >= sizeof(fathom_keys),
          "rows->size is not sizeof(fathom_keys)");
  Require(spec.fields.empty() || rows->keys != nullptr, "rows->keys is null");
  Require(spec.numerics.empty() || rows->numbers != nullptr, "rows->numbers is null");
  for (std::size_t f = 0; f < spec.fields.size(); ++f) {
    const fathom::Field& field = spec.fields[f];
    if (field.multivalent && (rows->offsets == nullptr || rows->offsets[f] == nullptr))
      Fail(ExitCode::kUsage, "field {} is a list: its offsets are null", field.name);
    if (rows->keys[f] == nullptr && (!field.multivalent || rows->offsets[f][rows->rows] > 0))
      Fail(ExitCode::kUsage, "field {}: its keys are null", field.name);
  }
}

// Of the column that a sparse field or a number is. Throws where it is a cross.
fathom::ColumnEncoder EncoderOf(const Scorer& scorer, const std::string& name) {
  const auto& columns = scorer.config().columns;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].name == name) return MakeColumnEncoder(scorer.schema(), scorer.transforms(), c);
  }
  Fail(ExitCode::kUsage, "{} is a cross: it has no text of its own", name);
}

}  // namespace

const char* fathom_version(void) { return FATHOM_VERSION; }

int fathom_abi(void) { return FATHOM_ABI; }

int fathom_open(const char* path, unsigned flags, fathom_model** model, char* error,
                size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(path != nullptr && model != nullptr, "path or model is null");
    *model = nullptr;
    CheckFlags(flags, FATHOM_VERIFY);
    *model = new fathom_model(Scorer::Open(path, (flags & FATHOM_VERIFY) != 0));
  });
}

void fathom_close(fathom_model* model) { delete model; }

size_t fathom_columns(const fathom_model* model) {
  return model == nullptr ? 0 : model->scorer->inputs().size();
}

int fathom_column(const fathom_model* model, size_t column, fathom_column_info* info) {
  const bool known = info != nullptr && info->size >= sizeof(fathom_column_info);
  if (!known || column >= fathom_columns(model)) return FATHOM_USAGE;
  const fathom::ScoringInput& input = model->scorer->inputs()[column];
  info->name = input.name.c_str();
  info->required = input.required ? 1 : 0;
  return FATHOM_OK;
}

int fathom_score_text(const fathom_model* model, const fathom_text* values, size_t rows,
                      unsigned flags, float* scores, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(model != nullptr && (rows == 0 || (values != nullptr && scores != nullptr)),
            "model, values or scores is null");
    CheckFlags(flags, FATHOM_LOGITS);
    const std::size_t columns = fathom_columns(model);
    Borrowed session(*model);
    std::vector<std::string_view> row(columns);
    for (std::size_t r = 0; r < rows; ++r) {
      std::transform(values + r * columns, values + (r + 1) * columns, row.begin(), ViewOf);
      AddRow(row, r, session);
    }
    session->Score(scores);
    session.GiveBack();
    Finish(flags, rows, scores);
  });
}

int fathom_catalogue_open(const fathom_model* model, const fathom_text* items, size_t count,
                          fathom_catalogue** catalogue, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(count > 0, "a catalogue without items");
    Require(model != nullptr && items != nullptr && catalogue != nullptr,
            "model, items or catalogue is null");
    *catalogue = nullptr;
    *catalogue = new fathom_catalogue(*model->scorer, TextOfItems(*model->scorer, items, count));
  });
}

void fathom_catalogue_close(fathom_catalogue* catalogue) { delete catalogue; }

int fathom_recommend(const fathom_catalogue* catalogue, const fathom_text* reader,
                     const size_t* left_out, size_t left_out_count, size_t n, unsigned flags,
                     size_t* places, float* scores, size_t* found, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(catalogue != nullptr && reader != nullptr && found != nullptr,
            "catalogue, reader or found is null");
    Require(left_out_count == 0 || left_out != nullptr, "left_out is null");
    Require(n == 0 || (places != nullptr && scores != nullptr), "places or scores is null");
    CheckFlags(flags, FATHOM_LOGITS);
    const std::span<const std::size_t> out(left_out, left_out_count);
    for (const std::size_t item : out) {
      if (item >= catalogue->items.items())
        Fail(ExitCode::kUsage, "left_out: there is no item {}; the catalogue has {}", item,
             catalogue->items.items());
    }
    std::vector<std::string_view> values(catalogue->items.gives().size());
    std::transform(reader, reader + values.size(), values.begin(), ViewOf);
    std::unique_ptr<Recommender> recommender = catalogue->recommenders.Take();
    recommender->SetReader(values);
    const std::vector<fathom::Recommended> top = recommender->Top(n, out);
    catalogue->recommenders.Give(std::move(recommender));
    *found = top.size();
    for (std::size_t i = 0; i < top.size(); ++i) {
      places[i] = top[i].item;
      scores[i] = top[i].logit;
    }
    Finish(flags, top.size(), scores);
  });
}

size_t fathom_fields(const fathom_model* model) {
  return model == nullptr ? 0 : model->scorer->spec().fields.size();
}

size_t fathom_numbers(const fathom_model* model) {
  return model == nullptr ? 0 : model->scorer->spec().numerics.size();
}

int fathom_field(const fathom_model* model, size_t field, fathom_field_info* info) {
  const bool known = info != nullptr && info->size >= sizeof(fathom_field_info);
  const std::size_t fields = fathom_fields(model);
  if (!known || field >= fields + fathom_numbers(model)) return FATHOM_USAGE;
  const fathom::ModelSpec& spec = model->scorer->spec();
  const bool sparse = field < fields;
  info->name = (sparse ? spec.fields[field].name : spec.numerics[field - fields].name).c_str();
  info->list = sparse && spec.fields[field].multivalent ? 1 : 0;
  info->weighted = sparse && spec.fields[field].weighted ? 1 : 0;
  return FATHOM_OK;
}

int fathom_key(const fathom_model* model, size_t field, fathom_text text, uint64_t* key,
               char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(key != nullptr && field < fathom_fields(model), "no such field, or key is null");
    const Scorer& scorer = *model->scorer;
    const std::string& name = scorer.spec().fields[field].name;
    fathom::ColumnEncoder encoder = EncoderOf(scorer, name);
    std::string wrong;
    const std::string_view value = text.data == nullptr ? scorer.missing_text() : ViewOf(text);
    if (!encoder.Encode(value, {}, &wrong)) Fail(ExitCode::kData, "{}", wrong);
    if (encoder.keys().size() != 1)
      Fail(ExitCode::kData, "column {}: the text holds {} values, not one", name,
           encoder.keys().size());
    *key = encoder.keys().front();
  });
}

int fathom_number(const fathom_model* model, size_t number, fathom_text text, float* value,
                  char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(value != nullptr && number < fathom_numbers(model), "no such number, or value is null");
    const Scorer& scorer = *model->scorer;
    fathom::ColumnEncoder encoder = EncoderOf(scorer, scorer.spec().numerics[number].name);
    std::string wrong;
    const std::string_view given = text.data == nullptr ? scorer.missing_text() : ViewOf(text);
    if (!encoder.Encode(given, {}, &wrong)) Fail(ExitCode::kData, "{}", wrong);
    *value = encoder.number();
  });
}

int fathom_score_keys(const fathom_model* model, const fathom_keys* rows, unsigned flags,
                      float* scores, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(model != nullptr, "model is null");
    const fathom::ModelSpec& spec = model->scorer->spec();
    CheckKeys(spec, rows);
    Require(rows->rows == 0 || scores != nullptr, "scores is null");
    CheckFlags(flags, FATHOM_LOGITS);
    Borrowed session(*model);
    EncodedExample example;
    const auto lists = std::count_if(spec.fields.begin(), spec.fields.end(),
                                     [](const fathom::Field& field) { return field.multivalent; });
    example.lists.resize(static_cast<std::size_t>(lists));
    example.list_weights.resize(example.lists.size());
    for (std::size_t r = 0; r < rows->rows; ++r) {
      TakeRow(spec, *rows, r, &example);
      session->AddEncoded(example);
    }
    session->Score(scores);
    session.GiveBack();
    Finish(flags, rows->rows, scores);
  });
}
