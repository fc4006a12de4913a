// A server in this process, on a free port, of a small model of books.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/http/http_server.h"
#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/model_shelf.h"
#include "launcher/serve/service.h"
#include "worker/predict/scorer.h"

namespace fathom::testing {

// Output folders of two models of the same columns, trained once a process; they differ in step.
const std::filesystem::path& FirstModel();
const std::filesystem::path& SecondModel();

// The data that they were trained on, with books.csv.
const std::filesystem::path& BooksData();

// Another model takes the name `folder`/model, as training does it.
void Publish(const std::filesystem::path& model, const std::filesystem::path& folder);

class BooksServer {
 public:
  explicit BooksServer(std::vector<ModelPlace> places, HttpLimits limits = {},
                       ServeLimits serve_limits = {}, int threads = 2);
  // Of the first model, called "books", with its books as the catalogue.
  BooksServer() : BooksServer(std::vector<ModelPlace>{Books()}) {}

  static ModelPlace Books();

  std::uint16_t port() const { return server_.port(); }
  ModelShelf& shelf() { return shelf_; }
  HttpServer& server() { return server_; }

 private:
  ServeMetrics metrics_;
  ModelShelf shelf_;
  Service service_;
  HttpServer server_;
};

// What the scorer itself gives for one row: columns and their texts.
using Texts = std::vector<std::pair<const char*, const char*>>;
float LogitOf(const Scorer& scorer, const Texts& row);

}  // namespace fathom::testing
