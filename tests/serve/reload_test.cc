// Models that take another's place while they are asked.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "launcher/serve/served_model.h"
#include "tests/serve/http_client.h"
#include "tests/serve/served_books.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using std::chrono::milliseconds;
using testing::BooksServer;
using testing::HttpAnswer;
using testing::HttpClient;

constexpr const char* kBody = R"({"outputs":[{"name":"logit"}],"inputs":[
  {"name":"reader_id","shape":[1],"datatype":"BYTES","data":["3"]},
  {"name":"book_id","shape":[4],"datatype":"INT64","data":[5,8,13,21]}]})";

// How long clients ask: the whole check has little time.
milliseconds TimeOfSwaps() {
  const char* const seconds = std::getenv("FATHOM_SERVE_SECONDS");
  return milliseconds(seconds != nullptr ? 1000 * std::atoi(seconds) : 2000);
}

// The answer of a model to kBody.
nlohmann::json LogitsOf(const std::filesystem::path& model) {
  const auto scorer = Scorer::Open(model, true);
  nlohmann::json logits = nlohmann::json::array();
  for (const char* book : {"5", "8", "13", "21"})
    logits.push_back(testing::LogitOf(*scorer, {{"reader_id", "3"}, {"book_id", book}}));
  return logits;
}

std::string VersionOf(const std::filesystem::path& model) {
  return std::to_string(OpenModel(model).manifest.step);
}

// Files of rows under this folder that the process has mapped.
int MappedFiles(const std::filesystem::path& folder) {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find(folder.string()) != std::string::npos ? 1 : 0;
  return count;
}

template <typename Holds>
bool Eventually(const Holds& holds) {
  for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(milliseconds(10));
  return holds();
}

TEST(Reload, EightClientsAndTwentySwapsEachAnswerOfOneModel) {
  const testing::ScratchDir dir;
  testing::Publish(testing::FirstModel(), dir.path());
  const std::map<std::string, nlohmann::json> expected = {
      {VersionOf(testing::FirstModel()), LogitsOf(testing::FirstModel())},
      {VersionOf(testing::SecondModel()), LogitsOf(testing::SecondModel())}};
  ASSERT_EQ(expected.size(), 2U);
  BooksServer server({{.name = "books", .path = dir.path(), .catalogue = {}}});
  const int mapped = MappedFiles(dir.path());
  EXPECT_GT(mapped, 0);
  server.shelf().Watch(milliseconds(10));

  std::atomic<bool> ended{false};
  std::atomic<int> failed{0}, answered{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      HttpClient client(server.port());
      while (!ended) {
        const HttpAnswer answer = client.Post("/v2/models/books/infer", kBody);
        ++answered;
        const auto json = nlohmann::json::parse(answer.body, nullptr, false);
        const bool whole = answer.status == 200 && json.is_object();
        const auto model = whole ? expected.find(json["model_version"]) : expected.end();
        // As text, which tells all floats apart.
        if (model == expected.end() || json["outputs"][0]["data"].get<std::vector<float>>() !=
                                           model->second.get<std::vector<float>>())
          ++failed;
      }
    });
  }
  for (int swap = 1; swap <= 20; ++swap) {
    std::this_thread::sleep_for(TimeOfSwaps() / 20);
    testing::Publish(swap % 2 == 0 ? testing::FirstModel() : testing::SecondModel(), dir.path());
  }
  const std::string last = VersionOf(testing::FirstModel());
  ModelSlot& slot = *server.shelf().Find("books");
  EXPECT_TRUE(Eventually([&] { return slot.Current()->version() == last; }));
  slot.Reload(true);  // it may still be the one before the last swaps
  ended = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(failed, 0) << "of " << answered;
  EXPECT_GT(answered, 100);
  EXPECT_TRUE(Eventually([&] { return slot.retired() == 0; }));
  EXPECT_EQ(MappedFiles(dir.path()), mapped);
}

TEST(Reload, AModelThatCannotBeOpenedLeavesTheOldOneServing) {
  const testing::ScratchDir dir;
  testing::Publish(testing::FirstModel(), dir.path());
  BooksServer server({{.name = "books", .path = dir.path(), .catalogue = {}}});
  HttpClient client(server.port());
  const std::string version = VersionOf(testing::FirstModel());

  std::ofstream(dir.path() / "model" / "dense.bin", std::ios::trunc) << "short";
  testing::Publish(testing::SecondModel(), dir.path());
  std::ofstream(dir.path() / "model" / "dense.bin", std::ios::trunc) << "short";
  HttpAnswer answer = client.Post("/v2/repository/models/books/load", "{}");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("dense.bin"), std::string::npos) << answer.body;
  EXPECT_EQ(client.Post("/v2/models/books/infer", kBody).headers["Fathom-Model-Version"], version);
  EXPECT_NE(client.Get("/metrics")
                .body.find(R"(fathom_serve_reloads_total{model="books",result="failed"} 1)"),
            std::string::npos);

  testing::Publish(testing::SecondModel(), dir.path());
  EXPECT_EQ(client.Post("/v2/repository/models/books/load", "{}").status, 200);
  EXPECT_EQ(client.Post("/v2/models/books/infer", kBody).headers["Fathom-Model-Version"],
            VersionOf(testing::SecondModel()));
}

TEST(Reload, UntilAModelIsOpenItsRequestsAreTurnedAway) {
  ServeMetrics metrics;
  ModelShelf shelf({BooksServer::Books()}, false, &metrics);
  Service service({}, shelf, metrics);
  const auto status = [&](const char* method, const char* target) {
    return service.Handle({.method = method, .target = target, .says_length = true}).status;
  };
  EXPECT_EQ(status("GET", "/v2/health/live"), 200);
  EXPECT_EQ(status("GET", "/v2/health/ready"), 503);
  EXPECT_EQ(status("GET", "/v2/models/books/ready"), 503);
  EXPECT_EQ(status("POST", "/v1/models/books:predict"), 503);
  shelf.OpenAll();
  EXPECT_EQ(status("GET", "/v2/health/ready"), 200);
}

TEST(ModelPlace, HasTheNameThatIsGivenOrTheFolders) {
  EXPECT_EQ(ParseModelPlace("run/books").name, "books");
  EXPECT_EQ(ParseModelPlace("run/books/").name, "books");
  EXPECT_EQ(ParseModelPlace("run/books/model").name, "books");
  EXPECT_EQ(ParseModelPlace("run/books/model/").name, "books");
  EXPECT_EQ(ParseModelPlace("best=run/books").name, "best");
  EXPECT_EQ(ParseModelPlace("best=run/books").path, "run/books");
  EXPECT_EQ(ParseModelPlace("run/a=1/x").path, "run/a=1/x");
  for (const char* text : {"run/my books", "my model=run/books", "=run/books"})
    testing::ExpectError(ExitCode::kUsage, {"NAME=PATH"}, [&] { ParseModelPlace(text); });
  ServeMetrics metrics;
  testing::ExpectError(ExitCode::kUsage, {"two models"}, [&] {
    ModelShelf({ParseModelPlace("a/x"), ParseModelPlace("b/x")}, false, &metrics);
  });
}

}  // namespace
}  // namespace fathom
