// A client of HTTP/1.1 that sends whatever a test says, and waits for answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fathom::testing {

struct HttpAnswer {
  int status = 0;  // 0: the connection ended before an answer
  std::map<std::string, std::string> headers;
  std::string body;
};

// Thread rule: one thread's own.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False: the other end does not take it.
  bool Send(const std::string& bytes);

  // The next answer. `without_body`: it is one to HEAD.
  HttpAnswer Receive(bool without_body = false);

  // Whether the other end closes the connection, within so long, having sent no more than what
  // Receive has taken.
  bool IsClosed(std::chrono::milliseconds within);

  HttpAnswer Get(const std::string& path);
  HttpAnswer Post(const std::string& path, const std::string& body,
                  const std::string& headers = "Content-Type: application/json\r\n");

 private:
  bool Fill();

  int socket_ = -1;
  std::string buffer_;
};

}  // namespace fathom::testing
