// Requests and their whole answers, in each dialect, over real connections. Scores are those of the
// scorer itself, bit for bit.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "launcher/serve/served_model.h"
#include "tests/serve/http_client.h"
#include "tests/serve/served_books.h"

namespace fathom {
namespace {

using testing::BooksServer;
using testing::HttpAnswer;
using testing::HttpClient;

class Dialects : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new BooksServer();
    scorer_ = Scorer::Open(testing::FirstModel(), true).release();
    version_ = std::to_string(scorer_->model().manifest.step);
  }
  static void TearDownTestSuite() {
    delete server_;
    delete scorer_;
  }

  static float Logit(const testing::Texts& row) { return testing::LogitOf(*scorer_, row); }
  static float Score(const testing::Texts& row) { return ScoreOf(Logit(row)); }

  static BooksServer* server_;
  static const Scorer* scorer_;
  static std::string version_;
  HttpClient client_{server_->port()};
};

BooksServer* Dialects::server_ = nullptr;
const Scorer* Dialects::scorer_ = nullptr;
std::string Dialects::version_;

std::string Bytes(std::initializer_list<std::string> texts) {
  std::string bytes;
  for (const std::string& text : texts) {
    const auto size = static_cast<std::uint32_t>(text.size());
    bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
    bytes += text;
  }
  return bytes;
}

TEST_F(Dialects, InferInJson) {
  const HttpAnswer answer = client_.Post("/v2/models/books/infer", R"({"id":"7","inputs":[
    {"name":"reader_id","shape":[1],"datatype":"BYTES","data":["3"]},
    {"name":"book_id","shape":[3],"datatype":"INT64","data":[5,8,13]}],
    "outputs":[{"name":"score"}]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("Content-Type"), "application/json");
  EXPECT_EQ(answer.headers.at("Fathom-Model-Version"), version_);
  EXPECT_EQ(
      answer.body,
      fmt::format(
          R"({{"model_name":"books","model_version":"{}","id":"7","outputs":[{{"name":"score",)"
          R"("datatype":"FP32","shape":[3],"data":[{},{},{}]}}]}})",
          version_, Score({{"reader_id", "3"}, {"book_id", "5"}}),
          Score({{"reader_id", "3"}, {"book_id", "8"}}),
          Score({{"reader_id", "3"}, {"book_id", "13"}})));
}

TEST_F(Dialects, InferGivesAllOutputsWhereNoneIsNamed) {
  const HttpAnswer answer =
      client_.Post(fmt::format("/v2/models/books/versions/{}/infer", version_),
                   R"({"inputs":[{"name":"reader_id","shape":[1,1],"datatype":"UINT8","data":[[3]]},
      {"name":"book_id","shape":[1],"datatype":"FP32","data":[5.0]}]})");
  const testing::Texts row = {{"reader_id", "3"}, {"book_id", "5"}};
  EXPECT_EQ(answer.body,
            fmt::format(
                R"({{"model_name":"books","model_version":"{}","outputs":[{{"name":"score",)"
                R"("datatype":"FP32","shape":[1],"data":[{}]}},{{"name":"logit","datatype":"FP32",)"
                R"("shape":[1],"data":[{}]}}]}})",
                version_, Score(row), Logit(row)));
}

