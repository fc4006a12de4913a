#include "launcher/serve/recommend_call.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>

#include "launcher/http/json_document.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/input_rows.h"

namespace fathom {
namespace {

using Kind = JsonDocument::Kind;
using Value = JsonDocument::Value;

constexpr std::size_t kUsualCount = 10;

std::size_t CountOf(const Value& root) {
  const auto n = root.Find("n");
  if (!n) return kUsualCount;
  std::size_t count = 0;
  const std::string_view digits = n->Is(Kind::kNumber) ? n->text() : std::string_view();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || count == 0)
    FailRequest("\"n\" is not a whole number above 0");
  return count;
}

// The best n, best first, of equal ones the earlier.
std::vector<Recommended> BestOf(const std::vector<float>& logits, std::size_t n) {
  std::vector<Recommended> best(logits.size());
  for (std::size_t i = 0; i < best.size(); ++i) best[i] = {.item = i, .logit = logits[i]};
  n = std::min(n, best.size());
  std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(n), best.end(),
                    [](const Recommended& a, const Recommended& b) {
                      return a.logit != b.logit ? a.logit > b.logit : a.item < b.item;
                    });
  best.resize(n);
  return best;
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

std::vector<Recommended> BestOfCatalogue(const InputRows& context, const ServedModel& model,
                                         std::size_t n) {
  std::vector<std::string_view> values(model.columns().columns().size());
  context.Row(0, &values);
  return model.Best(values, n);
}

}  // namespace

HttpReply Recommend(const HttpRequest& request, const ServeLimits& limits,
                    const ServedModel& model) {
  const JsonDocument document(request.body, limits.values);
  const Value root = document.root();
  if (!root.Is(Kind::kObject)) FailRequest("the body is {}, not an object", NameOf(root.kind()));
  root.ForEachMember([](std::string_view name, const Value&) {
    if (name != "context" && name != "candidates" && name != "n")
      FailRequest("\"{}\" is none of context, candidates and n", name);
  });
  const std::size_t n = CountOf(root);
  InputRows context(model.columns(), limits), given(model.columns(), limits);
  if (const auto columns = root.Find("context")) ReadContext(*columns, &context);
  const auto candidates = root.Find("candidates");
  if (candidates && candidates->Is(Kind::kArray)) {
    given.AddObjects(*candidates);
  } else if (candidates) {
    given.AddColumns(*candidates);
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
  if (candidates) {
    given.Finish([&](std::size_t slot) { return context.Has(slot); });
    best = BestOf(model.ScoreCandidates(context, given), n);
  } else {
    best = BestOfCatalogue(context, model, n);
  }
  fmt::memory_buffer json;
  const auto out = std::back_inserter(json);
  fmt::format_to(out,
                 R"({{"model_name":{},"model_version":"{}","candidates":{},"recommendations":[)",
                 JsonText(model.name()), model.version(),
                 candidates ? given.rows() : model.catalogue()->items());
  const char* comma = "";
  for (const Recommended& each : best) {
    fmt::format_to(out, R"({}{{"place":{},"score":{}{}}})", comma, each.item, ScoreOf(each.logit),
                   candidates ? "" : ItemText(model.catalogue()->text(), each.item));
    comma = ",";
  }
  fmt::format_to(out, "]}}");
  HttpReply reply;
  reply.body.assign(json.data(), json.size());
  return reply;
}

}  // namespace fathom
