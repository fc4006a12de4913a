#include "launcher/http/request_parser.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace fathom {
namespace {

namespace http = boost::beast::http;

std::string_view ViewOf(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void SetLimits(const HttpLimits& limits, RequestParser* parser) {
  parser->header_limit(HttpLimits::kHeaderBytes);
  parser->body_limit(limits.body_bytes);
}

bool HasUnknownEncoding(const RequestParser& parser) {
  const auto encoding = parser.get()[http::field::transfer_encoding];
  return !encoding.empty() && !boost::beast::iequals(encoding, "chunked");
}

HttpRequest RequestOf(const RequestParser& parser) {
  const auto& message = parser.get();
  const bool says_length = message.find(http::field::content_length) != message.end() ||
                           message.find(http::field::transfer_encoding) != message.end();
  return {.method = ViewOf(message.method_string()),
          .target = ViewOf(message.target()),
          .content_type = ViewOf(message[http::field::content_type]),
          .content_encoding = ViewOf(message[http::field::content_encoding]),
          .inference_header_length = ViewOf(message["Inference-Header-Content-Length"]),
          .says_length = says_length,
          .body = message.body()};
}

int StatusOf(const boost::beast::error_code& error) {
  static const auto& category = boost::beast::error_code(http::error::end_of_stream).category();
  if (error.category() != category) return 0;
  switch (static_cast<http::error>(error.value())) {
    case http::error::end_of_stream:
    case http::error::partial_message:
      return 0;
    case http::error::header_limit:
    case http::error::buffer_overflow:
      return 431;
    case http::error::body_limit:
      return 413;
    case http::error::bad_version:
      return 505;
    default:
      return 400;
  }
}

std::string WhyRefused(int status, const boost::beast::error_code& error,
                       const HttpLimits& limits) {
  if (status == 431)
    return fmt::format("the header is longer than {} bytes", HttpLimits::kHeaderBytes);
  if (status == 413)
    return fmt::format(
        "the body is longer than {} bytes: send fewer rows at a time, or start the server with a "
        "larger --max-body",
        limits.body_bytes);
  return fmt::format("this is no request of HTTP/1.0 or 1.1: {}", error.message());
}

}  // namespace fathom
