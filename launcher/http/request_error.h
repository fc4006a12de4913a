// What is wrong with a request: the status and the text of the answer. Thread rule: any thread.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "common/utf8.h"

namespace fathom {

class RequestError : public std::runtime_error {
 public:
  // Control characters of a client's own words are shown, as \x00.
  RequestError(int status, const std::string& what)
      : std::runtime_error(Printable(what)), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// Throws a RequestError of status 400: the request is wrong.
template <typename... Args>
[[noreturn]] void FailRequest(fmt::format_string<Args...> format, Args&&... args) {
  throw RequestError(400, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fathom
