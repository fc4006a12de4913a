// The functions of fathom_predict.h that open a model and score with it.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics/metrics.h"
#include "worker/explain/explanation.h"
#include "worker/explain/explanation_json.h"
#include "worker/library/model_handle.h"

using namespace fathom::library;
using fathom::EncodedExample;
using fathom::ExitCode;
using fathom::Fail;
using fathom::Scorer;
using fathom::ScoringSession;

namespace {

// A session that goes back to its model, unless a call has left it half done.
class Borrowed {
 public:
  explicit Borrowed(const fathom_model& model)
      : sessions_(model.sessions), session_(model.sessions.Take()) {}
  ScoringSession* operator->() const { return session_.get(); }
  void GiveBack() { sessions_.Give(std::move(session_)); }

 private:
  fathom::SessionPool& sessions_;
  std::unique_ptr<ScoringSession> session_;
};

void AddRow(const std::vector<std::string_view>& values, std::size_t row, Borrowed& session) {
  const std::string wrong = session->AddGiven(values);
  if (!wrong.empty()) Fail(ExitCode::kData, "row {}: {}", row, wrong);
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
  Require(rows != nullptr, "rows is null");
  Require(rows->size >= sizeof(fathom_keys), "rows->size is not sizeof(fathom_keys)");
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

struct FieldKeys {
  std::span<const fathom::Key> keys;
  std::span<const float> weights;  // empty: all are 1
};

FieldKeys KeysOf(const fathom::ModelSpec& spec, const EncodedExample& example, std::size_t field) {
  std::size_t single = 0, list = 0;
  for (std::size_t f = 0; f < field; ++f) ++(spec.fields[f].multivalent ? list : single);
  if (spec.fields[field].multivalent) return {example.lists[list], example.list_weights[list]};
  return {{&example.keys[single], 1}, {}};
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

void fathom::library::Finish(unsigned flags, std::size_t rows, float* scores) {
  for (std::size_t r = 0; r < rows; ++r) {
    if (!std::isfinite(scores[r]))
      Fail(
          ExitCode::kNumeric,
          "row {}: its score is no finite number: a number of the row is none or far too large, or "
          "the model is damaged, which opening it with FATHOM_VERIFY tells",
          r);
    if ((flags & FATHOM_LOGITS) == 0) scores[r] = static_cast<float>(fathom::Sigmoid(scores[r]));
  }
}

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

int fathom_explain(const fathom_model* model, const fathom_text* values, size_t room, char* json,
                   size_t* size, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(
        model != nullptr && values != nullptr && size != nullptr && (room == 0 || json != nullptr),
        "model, values, json or size is null");
    std::vector<std::string_view> row(fathom_columns(model));
    std::transform(values, values + row.size(), row.begin(), ViewOf);
    fathom::Explainer explainer(*model->scorer);
    const std::string text = ExplanationJson(explainer.ExplainGiven(row));
    *size = text.size();
    if (text.size() < room) std::memcpy(json, text.c_str(), text.size() + 1);
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

int fathom_row_keys(const fathom_model* model, const fathom_text* values, size_t field, size_t room,
                    uint64_t* keys, float* weights, size_t* count, char* error, size_t error_size) {
  return Guarded(error, error_size, [&] {
    Require(values != nullptr && count != nullptr && (room == 0 || keys != nullptr),
            "values, keys or count is null");
    Require(field < fathom_fields(model), "no such field");
    std::vector<std::string_view> row(fathom_columns(model));
    std::transform(values, values + row.size(), row.begin(), ViewOf);
    Borrowed session(*model);
    AddRow(row, 0, session);
    const FieldKeys of = KeysOf(model->scorer->spec(), session->encoded(), field);
    *count = of.keys.size();
    const std::size_t written = std::min(room, of.keys.size());
    std::copy_n(of.keys.begin(), written, keys);
    for (std::size_t i = 0; weights != nullptr && i < written; ++i)
      weights[i] = of.weights.empty() ? 1.0F : of.weights[i];
    session->Forget();
    session.GiveBack();
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
