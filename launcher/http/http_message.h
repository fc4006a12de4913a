// A request as whoever answers it sees it, and the answer.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fathom {

// Views into the message that was read; empty where a header is not there.
struct HttpRequest {
  std::string_view method;  // as sent; HEAD is answered as GET is, and loses its body on the way
  std::string_view target;
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view inference_header_length;  // Inference-Header-Content-Length
  bool says_length = false;                  // by Content-Length or in chunks
  std::string_view body;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// Thread rule: all of it from any thread at once.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // Never throws but for want of memory.
  virtual HttpReply Handle(const HttpRequest& request) = 0;

  // Whether it may take longer than others should wait: it is handled beside the threads that read
  // and answer, so that these have time for a question whether the server is well.
  virtual bool TakesLong(const HttpRequest& request) const = 0;

  // The reply to what is not taken as a request at all.
  virtual HttpReply Refuse(int status, const std::string& why) = 0;
};

}  // namespace fathom