TEST_F(Dialects, InferInBinary) {
  const std::string readers = Bytes({"3", "no such reader"});
  const std::int64_t books[] = {5, 8};
  const std::string json = fmt::format(
      R"({{"inputs":[{{"name":"reader_id","shape":[2],"datatype":"BYTES","parameters":)"
      R"({{"binary_data_size":{}}}}},{{"name":"book_id","shape":[2],"datatype":"INT64",)"
      R"("parameters":{{"binary_data_size":16}}}}],"outputs":[{{"name":"logit","parameters":)"
      R"({{"binary_data":true}}}}]}})",
      readers.size());
  const std::string body =
      json + readers + std::string(reinterpret_cast<const char*>(books), sizeof(books));
  const HttpAnswer answer = client_.Post(
      "/v2/models/books/infer", body,
      fmt::format(
          "Inference-Header-Content-Length: {}\r\nContent-Type: application/octet-stream\r\n",
          json.size()));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string head = fmt::format(
      R"({{"model_name":"books","model_version":"{}","outputs":[{{"name":"logit","datatype":"FP32",)"
      R"("shape":[2],"parameters":{{"binary_data_size":8}}}}]}})",
      version_);
  EXPECT_EQ(answer.headers.at("Inference-Header-Content-Length"), std::to_string(head.size()));
  EXPECT_EQ(answer.headers.at("Content-Type"), "application/octet-stream");
  ASSERT_EQ(answer.body.size(), head.size() + 8);
  EXPECT_EQ(answer.body.substr(0, head.size()), head);
  float logits[2];
  std::memcpy(logits, answer.body.data() + head.size(), sizeof(logits));
  EXPECT_EQ(logits[0], Logit({{"reader_id", "3"}, {"book_id", "5"}}));
  EXPECT_EQ(logits[1], Logit({{"reader_id", "no such reader"}, {"book_id", "8"}}));
}

TEST_F(Dialects, InferTakesListsAsRowsThatEmptyTextsFillUp) {
  const HttpAnswer answer = client_.Post("/v2/models/books/infer", R"({"inputs":[
    {"name":"reader_id","shape":[1],"datatype":"BYTES","data":["3"]},
    {"name":"book_id","shape":[2],"datatype":"BYTES","data":["5","8"]},
    {"name":"year","shape":[2],"datatype":"FP64","data":[1990,1990.5]},
    {"name":"genres","shape":[2,2],"datatype":"BYTES","data":["fantasy","war","crime",""]}],
    "outputs":[{"name":"score"}]})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto scores = nlohmann::json::parse(answer.body)["outputs"][0]["data"];
  EXPECT_EQ(
      scores[0].get<float>(),
      Score({{"reader_id", "3"}, {"book_id", "5"}, {"year", "1990"}, {"genres", "fantasy|war"}}));
  EXPECT_EQ(scores[1].get<float>(),
            Score({{"reader_id", "3"}, {"book_id", "8"}, {"year", "1990.5"}, {"genres", "crime"}}));
}

TEST_F(Dialects, PredictByRows) {
  const HttpAnswer answer = client_.Post("/v1/models/books:predict", R"({"instances":[
    {"reader_id":3,"book_id":"5"},
    {"reader_id":3.0,"book_id":8,"genres":["fantasy","war"],"year":1.99e3},
    {"reader_id":null,"book_id":123456789012345678901234567890}]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(
      answer.body,
      fmt::format(
          R"({{"predictions":[{},{},{}]}})", Score({{"reader_id", "3"}, {"book_id", "5"}}),
          Score(
              {{"reader_id", "3"}, {"book_id", "8"}, {"genres", "fantasy|war"}, {"year", "1990"}}),
          Score({{"reader_id", ""}, {"book_id", "123456789012345678901234567890"}})));
}

TEST_F(Dialects, PredictByColumns) {
  const HttpAnswer answer = client_.Post(
      "/v1/models/books%3Apredict?x=y",
      R"({"signature_name":"serving_default","inputs":{"reader_id":"3","book_id":[5,8],"genres":[["war"],[]]}})");
  EXPECT_EQ(answer.body,
            fmt::format(R"({{"outputs":[{},{}]}})",
                        Score({{"reader_id", "3"}, {"book_id", "5"}, {"genres", "war"}}),
                        Score({{"reader_id", "3"}, {"book_id", "8"}, {"genres", ""}})));
}

