// Bytes of a client: as a whole connection, or as the body of one call. Whatever they are, there is
// an answer whose text is JSON (or metrics), and never a status of a fault.
#include <boost/beast/core/flat_buffer.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/check.h"
#include "launcher/http/reply_header.h"
#include "launcher/http/request_parser.h"
#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/model_shelf.h"
#include "launcher/serve/service.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/support/embedded_run.h"

using namespace fathom;

namespace {

constexpr ServeLimits kLimits = {.rows = 1000, .values = 10000};
constexpr HttpLimits kHttpLimits = {.body_bytes = 100000};

class ServedFuzzModel {
 public:
  ServedFuzzModel()
      : shelf_({{.name = "m", .path = Trained(), .catalogue = Books()}}, true, &metrics_) {
    shelf_.OpenAll();
  }
  ~ServedFuzzModel() { std::filesystem::remove_all(fuzz::Dir()); }
  Service& service() { return service_; }

 private:
  static std::filesystem::path Books() { return fuzz::Dir() / "data" / "books.csv"; }
  static std::filesystem::path Trained() {
    GenerateBooks(300, 1, fuzz::Dir() / "data");
    testing::TrainEmbedded(testing::BooksConfig(fuzz::Dir() / "data", {"train.epochs=1"}),
                           fuzz::Dir() / "packed", fuzz::Dir() / "out");
    return fuzz::Dir() / "out";
  }

  ServeMetrics metrics_;
  ModelShelf shelf_;
  Service service_{kLimits, shelf_, metrics_};
};

void Check(const HttpReply& reply, bool binary) {
  FATHOM_CHECK(reply.status >= 200 && reply.status != 500 && reply.status < 600);
  FATHOM_CHECK(!ReplyHeader(reply, true).empty());
  if (binary || reply.status == 204 || reply.content_type != "application/json") return;
  FATHOM_CHECK(nlohmann::json::accept(reply.body));
}

void TakeConnection(std::string_view bytes, Service& service) {
  while (!bytes.empty()) {
    RequestParser parser;
    SetLimits(kHttpLimits, &parser);
    parser.eager(true);
    boost::beast::error_code error;
    std::size_t taken = 0;
    while (!error && !parser.is_done() && taken < bytes.size()) {
      const std::size_t now =
          parser.put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
      taken += now;
      if (now == 0) break;
    }
    if (error && StatusOf(error) != 0) {
      const int status = StatusOf(error);
      return Check(service.Refuse(status, WhyRefused(status, error, kHttpLimits)), false);
    }
    if (!parser.is_done()) return;
    Check(service.Handle(RequestOf(parser)), false);
    bytes.remove_prefix(taken);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ServedFuzzModel model;
  fuzz::Input input(data, size);
  const std::uint8_t what = input.Byte();
  const auto post = [&](const char* target, const std::string& header_length) {
    Check(model.service().Handle({.method = "POST",
                                  .target = target,
                                  .inference_header_length = header_length,
                                  .says_length = true,
                                  .body = input.text()}),
          !header_length.empty());
  };
  switch (what) {
    case 'i':
      post("/v2/models/m/infer", "");
      break;
    case 'b': {
      const std::uint8_t low = input.Byte();
      post("/v2/models/m/infer", std::to_string(low + 256 * input.Byte()));
      break;
    }
    case 'p':
      post("/v1/models/m:predict", "");
      break;
    case 'r':
      post("/v1/models/m:recommend", "");
      break;
    default:
      TakeConnection(input.text(), model.service());
  }
  return 0;
}
