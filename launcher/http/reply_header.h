// The status line and headers of an answer, as bytes.
#pragma once

#include <string>

#include "launcher/http/http_message.h"

namespace fathom {

// `keeps`: the connection stays open.
std::string ReplyHeader(const HttpReply& reply, bool keeps);

}  // namespace fathom
