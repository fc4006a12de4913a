#include "launcher/serve/served_model.h"

#include <cmath>
#include <utility>

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
    neighbours_.emplace(*catalogue_);
  }
  for (const Field& field : scorer_->spec().fields) fields_.push_back(counts->OfField(field.name));
}

namespace {

// What the rows of a request have come to so far. A small body may stand for much: a column of one
// row goes for all rows, and lists that are crossed have a key for each pair.
class RequestWork {
 public:
  void Add(const std::vector<std::string_view>& texts, std::size_t row) {
    for (const std::string_view text : texts) text_bytes_ += text.size();
    if (text_bytes_ > ServeLimits::kTextBytes)
      FailRequest("the texts of rows 0 to {} come to more than {} MB: send fewer rows at a time",
                  row, ServeLimits::kTextBytes >> 20);
  }
  void Add(const EncodedExample& example, std::size_t row) {
    std::size_t keys = example.keys.size();
    for (const auto& list : example.lists) keys += list.size();
    keys_ += keys;
    unscored_keys_ += keys;
    if (keys_ > ServeLimits::kKeys)
      FailRequest(
          "rows 0 to {} have more than {} values and crosses of values: send fewer rows, or "
          "shorter "
          "lists, at a time",
          row, ServeLimits::kKeys);
  }

  // Whether the rows since the last time are enough to be scored, so that they take no more memory.
  bool TakeFull() {
    constexpr std::size_t kKeysAtOnce = 1 << 18;
    if (unscored_keys_ < kKeysAtOnce) return false;
    unscored_keys_ = 0;
    return true;
  }

 private:
  std::size_t text_bytes_ = 0;
  std::size_t keys_ = 0;
  std::size_t unscored_keys_ = 0;
};

}  // namespace

// fill(row, &values): the texts of one row by slot. A session that fails is not used again: it
// holds the rows before.
template <typename Fill>
std::vector<float> ServedModel::ScoreEach(std::size_t rows, const Fill& fill) const {
  std::unique_ptr<ScoringSession> session = sessions_.Take();
  std::vector<std::string_view> values(columns_.columns().size());
  std::vector<float> logits(rows);
  const MissingRows before = session->counted();
  RequestWork work;
  std::size_t scored = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    fill(row, &values);
    work.Add(values, row);
    const std::string wrong = session->AddGiven(values);
    if (!wrong.empty()) FailRequest("row {}: {}", row, wrong);
    work.Add(session->encoded(), row);
    if (!work.TakeFull()) continue;
    session->Score(logits.data() + scored);
    scored = row + 1;
  }
  session->Score(logits.data() + scored);
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
                                           std::size_t n,
                                           std::span<const std::size_t> left_out) const {
  std::unique_ptr<Recommender> recommender = recommenders_->Take();
  recommender->SetReader(context);
  std::vector<Recommended> best = recommender->Top(n, left_out);
  recommenders_->Give(std::move(recommender));
  counts_->AddExamples(catalogue_->items());
  return best;
}

float ScoreOf(float logit) { return static_cast<float>(Sigmoid(logit)); }

}  // namespace fathom
