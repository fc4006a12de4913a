// TensorFlow Serving's :predict, by rows ("instances") and by columns ("inputs").
#pragma once

#include "launcher/http/http_message.h"
#include "launcher/serve/serve_limits.h"
#include "launcher/serve/served_model.h"

namespace fathom {

// Throws RequestError.
HttpReply Predict(const HttpRequest& request, const ServeLimits& limits, const ServedModel& model);

}  // namespace fathom
