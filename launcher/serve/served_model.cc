#include "launcher/serve/served_model.h"

#include <cmath>
#include <utility>

#include "common/error.h"
#include "common/metrics/metrics.h"
#include "launcher/http/request_error.h"

namespace fathom {

ServedModel::ServedModel(std::string name, std::unique_ptr<const Scorer> scorer,
                         const std::filesystem::path& catalogue, ModelCounts* counts)
    : name_(std::move(name)),
      scorer_(std::move(scorer)),
      version_(std::to_string(scorer_->model().manifest.step)),
      columns_(*scorer_),
      counts_(counts),
      sessions_(*scorer_) {
  if (!catalogue.empty()) {
    catalogue_ = std::make_unique<Catalogue>(*scorer_, ReadCatalogue(catalogue, *scorer_, {}));
    recommenders_.emplace(*catalogue_);
  }
  for (const Field& field : scorer_->spec().fields) fields_.push_back(counts->OfField(field.name));
}

// fill(row, &values): the texts of one row by slot. A session that fails is not used again: it
// holds the rows before.
template <typename Fill>
std::vector<float> ServedModel::ScoreEach(std::size_t rows, const Fill& fill) const {
  std::unique_ptr<ScoringSession> session = sessions_.Take();
  std::vector<std::string_view> values(columns_.columns().size());
  for (std::size_t row = 0; row < rows; ++row) {
    fill(row, &values);
    const std::string wrong = session->AddGiven(values);
    if (!wrong.empty()) FailRequest("row {}: {}", row, wrong);
  }
  std::vector<float> logits(rows);
  const MissingRows before = session->counted();
  session->Score(logits.data());
  const MissingRows& after = session->counted();
  for (std::size_t f = 0; f < fields_.size(); ++f) {
    fields_[f]->values += after.values[f] - before.values[f];
    fields_[f]->without_row += after.without_row[f] - before.without_row[f];
  }
  sessions_.Give(std::move(session));
  counts_->AddExamples(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (!std::isfinite(logits[row]))
      FailRequest(
          "row {}: its score is no finite number: a number of it is far too large, or the "
          "model is damaged, which a server started with --verify would tell",
          row);
  }
  return logits;
}

std::vector<float> ServedModel::Score(const InputRows& rows) const {
  return ScoreEach(rows.rows(), [&](std::size_t row, auto* values) { rows.Row(row, values); });
}

std::vector<float> ServedModel::ScoreCandidates(const InputRows& context,
                                                const InputRows& candidates) const {
  return ScoreEach(candidates.rows(), [&](std::size_t row, auto* values) {
    context.Row(0, values);
    candidates.Row(row, values);
  });
}

std::vector<Recommended> ServedModel::Best(const std::vector<std::string_view>& context,
                                           std::size_t n) const {
  std::unique_ptr<Recommender> recommender = recommenders_->Take();
  std::vector<Recommended> best;
  try {
    recommender->SetReader(context);
    best = recommender->Top(n, {});
  } catch (const Error& error) {
    throw RequestError(400, error.what());
  }
  recommenders_->Give(std::move(recommender));
  counts_->AddExamples(catalogue_->items());
  return best;
}

float ScoreOf(float logit) { return static_cast<float>(Sigmoid(logit)); }

}  // namespace fathom
