#include "launcher/serve/service.h"

#include <chrono>
#include <new>

#include "common/error.h"
#include "common/log_line.h"
#include "launcher/http/json_document.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/infer_call.h"
#include "launcher/serve/model_replies.h"
#include "launcher/serve/predict_call.h"
#include "launcher/serve/recommend_call.h"

namespace fathom {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kErrorBytes = 2000;
constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// Clients that name no type, or curl's own, mean JSON.
void CheckMediaType(const HttpRequest& request) {
  const std::string_view type = request.content_type.substr(0, request.content_type.find(';'));
  constexpr std::string_view kTaken[] = {"", "application/json", "application/octet-stream",
                                         "application/x-www-form-urlencoded", "text/plain"};
  bool taken = false;
  for (const std::string_view known : kTaken) taken = taken || type == known;
  if (!taken)
    throw RequestError(
        415, fmt::format("the body's type is {}: send application/json", std::string(type)));
  if (!request.content_encoding.empty() && request.content_encoding != "identity")
    throw RequestError(415, "the body is compressed: send it as it is");
}

HttpReply JsonReply(std::string body) { return {.body = std::move(body)}; }

HttpReply WithAllowed(HttpReply reply, Call call) {
  reply.headers.emplace_back("Allow", IsPost(call) ? "POST, OPTIONS" : "GET, HEAD, OPTIONS");
  return reply;
}

}  // namespace

HttpReply ErrorReply(int status, const std::string& what) {
  const std::string text =
      what.size() <= kErrorBytes ? what : what.substr(0, kErrorBytes) + " ... (cut)";
  return {.status = status, .body = "{\"error\":" + JsonText(text) + "}"};
}

HttpReply Service::Refuse(int status, const std::string& why) {
  metrics_.WithoutModel()->AddRequest(status, std::chrono::nanoseconds(0));
  return ErrorReply(status, why);
}

bool Service::TakesLong(const HttpRequest& request) const {
  constexpr std::size_t kSmallBody = 4 << 10;
  const auto route = RouteOf(request.target);
  return route && (route->call == Call::kLoad || route->call == Call::kRecommend ||
                   request.body.size() > kSmallBody);
}

HttpReply Service::Handle(const HttpRequest& request) {
  const Clock::time_point began = Clock::now();
  const auto route = RouteOf(request.target);
  HttpReply reply;
  try {
    if (!route)
      throw RequestError(404, "there is nothing under this path: docs/serving.md has all that are");
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (request.method == "OPTIONS") {
      reply = WithAllowed({.status = 204}, route->call);
    } else if (IsPost(route->call) ? request.method != "POST" : !reads) {
      reply = WithAllowed(
          ErrorReply(405, fmt::format("this path is for {}", IsPost(route->call) ? "POST" : "GET")),
          route->call);
    } else {
      if (IsPost(route->call)) CheckMediaType(request);
      reply = Answer(*route, request);
    }
  } catch (const RequestError& error) {
    reply = ErrorReply(error.status(), error.what());
  } catch (const std::bad_alloc&) {
    reply = ErrorReply(503, "no memory left: send fewer rows at a time");
  } catch (const std::exception& error) {
    LogWarning("a request failed: {}", error.what());
    reply = ErrorReply(500, "a fault of the server, which its log tells");
  }
  ModelSlot* const slot = route ? shelf_.Find(route->model) : nullptr;
  ModelCounts* const counts = slot != nullptr ? &slot->counts() : metrics_.WithoutModel();
  counts->AddRequest(reply.status, Clock::now() - began);
  return reply;
}

ModelSlot& Service::SlotOf(const Route& route) const {
  ModelSlot* const slot = shelf_.Find(route.model);
  if (slot == nullptr)
    throw RequestError(404, fmt::format("there is no model \"{}\": GET /v1/models names those that "
                                        "there are",
                                        route.model));
  return *slot;
}

HttpReply Service::Ready() const {
  if (!shelf_.Ready()) throw RequestError(503, "models are being opened");
  return JsonReply("{\"ready\":true}");
}

HttpReply Service::Answer(const Route& route, const HttpRequest& request) const {
  switch (route.call) {
    case Call::kServer:
      return JsonReply(ServerMetadata());
    case Call::kLive:
      return JsonReply("{\"live\":true}");
    case Call::kReady:
      return Ready();
    case Call::kIndex:
      return JsonReply(RepositoryIndex(shelf_));
    case Call::kModels:
      return JsonReply(ModelNames(shelf_));
    case Call::kMetrics:
      return {.content_type = kMetricsType, .body = metrics_.Text()};
    case Call::kLoad:
      return Load(route);
    default:
      return AnswerOfModel(route, request);
  }
}

HttpReply Service::Load(const Route& route) const {
  ModelSlot& slot = SlotOf(route);
  try {
    slot.Reload(true);
  } catch (const Error& error) {
    throw RequestError(400, error.what());
  }
  const auto model = slot.Current();
  return JsonReply(
      fmt::format(R"({{"name":{},"version":"{}"}})", JsonText(model->name()), model->version()));
}

HttpReply Service::AnswerOfModel(const Route& route, const HttpRequest& request) const {
  const std::shared_ptr<const ServedModel> model = SlotOf(route).Current();
  if (model == nullptr)
    throw RequestError(503, fmt::format("the model \"{}\" is being opened", route.model));
  if (!route.version.empty() && route.version != model->version())
    throw RequestError(404, fmt::format("version {} of the model \"{}\" is served, not \"{}\"",
                                        model->version(), route.model, route.version));
  const bool scores = IsPost(route.call);
  if (scores && !request.says_length)
    throw RequestError(411, "the request has no body: its length must be said");
  HttpReply reply;
  switch (route.call) {
    case Call::kModelReady:
      reply = JsonReply(fmt::format(R"({{"name":{},"ready":true}})", JsonText(model->name())));
      break;
    case Call::kInfer:
      reply = Infer(request, limits_, *model);
      break;
    case Call::kPredict:
      reply = Predict(request, limits_, *model);
      break;
    case Call::kRecommend:
      reply = Recommend(request, limits_, *model);
      break;
    case Call::kStatus:
      reply = JsonReply(ModelStatus(*model));
      break;
    case Call::kV1Metadata:
      reply = JsonReply(SignatureMetadata(*model));
      break;
    default:
      reply = JsonReply(ModelMetadata(*model));
      break;
  }
  reply.headers.emplace_back("Fathom-Model-Version", model->version());
  return reply;
}

}  // namespace fathom
