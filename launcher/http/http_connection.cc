#include "launcher/http/http_connection.h"

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#include "launcher/http/reply_header.h"
#include "launcher/http/request_parser.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;

using Plain = beast::tcp_stream;
using Encrypted = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr std::size_t kReadBytes = 4 << 10;
// So much of what a refused client still sends is read, so that it sees the answer.
constexpr std::size_t kLeftBytes = 4 << 20;
constexpr std::chrono::seconds kLeftTime{2};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

static_assert(kBufferBytes > HttpLimits::kHeaderBytes);

template <typename Stream>
class StreamConnection final : public HttpConnection,
                               public std::enable_shared_from_this<StreamConnection<Stream>> {
 public:
  template <typename... Args>
  StreamConnection(const ConnectionContext& context, std::function<void(HttpConnection*)> ended,
                   asio::ip::tcp::socket socket, Args&... args)
      : context_(context),
        ended_(std::move(ended)),
        stream_(std::move(socket), args...),
        buffer_(kBufferBytes) {}
  ~StreamConnection() override { ended_(this); }

  void Start() override {
    asio::dispatch(Tcp().get_executor(), [self = this->shared_from_this()] { self->Greet(); });
  }
  void Stop() override {
    asio::post(Tcp().get_executor(), [self = this->shared_from_this()] {
      self->stopping_ = true;
      if (self->idle_) self->Tcp().close();
    });
  }
  void Abort() override {
    asio::post(Tcp().get_executor(), [self = this->shared_from_this()] {
      self->stopping_ = true;
      self->Tcp().close();
    });
  }

 private:
  beast::tcp_stream& Tcp() { return beast::get_lowest_layer(stream_); }

  // A handler that keeps the connection alive.
  template <typename... Args>
  auto Then(void (StreamConnection::*next)(error_code, Args...)) {
    return [self = this->shared_from_this(), next](error_code error, Args... args) {
      (self.get()->*next)(error, args...);
    };
  }

  void Greet() {
    idle_ = true;
    if constexpr (std::is_same_v<Stream, Encrypted>) {
      Tcp().expires_after(context_.limits.header);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code error) {
                                if (!error) self->AwaitRequest();
                              });
    } else {
      AwaitRequest();
    }
  }

  void AwaitRequest() {
    if (stopping_) return End();
    parser_.emplace();
    SetLimits(context_.limits, &*parser_);
    if (buffer_.size() > 0) return ReadHeader();
    idle_ = true;
    Tcp().expires_after(context_.limits.idle);
    stream_.async_read_some(buffer_.prepare(kReadBytes), Then(&StreamConnection::OnFirstBytes));
  }

  void OnFirstBytes(error_code error, std::size_t bytes) {
    idle_ = false;
    if (error) return;
    buffer_.commit(bytes);
    ReadHeader();
  }

  void ReadHeader() {
    Tcp().expires_after(context_.limits.header);
    http::async_read_header(stream_, buffer_, *parser_, Then(&StreamConnection::OnHeader));
  }

  void OnHeader(error_code error, std::size_t) {
    if (error) return Refuse(error);
    if (HasUnknownEncoding(*parser_))
      return RefuseWith(501, "Transfer-Encoding: a body may be chunked, and nothing else");
    Tcp().expires_after(context_.limits.body);
    const bool waits = beast::iequals(parser_->get()[http::field::expect], "100-continue");
    if (!waits || parser_->is_done()) return ReadBody();
    asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                      [self = this->shared_from_this()](error_code failed, std::size_t) {
                        if (!failed) self->ReadBody();
                      });
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_, Then(&StreamConnection::OnRequest));
  }

  void OnRequest(error_code error, std::size_t) {
    if (error) return Refuse(error);
    keeps_ = parser_->get().keep_alive();
    without_body_ = parser_->get().method() == http::verb::head;
    const HttpRequest request = RequestOf(*parser_);
    if (!context_.handler.TakesLong(request)) return Write(context_.handler.Handle(request));
    Tcp().expires_never();
    asio::post(context_.long_work, [self = this->shared_from_this(), request] {
      auto reply = std::make_shared<HttpReply>(self->context_.handler.Handle(request));
      asio::post(self->Tcp().get_executor(), [self, reply] { self->Write(std::move(*reply)); });
    });
  }

  void Refuse(error_code error) {
    const int status = StatusOf(error);
    if (status != 0) RefuseWith(status, WhyRefused(status, error, context_.limits));
  }

  void RefuseWith(int status, const std::string& why) {
    keeps_ = false;
    without_body_ = false;
    refused_ = true;
    Write(context_.handler.Refuse(status, why));
  }

  void Write(HttpReply reply) {
    keeps_ = keeps_ && !stopping_;
    reply_ = std::move(reply);
    header_ = ReplyHeader(reply_, keeps_);
    if (without_body_) reply_.body.clear();
    Tcp().expires_after(context_.limits.body);
    const std::array<asio::const_buffer, 2> bytes = {asio::buffer(header_),
                                                     asio::buffer(reply_.body)};
    asio::async_write(stream_, bytes, Then(&StreamConnection::OnWritten));
  }

  void OnWritten(error_code error, std::size_t) {
    if (error) return;
    reply_ = {};
    if (keeps_) return AwaitRequest();
    End();
  }

  // What a refused client still sends would make the kernel reset the connection, and the answer
  // might be lost: it is read for a while.
  void End() {
    parser_.reset();
    Tcp().expires_after(kLeftTime);
    if constexpr (std::is_same_v<Stream, Encrypted>) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) {});
    } else {
      error_code ignored;
      Tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      if (!refused_) return;
      buffer_.clear();
      ReadLeft();
    }
  }

  void ReadLeft() {
    stream_.async_read_some(buffer_.prepare(kBufferBytes), Then(&StreamConnection::OnLeft));
  }

  void OnLeft(error_code error, std::size_t bytes) {
    left_bytes_ += bytes;
    if (!error && left_bytes_ < kLeftBytes) ReadLeft();
  }

  const ConnectionContext context_;
  const std::function<void(HttpConnection*)> ended_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;
  HttpReply reply_;
  std::string header_;
  bool keeps_ = false;
  bool without_body_ = false;
  bool refused_ = false;
  bool stopping_ = false;
  bool idle_ = false;  // no request has begun
  std::size_t left_bytes_ = 0;
};

}  // namespace

std::shared_ptr<HttpConnection> MakeConnection(asio::ip::tcp::socket socket,
                                               const ConnectionContext& context,
                                               std::function<void(HttpConnection*)> ended) {
  if (context.tls == nullptr)
    return std::make_shared<StreamConnection<Plain>>(context, std::move(ended), std::move(socket));
  return std::make_shared<StreamConnection<Encrypted>>(context, std::move(ended), std::move(socket),
                                                       *context.tls);
}

}  // namespace fathom
