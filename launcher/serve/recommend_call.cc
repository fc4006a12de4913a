#include "launcher/serve/recommend_call.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "common/error.h"
#include "launcher/http/json_document.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/input_rows.h"
#include "launcher/serve/item_json.h"
#include "worker/recommend/item_index.h"

namespace fathom {
namespace {

using Kind = JsonDocument::Kind;
using Value = JsonDocument::Value;

constexpr std::size_t kUsualCount = 10;
constexpr std::size_t kMostReasoned = 100;  // items of an answer that has reasons

std::size_t CountOf(const Value& root) {
  const auto n = root.Find("n");
  if (!n) return kUsualCount;
  const auto count = WholeNumberOf(*n);
  if (!count || *count == 0) FailRequest("\"n\" is not a whole number above 0");
  return *count;
}

void RefuseBoth(const InputColumns& columns, const InputRows& context,
                const std::function<bool(std::size_t)>& candidates_give) {
  for (std::size_t slot = 0; slot < columns.columns().size(); ++slot) {
    if (context.Has(slot) && candidates_give(slot))
      FailRequest("the column \"{}\" is in the context and of the candidates too",
                  columns.NameOf(slot));
  }
}

void ReadContext(const Value& columns, InputRows* context) {
  if (!columns.Is(Kind::kObject)) FailRequest("\"context\" is not an object");
  columns.ForEachMember([&](std::string_view name, const Value& value) {
    const std::size_t slot = context->columns().SlotOf(name);
    context->AddColumn(slot, {context->TextOf(slot, value)});
  });
}

// Rows, or columns.
void ReadRows(const Value& value, InputRows* rows) {
  if (value.Is(Kind::kArray)) {
    rows->AddObjects(value);
  } else {
    rows->AddColumns(value);
  }
}

// The places of the catalogue's items that the rows name by all the columns that they have.
std::vector<std::size_t> PlacesOf(const InputRows& rows, const ServedModel& model) {
  const CatalogueText& text = model.catalogue()->text();
  std::vector<std::size_t> slots, columns;
  for (std::size_t slot = 0; slot < model.columns().columns().size(); ++slot) {
    if (!rows.Has(slot)) continue;
    slots.push_back(slot);
    columns.push_back(text.Column(model.columns().NameOf(slot)));
    if (columns.back() == text.columns().size())
      FailRequest("\"seen\": the catalogue has no column \"{}\"", model.columns().NameOf(slot));
  }
  if (slots.empty() || rows.none()) return {};
  const ItemIndex index(text, columns);
  std::vector<std::string_view> values(model.columns().columns().size()), texts(slots.size());
  std::vector<std::size_t> places;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    rows.Row(row, &values);
    for (std::size_t s = 0; s < slots.size(); ++s) texts[s] = values[slots[s]];
    const auto items = index.Find(texts);
    places.insert(places.end(), items.begin(), items.end());
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

std::optional<std::vector<std::size_t>> ReadSeen(const Value& root, const ServeLimits& limits,
                                                 const ServedModel& model) {
  const auto seen = root.Find("seen");
  if (!seen) return std::nullopt;
  InputRows rows(model.columns(), limits);
  ReadRows(*seen, &rows);
  rows.Finish([](std::size_t) { return true; });
  return PlacesOf(rows, model);
}

bool WantsReasons(const Value& root) {
  const auto why = root.Find("why");
  if (!why) return false;
  if (!why->Is(Kind::kTrue) && !why->Is(Kind::kFalse)) FailRequest("\"why\" is not true or false");
  return why->Is(Kind::kTrue);
}

std::vector<std::string> ShownIn(const Value& root) {
  std::vector<std::string> columns;
  const auto show = root.Find("show");
  if (!show) return columns;
  if (!show->Is(Kind::kArray)) FailRequest("\"show\" is not an array of columns");
  show->ForEach([&](const Value& column) {
    if (!column.Is(Kind::kText)) FailRequest("\"show\" is not an array of columns");
    columns.emplace_back(column.text());
  });
  return columns;
}

// What is asked, but for candidates.
struct RecommendRequest {
  RecommendRequest(const Value& root, const ServeLimits& limits, const ServedModel& model)
      : n(CountOf(root)),
        context(model.columns(), limits),
        reader(model.columns().columns().size()) {
    if (const auto columns = root.Find("context")) ReadContext(*columns, &context);
  }

  // `theirs`: whether the candidates have the column.
  void Finish(const std::function<bool(std::size_t)>& theirs, bool none) {
    RefuseBoth(context.columns(), context, theirs);
    context.Finish([&](std::size_t slot) { return theirs(slot) || none; });
    context.Row(0, &reader);
  }

  std::size_t n;
  InputRows context;
  std::vector<std::string_view> reader;  // by slot
};

std::string OfCandidates(const Value& candidates, const ServeLimits& limits,
                         const ServedModel& model, RecommendRequest* request) {
  InputRows given(model.columns(), limits);
  ReadRows(candidates, &given);
  request->Finish([&](std::size_t slot) { return given.Has(slot); }, given.none());
  given.Finish([&](std::size_t slot) { return request->context.Has(slot); });
  const std::vector<float> logits = model.ScoreCandidates(request->context, given);
  std::string json = fmt::format(R"({},"recommendations":[)", given.rows());
  for (const Recommended& each : BestOf(logits, request->n)) {
    json += fmt::format(R"({}{{"place":{},"score":{}}})", json.back() == '[' ? "" : ",", each.item,
                        ScoreOf(each.logit));
  }
  return json + "]";
}

std::string OfCatalogue(const Value& root, const ServeLimits& limits, const ServedModel& model,
                        RecommendRequest* request) {
  const Catalogue& catalogue = *model.catalogue();
  request->Finish([&](std::size_t slot) { return catalogue.Gives(slot); }, false);
  ItemRequest items{.show = ShownIn(root),
                    .why = WantsReasons(root),
                    .reader = request->reader,
                    .seen = ReadSeen(root, limits, model)};
  if (items.why && request->n > kMostReasoned)
    FailRequest("\"why\" goes with an \"n\" of {} at most", kMostReasoned);
  ItemJson item(model, items);
  const std::vector<Recommended> best =
      model.Best(request->reader, request->n, items.seen.value_or(std::vector<std::size_t>()));
  std::string json = fmt::format(R"({},"recommendations":[)", catalogue.items());
  for (const Recommended& each : best) {
    json += fmt::format(R"({}{{"place":{},"score":{}{}}})", json.back() == '[' ? "" : ",",
                        each.item, ScoreOf(each.logit), item.Members(each.item));
  }
  return json + "]";
}

std::string Answer(const Value& root, const ServeLimits& limits, const ServedModel& model) {
  RecommendRequest request(root, limits, model);
  const auto candidates = root.Find("candidates");
  if (!candidates && model.catalogue() == nullptr) {
    FailRequest(
        "\"candidates\" is not there, and the server was started without --catalogue {}=FILE",
        model.name());
  }
  if (!candidates) return OfCatalogue(root, limits, model, &request);
  if (root.Find("seen") || root.Find("show") || root.Find("why"))
    FailRequest(
        "\"seen\", \"show\" and \"why\" go with the server's catalogue, not with \"candidates\"");
  return OfCandidates(*candidates, limits, model, &request);
}

}  // namespace

HttpReply Recommend(const HttpRequest& request, const ServeLimits& limits,
                    const ServedModel& model) {
  const JsonDocument document(request.body, limits.values);
  const Value root = document.root();
  if (!root.Is(Kind::kObject)) FailRequest("the body is {}, not an object", NameOf(root.kind()));
  root.ForEachMember([](std::string_view name, const Value&) {
    constexpr std::string_view kMembers[] = {"context", "candidates", "n", "seen", "show", "why"};
    if (std::find(std::begin(kMembers), std::end(kMembers), name) == std::end(kMembers))
      FailRequest("\"{}\" is none of context, candidates, n, seen, show and why", name);
  });
  try {
    return {.body =
                fmt::format(R"({{"model_name":{},"model_version":"{}","candidates":{}}})",
                            JsonText(model.name()), model.version(), Answer(root, limits, model))};
  } catch (const Error& error) {
    throw RequestError(400, error.what());
  }
}

}  // namespace fathom