TEST_F(Dialects, RecommendSortsCandidatesAsTheirScores) {
  std::vector<std::pair<float, int>> scores;
  for (int book = 1; book <= 20; ++book)
    scores.emplace_back(-Score({{"reader_id", "3"}, {"book_id", std::to_string(book).c_str()}}),
                        book - 1);
  std::sort(scores.begin(), scores.end());
  const HttpAnswer answer =
      client_.Post("/v1/models/books:recommend",
                   R"({"context":{"reader_id":3},"n":2,"candidates":{"book_id":
    [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}})");
  EXPECT_EQ(answer.body,
            fmt::format(
                R"({{"model_name":"books","model_version":"{}","candidates":20,)"
                R"("recommendations":[{{"place":{},"score":{}}},{{"place":{},"score":{}}}]}})",
                version_, scores[0].second, -scores[0].first, scores[1].second, -scores[1].first));
  EXPECT_EQ(
      client_.Post("/v1/models/books:recommend", R"({"context":{"reader_id":3},"candidates":[]})")
          .body,
      fmt::format(
          R"({{"model_name":"books","model_version":"{}","candidates":0,"recommendations":[]}})",
          version_));
  EXPECT_EQ(client_.Post("/v1/models/books:predict", R"({"instances":[]})").body,
            R"({"predictions":[]})");
  const HttpAnswer rows = client_.Post(
      "/v1/models/books:recommend",
      R"({"context":{"reader_id":3},"candidates":[{"book_id":4},{"book_id":4,"year":null}],"n":5})");
  EXPECT_EQ(nlohmann::json::parse(rows.body)["recommendations"].size(), 2U) << rows.body;
}

TEST_F(Dialects, RecommendFromTheCatalogueGivesItsRows) {
  const HttpAnswer answer =
      client_.Post("/v1/models/books:recommend", R"({"context":{"reader_id":"3"},"n":3})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto found = nlohmann::json::parse(answer.body)["recommendations"];
  ASSERT_EQ(found.size(), 3U);
  for (const auto& item : found) {
    const std::string book = item["item"]["book_id"];
    EXPECT_EQ(item["score"].get<float>(), Score({{"reader_id", "3"}, {"book_id", book.c_str()}}));
  }
}

// Items that the reader has are left out, and the wide terms are those of the item.
TEST_F(Dialects, RecommendWithoutWhatIsSeenAndSayWhy) {
  const auto ask = [&](const std::string& more) {
    const HttpAnswer answer = client_.Post("/v1/models/books:recommend",
                                           R"({"context":{"reader_id":"3"},"n":2)" + more + "}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return nlohmann::json::parse(answer.body)["recommendations"];
  };
  const auto first = ask("");
  const std::string best = first[0]["item"]["book_id"], second = first[1]["item"]["book_id"];
  EXPECT_FALSE(first[0].contains("wide"));
  const auto after = ask(R"(,"seen":{"book_id":[")" + best + R"(","unknown"]},"why":true)");
  EXPECT_EQ(after[0]["item"]["book_id"], second);
  EXPECT_EQ(ask(R"(,"seen":[{"book_id":")" + best + R"("},{"book_id":")" + second +
                R"("}])")[0]["item"]["book_id"],
            after[1]["item"]["book_id"]);
  ASSERT_FALSE(after[0]["wide"].empty());
  for (const auto& reason : after[0]["wide"]) {
    EXPECT_TRUE(reason["term"].get<std::string>().find(" = ") != std::string::npos);
    EXPECT_NE(reason["value"].get<double>(), 0);
  }
  ASSERT_EQ(after[0]["near"].size(), 3U);
  for (const auto& near : after[0]["near"]) {
    EXPECT_NE(near["place"], after[0]["place"]);
    EXPECT_LE(near["cosine"].get<float>(), 1 + 1e-6);
  }
  ASSERT_EQ(after[0]["near_seen"].size(), 1U);
  EXPECT_EQ(after[0]["near_seen"][0]["item"]["book_id"], best);
  EXPECT_FALSE(ask(R"(,"why":true)")[0].contains("near_seen"));
}

// Columns of the catalogue, and of the joined table that the model keeps of its items.
TEST_F(Dialects, RecommendShowsTheColumnsThatAreAskedFor) {
  const auto ask = [&](const std::string& more) {
    return client_.Post("/v1/models/books:recommend",
                        R"({"context":{"reader_id":"3"},"n":1)" + more + "}");
  };
  const auto whole = nlohmann::json::parse(ask("").body)["recommendations"][0]["item"];
  const HttpAnswer shown = ask(R"(,"show":["genres","book_id"])");
  ASSERT_EQ(shown.status, 200) << shown.body;
  const auto item = nlohmann::json::parse(shown.body)["recommendations"][0]["item"];
  EXPECT_EQ(item.size(), 2U);
  EXPECT_EQ(item["book_id"], whole["book_id"]);
  EXPECT_TRUE(item["genres"].is_string()) << shown.body;
}

