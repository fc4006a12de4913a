// :recommend, which is Fathom's own: the best of some candidates, or of a catalogue, in a context.
#pragma once

#include "launcher/http/http_message.h"
#include "launcher/serve/serve_limits.h"
#include "launcher/serve/served_model.h"

namespace fathom {

// {"context": {"column": value, ...}, "candidates": rows or columns, "n": 10}. Without candidates
// the model's catalogue is meant, which "seen": rows or columns, "show": ["column", ...] and "why":
// true go with. Of equal scores the earlier candidate comes first. Throws RequestError.
HttpReply Recommend(const HttpRequest& request, const ServeLimits& limits,
                    const ServedModel& model);

}  // namespace fathom
