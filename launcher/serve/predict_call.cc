#include "launcher/serve/predict_call.h"

#include <iterator>

#include "launcher/http/json_document.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/input_rows.h"

namespace fathom {

HttpReply Predict(const HttpRequest& request, const ServeLimits& limits, const ServedModel& model) {
  using Kind = JsonDocument::Kind;
  const JsonDocument document(request.body, limits.values);
  const JsonDocument::Value root = document.root();
  const auto signature = root.Find("signature_name");
  if (signature && (!signature->Is(Kind::kText) || signature->text() != "serving_default"))
    FailRequest("the only signature is serving_default");
  const auto instances = root.Find("instances"), inputs = root.Find("inputs");
  if (instances.has_value() == inputs.has_value())
    FailRequest("the body needs either \"instances\", rows, or \"inputs\", columns");
  InputRows rows(model.columns(), limits);
  if (instances) {
    rows.AddObjects(*instances);
  } else {
    rows.AddColumns(*inputs);
  }
  rows.Finish();
  const std::vector<float> logits = model.Score(rows);
  fmt::memory_buffer json;
  const auto out = std::back_inserter(json);
  fmt::format_to(out, "{{\"{}\":[", instances ? "predictions" : "outputs");
  for (std::size_t row = 0; row < logits.size(); ++row)
    fmt::format_to(out, "{}{}", row == 0 ? "" : ",", ScoreOf(logits[row]));
  fmt::format_to(out, "]}}");
  HttpReply reply;
  reply.body.assign(json.data(), json.size());
  return reply;
}

}  // namespace fathom
