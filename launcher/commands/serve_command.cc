#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <thread>

#include "common/byte_size.h"
#include "common/error.h"
#include "common/log_line.h"
#include "common/process/descriptor_limit.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/http/http_server.h"
#include "launcher/http/server_tls.h"
#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/model_shelf.h"
#include "launcher/serve/service.h"

namespace fathom {
namespace {

constexpr std::chrono::seconds kPollTime{1};
constexpr double kMostBodyBytes = 1 << 30;
constexpr std::size_t kOtherDescriptors = 200;  // models that are being opened, and the rest

std::vector<ModelPlace> PlacesOf(const ServeArguments& arguments) {
  std::vector<ModelPlace> places;
  for (const std::string& model : arguments.models) places.push_back(ParseModelPlace(model));
  for (const std::string& text : arguments.catalogues) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto place = std::find_if(places.begin(), places.end(),
                                    [&](const ModelPlace& of) { return of.name == name; });
    if (equals == std::string::npos || place == places.end())
      Fail(ExitCode::kUsage, "--catalogue {}: this is not NAME=FILE with the name of a model",
           text);
    if (!place->catalogue.empty())
      Fail(ExitCode::kUsage, "--catalogue {}: the model {} has one already", text, name);
    place->catalogue = text.substr(equals + 1);
  }
  return places;
}

std::optional<boost::asio::ssl::context> TlsOf(const ServeArguments& arguments) {
  if (arguments.tls_certificate.empty()) return std::nullopt;
  if (arguments.tls_key.empty())
    Fail(ExitCode::kUsage, "--tls-cert {}: its key is needed too: --tls-key",
         arguments.tls_certificate.string());
  return MakeServerTls(arguments.tls_certificate, arguments.tls_key);
}

HttpServerOptions OptionsOf(const ServeArguments& arguments) {
  HttpServerOptions options;
  options.listen = ParseListenAddress(arguments.listen);
  options.threads = arguments.threads > 0
                        ? arguments.threads
                        : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const auto body = ByteSize::Parse(arguments.max_body);
  if (!body || !body->given() || body->bytes() > kMostBodyBytes)
    Fail(ExitCode::kUsage, "--max-body {}: it is {}, at most 1GiB", arguments.max_body,
         kByteSizeForm);
  options.limits.body_bytes = static_cast<std::uint64_t>(body->bytes());
  options.limits.connections = arguments.max_connections;
  options.limits.idle = std::chrono::seconds(arguments.idle_seconds);
  options.limits.header = std::chrono::seconds(arguments.header_seconds);
  options.limits.body = std::chrono::seconds(arguments.body_seconds);
  options.limits.stop = std::chrono::seconds(arguments.stop_seconds);
  return options;
}

// Opens the models in a thread of its own, so that signals are heard meanwhile.
class Opening {
 public:
  // `ended` is called in that thread.
  Opening(ModelShelf& shelf, std::function<void()> ended)
      : thread_([this, &shelf, ended = std::move(ended)] {
          try {
            shelf.OpenAll();
          } catch (...) {
            failure_ = std::current_exception();
          }
          ended();
        }) {}

  // After `ended`. Throws what the opening has thrown.
  void Finish() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }
  bool finished() const { return !thread_.joinable(); }

 private:
  std::exception_ptr failure_;
  std::thread thread_;
};

void StopServing(HttpServer& server, const HttpLimits& limits, int signal_number) {
  LogInfo("stopped by signal {}: no more connections are taken; what has begun has {} s",
          signal_number, limits.stop.count() / 1000);
  const std::size_t cut = server.Stop();
  if (cut == 0) return;
  LogWarning("{} connections were cut, which took longer than that", cut);
  FlushTerminals();
  std::_Exit(0);  // what still works for them is not waited for
}

}  // namespace

int ServeCommand(const ServeArguments& arguments) {
  const HttpServerOptions options = OptionsOf(arguments);
  std::optional<boost::asio::ssl::context> tls = TlsOf(arguments);
  AllowDescriptors(options.limits.connections + kOtherDescriptors,
                   fmt::format("--max-connections {} needs", options.limits.connections));
  ServeMetrics metrics;
  ModelShelf shelf(PlacesOf(arguments), arguments.verify, &metrics);
  Service service({.rows = arguments.max_rows, .values = arguments.max_values}, shelf, metrics);
  HttpServer server(options, std::move(tls), service);

  boost::asio::io_context io;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  LogInfo("listening on {}, {} threads", server.url(), options.threads);
  server.Start();
  Opening opening(shelf, [&io, &shelf, &server, &opening] {
    boost::asio::post(io, [&] {
      opening.Finish();
      LogInfo("ready: all models are served on {}", server.url());
      shelf.Watch(kPollTime);
    });
  });
  std::function<void(boost::system::error_code, int)> on_signal =
      [&](boost::system::error_code error, int signal_number) {
        if (error) return;
        if (signal_number == SIGHUP) {
          if (opening.finished()) shelf.Wake();
          return signals.async_wait(on_signal);
        }
        signals.clear();  // another one ends the process at once
        StopServing(server, options.limits, signal_number);
        io.stop();
      };
  signals.async_wait(on_signal);
  io.run();
  if (opening.finished()) return 0;
  FlushTerminals();
  std::_Exit(0);  // the rest of a model need not be read first
}

}  // namespace fathom
