// What Prometheus is told.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/serve/http_client.h"
#include "tests/serve/served_books.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::BooksServer;
using testing::HttpAnswer;
using testing::HttpClient;

TEST(ServeMetrics, CountsRequestsRowsAndValuesWithoutARow) {
  BooksServer server;
  HttpClient client(server.port());
  client.Post("/v1/models/books:predict",
              R"({"instances":[{"reader_id":"nobody","book_id":5},{"reader_id":3,"book_id":5}]})");
  client.Post("/v1/models/books:predict", "{}");
  client.Get("/v1/models/films");
  client.Get("/\x01");
  HttpClient next(server.port());
  const HttpAnswer answer = next.Get("/metrics");
  EXPECT_EQ(answer.headers.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const std::string version = server.shelf().Find("books")->Current()->version();
  for (const std::string& line :
       {std::string(R"(fathom_serve_requests_total{model="books",code="200"} 1)"),
        std::string(R"(fathom_serve_requests_total{model="books",code="400"} 1)"),
        std::string(R"(fathom_serve_requests_total{model="",code="404"} 1)"),
        std::string(R"(fathom_serve_requests_total{model="",code="400"} 1)"),
        std::string(R"(fathom_serve_examples_total{model="books"} 2)"),
        std::string(R"(fathom_serve_values_total{model="books",field="reader"} 2)"),
        std::string(R"(fathom_serve_values_without_row_total{model="books",field="reader"} 1)"),
        std::string(R"(fathom_serve_request_duration_seconds_count{model="books"} 2)"),
        R"(fathom_serve_model_info{model="books",version=")" + version + R"("} 1)"})
    EXPECT_NE(answer.body.find(line + "\n"), std::string::npos) << line << "\n" << answer.body;
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_start_time_seconds"})
    EXPECT_NE(answer.body.find(name), std::string::npos) << name;
}

TEST(ServeMetrics, ArePrometheusOwnCheckersLiking) {
  if (std::system("command -v promtool >/dev/null") != 0)
    GTEST_SKIP() << "promtool is not there (Debian's package prometheus)";
  BooksServer server;
  HttpClient client(server.port());
  client.Post("/v1/models/books:predict", R"({"instances":[{"reader_id":3,"book_id":5}]})");
  const testing::ScratchDir dir;
  const auto text = dir.Write("metrics", client.Get("/metrics").body);
  const std::string command =
      "promtool check metrics <" + text.string() + " >" + (dir.path() / "said").string() + " 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << dir.Read("said");
  EXPECT_EQ(dir.Read("said"), "");
}

}  // namespace
}  // namespace fathom
