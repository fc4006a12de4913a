#include "launcher/serve/recommend_call.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>

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

// The best n, best first.
std::vector<std::size_t> BestOf(const std::vector<float>& logits, std::size_t n) {
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  n = std::min(n, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      const float score_a = ScoreOf(logits[a]), score_b = ScoreOf(logits[b]);
                      return score_a != score_b ? score_a > score_b : a < b;
                    });
  order.resize(n);
  return order;
}

void RefuseBoth(const InputColumns& columns, const InputRows& context,
                const std::function<bool(std::size_t)>& candidates_give) {
  for (std::size_t slot = 0; slot < columns.columns().size(); ++slot) {
    if (context.Has(slot) && candidates_give(slot))
      FailRequest("the column \"{}\" is in the context and of the candidates too",
                  columns.NameOf(slot));
  }
}

std::string ItemText(const Catalogue& catalogue, std::size_t row) {
  std::string item;
  for (std::size_t column = 0; column < catalogue.columns().size(); ++column)
    item +=
        fmt::format("{}{}:{}", column == 0 ? ",\"item\":{" : ",",
                    JsonText(catalogue.columns()[column]), JsonText(catalogue.Text(row, column)));
  return item + "}";
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
  if (const auto columns = root.Find("context")) {
    if (!columns->Is(Kind::kObject)) FailRequest("\"context\" is not an object");
    columns->ForEachMember([&](std::string_view name, const Value& value) {
      const std::size_t slot = model.columns().SlotOf(name);
      context.AddColumn(slot, {context.TextOf(slot, value)});
    });
  }
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
  context.Finish(candidates_give);
  if (candidates) given.Finish([&](std::size_t slot) { return context.Has(slot); });
  const std::vector<float> logits = model.ScoreCandidates(context, candidates ? &given : nullptr);
  fmt::memory_buffer json;
  const auto out = std::back_inserter(json);
  fmt::format_to(out,
                 R"({{"model_name":{},"model_version":"{}","candidates":{},"recommendations":[)",
                 JsonText(model.name()), model.version(), logits.size());
  const char* comma = "";
  for (const std::size_t place : BestOf(logits, n)) {
    fmt::format_to(out, R"({}{{"place":{},"score":{}{}}})", comma, place, ScoreOf(logits[place]),
                   candidates ? "" : ItemText(model.catalogue()->catalogue(), place));
    comma = ",";
  }
  fmt::format_to(out, "]}}");
  HttpReply reply;
  reply.body.assign(json.data(), json.size());
  return reply;
}

}  // namespace fathom
