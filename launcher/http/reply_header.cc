#include "launcher/http/reply_header.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <ctime>
#include <iterator>

namespace fathom {
namespace {

// Of RFC 9110, section 5.6.7, whatever the locale.
std::string DateNow() {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], 1900 + parts.tm_year, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

}  // namespace

std::string ReplyHeader(const HttpReply& reply, bool keeps) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(reply.status)));
  std::string header = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", reply.status,
                                   std::string(reason.data(), reason.size()), DateNow());
  for (const auto& [name, value] : reply.headers)
    fmt::format_to(std::back_inserter(header), "{}: {}\r\n", name, value);
  if (reply.status != 204)
    fmt::format_to(std::back_inserter(header), "Content-Type: {}\r\nContent-Length: {}\r\n",
                   reply.content_type, reply.body.size());
  fmt::format_to(std::back_inserter(header), "Connection: {}\r\n\r\n",
                 keeps ? "keep-alive" : "close");
  return header;
}

}  // namespace fathom
