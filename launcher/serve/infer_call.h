// The Open Inference Protocol V2: .../infer, in JSON and with its extension for binary tensors.
#pragma once

#include "launcher/http/http_message.h"
#include "launcher/serve/serve_limits.h"
#include "launcher/serve/served_model.h"

namespace fathom {

// Throws RequestError.
HttpReply Infer(const HttpRequest& request, const ServeLimits& limits, const ServedModel& model);

}  // namespace fathom
