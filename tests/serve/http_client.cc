#include "tests/serve/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace fathom::testing {
namespace {

constexpr int kLongestWaitMs = 20000;

}  // namespace

HttpClient::HttpClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    close(socket_);
    socket_ = -1;
  }
}

HttpClient::~HttpClient() {
  if (socket_ >= 0) close(socket_);
}

bool HttpClient::Send(const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

bool HttpClient::Fill() {
  if (socket_ < 0) return false;
  pollfd waits{.fd = socket_, .events = POLLIN, .revents = 0};
  if (poll(&waits, 1, kLongestWaitMs) <= 0) return false;
  char bytes[65536];
  const ssize_t got = recv(socket_, bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

HttpAnswer HttpClient::Receive(bool without_body) {
  HttpAnswer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return answer;
  }
  for (std::size_t at = buffer_.find("\r\n") + 2; at < end + 2;) {
    const std::size_t line_end = buffer_.find("\r\n", at);
    const std::size_t colon = buffer_.find(": ", at);
    answer.headers[buffer_.substr(at, colon - at)] =
        buffer_.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  const int status = std::atoi(buffer_.substr(9, 3).c_str());
  buffer_.erase(0, end + 4);
  if (status == 100) return Receive(without_body);
  const auto length = answer.headers.find("Content-Length");
  const std::size_t bytes = without_body || length == answer.headers.end()
                                ? 0
                                : std::strtoull(length->second.c_str(), nullptr, 10);
  while (buffer_.size() < bytes) {
    if (!Fill()) return answer;
  }
  answer.body = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  answer.status = status;
  return answer;
}

bool HttpClient::IsClosed(std::chrono::milliseconds within) {
  if (socket_ < 0) return true;
  pollfd waits{.fd = socket_, .events = POLLIN, .revents = 0};
  if (poll(&waits, 1, static_cast<int>(within.count())) <= 0) return false;
  char byte = 0;
  return recv(socket_, &byte, 1, 0) <= 0;
}

HttpAnswer HttpClient::Get(const std::string& path) {
  Send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
  return Receive();
}

HttpAnswer HttpClient::Post(const std::string& path, const std::string& body,
                            const std::string& headers) {
  Send("POST " + path + " HTTP/1.1\r\nHost: test\r\n" + headers +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  return Receive();
}

}  // namespace fathom::testing