TEST_F(Dialects, TellWhatIsServed) {
  EXPECT_EQ(client_.Get("/v2/health/live").status, 200);
  EXPECT_EQ(client_.Get("/v2/health/ready").body, R"({"ready":true})");
  EXPECT_EQ(client_.Get("/v2").body,
            R"({"name":"fathom","version":")" FATHOM_VERSION
            R"(","extensions":["binary_tensor_data","model_repository"]})");
  EXPECT_EQ(client_.Get("/v2/models/books/ready").body, R"({"name":"books","ready":true})");
  const auto metadata = nlohmann::json::parse(client_.Get("/v2/models/books").body);
  EXPECT_EQ(metadata["versions"][0], version_);
  bool genres = false;
  for (const auto& input : metadata["inputs"]) {
    if (input["name"] != "genres") continue;
    genres = true;
    EXPECT_EQ(input["shape"].dump(), "[-1,-1]");
    EXPECT_EQ(input["parameters"]["required"], false);
  }
  EXPECT_TRUE(genres);
  EXPECT_EQ(
      client_.Get("/v1/models/books").body,
      fmt::format(R"({{"model_version_status":[{{"version":"{}","state":"AVAILABLE","status":)"
                  R"({{"error_code":"OK","error_message":""}}}}]}})",
                  version_));
  EXPECT_EQ(client_.Get("/v1/models").body, R"({"models":["books"]})");
  const auto signature = nlohmann::json::parse(client_.Get("/v1/models/books/metadata").body);
  EXPECT_EQ(signature["model_spec"]["version"], version_);
  EXPECT_EQ(
      client_.Post("/v2/repository/index", "{}").body,
      fmt::format(R"([{{"name":"books","version":"{}","state":"READY","reason":""}}])", version_));
  EXPECT_EQ(client_.Post("/v2/repository/models/books/load", "{}").body,
            fmt::format(R"({{"name":"books","version":"{}"}})", version_));
}

