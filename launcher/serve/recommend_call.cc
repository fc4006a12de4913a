#include "launcher/serve/recommend_call.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "launcher/http/json_document.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/input_rows.h"
#include "worker/recommend/item_index.h"
#include "worker/recommend/wide_terms.h"

namespace fathom {
namespace {

using Kind = JsonDocument::Kind;
using Value = JsonDocument::Value;

constexpr std::size_t kUsualCount = 10;
constexpr std::size_t kReasons = 3;

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

// Its texts by column, null where the catalogue has none.
std::string ItemText(const CatalogueText& text, std::size_t item) {
  std::string json;
  for (std::size_t column = 0; column < text.columns().size(); ++column) {
    const std::string_view value = text.At(item, column);
    json +=
        fmt::format("{}{}:{}", column == 0 ? ",\"item\":{" : ",", JsonText(text.columns()[column]),
                    value.data() != nullptr ? JsonText(value) : "null");
  }
  return json + "}";
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
  return places;
}

std::vector<std::size_t> ReadSeen(const Value& root, const ServeLimits& limits,
                                  const ServedModel& model) {
  const auto seen = root.Find("seen");
  if (!seen) return {};
  InputRows rows(model.columns(), limits);
  ReadRows(*seen, &rows);
  rows.Finish([](std::size_t) { return true; });
  return PlacesOf(rows, model);
}

// The item's largest wide terms, as a member of its object.
std::string WhyText(WideTerms* terms, const std::vector<std::string_view>& reader,
                    std::size_t item) {
  std::string json = ",\"why\":[";
  const char* comma = "";
  for (const WideTerm& term : terms->Of(reader, item, kReasons)) {
    json += fmt::format(R"({}{{"term":{},"value":{}}})", comma, JsonText(term.name), term.value);
    comma = ",";
  }
  return json + "]";
}

bool WantsReasons(const Value& root) {
  const auto why = root.Find("why");
  if (!why) return false;
  if (!why->Is(Kind::kTrue) && !why->Is(Kind::kFalse)) FailRequest("\"why\" is not true or false");
  return why->Is(Kind::kTrue);
}

}  // namespace

HttpReply Recommend(const HttpRequest& request, const ServeLimits& limits,
                    const ServedModel& model) {
  const JsonDocument document(request.body, limits.values);
  const Value root = document.root();
  if (!root.Is(Kind::kObject)) FailRequest("the body is {}, not an object", NameOf(root.kind()));
  root.ForEachMember([](std::string_view name, const Value&) {
    constexpr std::string_view kMembers[] = {"context", "candidates", "n", "seen", "why"};
    if (std::find(std::begin(kMembers), std::end(kMembers), name) == std::end(kMembers))
      FailRequest("\"{}\" is none of context, candidates, n, seen and why", name);
  });
  const std::size_t n = CountOf(root);
  InputRows context(model.columns(), limits), given(model.columns(), limits);
  if (const auto columns = root.Find("context")) ReadContext(*columns, &context);
  const auto candidates = root.Find("candidates");
  if (candidates && (root.Find("seen") || root.Find("why")))
    FailRequest("\"seen\" and \"why\" go with the server's catalogue, not with \"candidates\"");
  if (candidates) {
    ReadRows(*candidates, &given);
  } else if (model.catalogue() == nullptr) {
    FailRequest(
        "\"candidates\" is not there, and the server was started without --catalogue {}=FILE",
        model.name());
  }
  const auto candidates_give = [&](std::size_t slot) {
    return candidates ? given.Has(slot) : model.catalogue()->Gives(slot);
  };
  RefuseBoth(model.columns(), context, candidates_give);
  context.Finish([&](std::size_t slot) { return candidates_give(slot) || given.none(); });
  std::vector<Recommended> best;
  std::vector<std::string_view> reader(model.columns().columns().size());
  context.Row(0, &reader);
  std::optional<WideTerms> terms;
  if (candidates) {
    given.Finish([&](std::size_t slot) { return context.Has(slot); });
    best = BestOf(model.ScoreCandidates(context, given), n);
  } else {
    if (WantsReasons(root)) terms.emplace(*model.catalogue());
    best = model.Best(reader, n, ReadSeen(root, limits, model));
  }
  fmt::memory_buffer json;
  const auto out = std::back_inserter(json);
  fmt::format_to(out,
                 R"({{"model_name":{},"model_version":"{}","candidates":{},"recommendations":[)",
                 JsonText(model.name()), model.version(),
                 candidates ? given.rows() : model.catalogue()->items());
  const char* comma = "";
  for (const Recommended& each : best) {
    fmt::format_to(out, R"({}{{"place":{},"score":{}{}{}}})", comma, each.item, ScoreOf(each.logit),
                   candidates ? "" : ItemText(model.catalogue()->text(), each.item),
                   terms ? WhyText(&*terms, reader, each.item) : "");
    comma = ",";
  }
  fmt::format_to(out, "]}}");
  HttpReply reply;
  reply.body.assign(json.data(), json.size());
  return reply;
}

}  // namespace fathom
