// Answers requests: chooses the call by the path, the model by its name.
#pragma once

#include <memory>
#include <string>

#include "launcher/http/http_message.h"
#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/model_shelf.h"
#include "launcher/serve/route.h"
#include "launcher/serve/serve_limits.h"

namespace fathom {

// Thread rule: any thread. What it is given outlives it.
class Service : public HttpHandler {
 public:
  Service(const ServeLimits& limits, ModelShelf& shelf, ServeMetrics& metrics)
      : limits_(limits), shelf_(shelf), metrics_(metrics) {}

  HttpReply Handle(const HttpRequest& request) override;
  bool TakesLong(const HttpRequest& request) const override;
  HttpReply Refuse(int status, const std::string& why) override;

 private:
  HttpReply Answer(const Route& route, const HttpRequest& request) const;
  HttpReply AnswerOfModel(const Route& route, const HttpRequest& request) const;
  HttpReply Load(const Route& route) const;
  HttpReply Ready() const;
  ModelSlot& SlotOf(const Route& route) const;

  const ServeLimits limits_;
  ModelShelf& shelf_;
  ServeMetrics& metrics_;
};

// {"error": what}, cut where it is very long.
HttpReply ErrorReply(int status, const std::string& what);

}  // namespace fathom