// Each with a word that the answer must hold.
TEST_F(Dialects, MistakesAreSaid) {
  const std::string v2 = "/v2/models/books/infer", v1 = "/v1/models/books:predict",
                    best = "/v1/models/books:recommend";
  const struct {
    std::string path, body;
    int status;
    const char* word;
  } kCases[] = {
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"colour":3}]})", 400, "colour"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2},{"reader_id":1}]})", 400, "row 1"},
      {v1, R"({"instances":[{"reader_id":1}]})", 400, "book_id"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"reader_id":3}]})", 400, "twice"},
      {v1, R"({"instances":[{"reader_id":true,"book_id":2}]})", 400, "true or false"},
      {v1, R"({"instances":[{"reader_id":[1],"book_id":2}]})", 400, "one value a row"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"genres":["a|b"]}]})", 400, "separator"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"genres":[["a"]]}]})", 400, "an array"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"year":"old"}]})", 400, "year"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"year":1e400}]})", 400, "no JSON"},
      {v1, R"({"instances":[1]})", 400, "object"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2},{"reader_id":1,"book_id":true}]})", 400,
       "row 1: the column \"book_id\": true or false"},
      {v1, R"({"instances":[{"reader_id":1,"book_id":2,"genres":["a",null]}]})", 400,
       "row 0: the column \"genres\": null is no value: give a text or a number"},
      {v1, R"({"inputs":{"reader_id":[1,false],"book_id":2}})", 400, "row 1: the column"},
      {v2, R"({"inputs":[{"name":"reader_id","shape":[1],"datatype":"UINT8","data":[-1]}]})", 400,
       "is -1, which is no UINT8"},
      {v2, R"({"inputs":[{"name":"reader_id","shape":[1],"datatype":"INT8","data":[300]}]})", 400,
       "no INT8"},
      {v2, R"({"inputs":[{"name":"reader_id","shape":[1],"datatype":"INT64","data":[-0.5]}]})", 400,
       "no INT64"},
      {v1, R"({"inputs":{"reader_id":[1,2],"book_id":[1,2,3]}})", 400, "3"},
      {v1, R"({"instances":[],"inputs":{}})", 400, "either"},
      {v1, R"({"signature_name":"x","inputs":{}})", 400, "serving_default"},
      {v1, R"({"instances":[}])", 400, "no JSON"},
      {v1, "{\"instances\":\"\xff\"}", 400, "UTF-8"},
      {v1, std::string(100, '['), 400, "nested"},
      {v1, "", 400, "no JSON"},
      {best, R"({"context":{"reader_id":1},"top":3})", 400, "top"},
      {best, R"({"context":{"reader_id":1},"n":0})", 400, "n"},
      {best, R"({"context":{"reader_id":1,"book_id":5}})", 400, "book_id"},
      {best, R"({"context":{}})", 400, "reader_id"},
      {best, R"({"context":{"reader_id":1},"why":1})", 400, "true or false"},
      {best, R"({"context":{"reader_id":1},"why":true,"n":101})", 400, "100 at most"},
      {best, R"({"context":{"reader_id":1},"show":"title"})", 400, "array of columns"},
      {best, R"({"context":{"reader_id":1},"show":[1]})", 400, "array of columns"},
      {best, R"({"context":{"reader_id":1},"show":["colour"]})", 400, "column colour"},
      {best, R"({"context":{"reader_id":1},"show":[],"candidates":{"book_id":[1]}})", 400, "show"},
      {best, R"({"context":{"reader_id":1},"seen":{"reader_id":[2]}})", 400, "no column"},
      {best, R"({"context":{"reader_id":1},"seen":[],"candidates":{"book_id":[1]}})", 400, "seen"},
      {v2, R"({"inputs":[]})", 400, "reader_id"},
      {v2, R"({"inputs":[{"name":"reader_id","shape":[2],"datatype":"BYTES","data":["1"]}]})", 400,
       "asks for 2"},
      {v2, R"({"inputs":[{"name":"reader_id","shape":[1],"datatype":"BOOL","data":[true]}]})", 400,
       "BOOL"},
      {v2,
       R"({"inputs":[{"name":"reader_id","shape":[99999999999999999999],"datatype":"BYTES","data":[]}]})",
       400, "shape"},
      {v2,
       R"({"inputs":[{"name":"reader_id","shape":[4294967296,4294967296],"datatype":"BYTES","data":[]}]})",
       400, "elements"},
      {v2, R"({"inputs":[{"name":"reader_id","shape":[-1],"datatype":"BYTES","data":[]}]})", 400,
       "shape"},
      {v2,
       R"({"inputs":[{"name":"reader_id","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":9}}]})",
       400, "0 bytes are left"},
      {v2, R"({"inputs":[],"outputs":[{"name":"loss"}]})", 400, "loss"},
      {"/v2/models/films/infer", "{}", 404, "films"},
      {"/v2/models/books/versions/0/infer", "{}", 404, "version"},
      {"/v3", "{}", 404, "path"},
      {"/v1/models/books%zz:predict", "{}", 404, "path"},
      {"/v2/repository/models/films/load", "{}", 404, "films"},
      {"/metrics", "{}", 405, "GET"},
  };
  for (const auto& each : kCases) {
    const HttpAnswer answer = client_.Post(each.path, each.body);
    EXPECT_EQ(answer.status, each.status) << each.path << " " << each.body << "\n" << answer.body;
    ASSERT_TRUE(nlohmann::json::accept(answer.body)) << answer.body;
    const std::string error = nlohmann::json::parse(answer.body)["error"];
    EXPECT_NE(error.find(each.word), std::string::npos) << each.body << "\n" << error;
  }
}

}  // namespace
}  // namespace fathom
