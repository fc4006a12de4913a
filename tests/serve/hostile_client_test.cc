// Clients that err, dawdle or attack: each gets an error or loses its connection, and the next
// client is served as ever.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/serve/http_client.h"
#include "tests/serve/served_books.h"

namespace fathom {
namespace {

using std::chrono::milliseconds;
using testing::BooksServer;
using testing::HttpAnswer;
using testing::HttpClient;

constexpr const char* kPredictPath = "/v1/models/books:predict";
constexpr const char* kRow = R"({"instances":[{"reader_id":3,"book_id":5}]})";

HttpLimits ShortTimes() {
  return {.body_bytes = 100000,
          .connections = 20,
          .idle = milliseconds(300),
          .header = milliseconds(300),
          .body = milliseconds(300),
          .stop = milliseconds(300)};
}

class HostileClient : public ::testing::Test {
 protected:
  ~HostileClient() override {
    HttpClient next(server_.port());
    EXPECT_EQ(next.Post(kPredictPath, kRow).status, 200);
  }

  std::string Head(std::size_t length) const {
    return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", kPredictPath,
                       length);
  }

  BooksServer server_{{BooksServer::Books()}, ShortTimes(), {.rows = 100, .values = 1000}};
  HttpClient client_{server_.port()};
};

TEST_F(HostileClient, ConnectionsThatAreCutAtAnyByteHarmNobody) {
  const std::string whole = Head(std::string(kRow).size()) + kRow;
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 7) {
    HttpClient cut(server_.port());
    cut.Send(whole.substr(0, bytes));
  }
}

TEST_F(HostileClient, SlowHeadersAndBodiesAreCutAndNobodyWaits) {
  HttpClient slow_body(server_.port());
  slow_body.Send(Head(1000) + "{");
  client_.Send("POST / HT");
  std::thread dribble([&] {
    for (int i = 0; i < 20 && client_.Send("x"); ++i) std::this_thread::sleep_for(milliseconds(50));
  });
  const auto began = std::chrono::steady_clock::now();
  HttpClient other(server_.port());
  EXPECT_EQ(other.Post(kPredictPath, kRow).status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(5000));
  dribble.join();
  EXPECT_TRUE(client_.IsClosed(milliseconds(5000)));
  EXPECT_TRUE(slow_body.IsClosed(milliseconds(5000)));
}

TEST_F(HostileClient, AnIdleConnectionIsClosed) {
  EXPECT_EQ(client_.Get("/v2").status, 200);
  EXPECT_TRUE(client_.IsClosed(milliseconds(5000)));
}

TEST_F(HostileClient, WhatIsNoRequestIsAnswered) {
  const struct {
    std::string bytes;
    int status;
  } kCases[] = {
      {"hello\r\n\r\n", 400},
      {"GET / HTTP/3.7\r\n\r\n", 505},
      {"GET /\r\n\r\n", 400},
      {std::string("GET \0 HTTP/1.1\r\n\r\n", 18), 400},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nx: " + std::string(20000, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(20000, 'a'), 431},
      {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nContent-Length: 100001\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400},
  };
  for (const auto& each : kCases) {
    HttpClient client(server_.port());
    client.Send(each.bytes);
    const HttpAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, each.status) << each.bytes.substr(0, 100);
    EXPECT_TRUE(nlohmann::json::accept(answer.body)) << answer.body;
    EXPECT_EQ(answer.headers.at("Connection"), "close");
  }
}

TEST_F(HostileClient, BodiesThatAreTooLargeAreRefusedBeforeTheyAreRead) {
  client_.Send(Head(200000));
  const HttpAnswer answer = client_.Receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find("--max-body"), std::string::npos);
  HttpClient chunked(server_.port());
  chunked.Send(fmt::format("POST {} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", kPredictPath));
  for (int i = 0; i < 30 && chunked.Send("1000\r\n" + std::string(4096, ' ') + "\r\n"); ++i) {
  }
  EXPECT_EQ(chunked.Receive().status, 413);
}

TEST_F(HostileClient, RowsAndValuesAreBounded) {
  std::string rows = kRow;
  for (int i = 0; i < 150; ++i) rows.insert(rows.size() - 2, R"(,{"reader_id":3,"book_id":5})");
  EXPECT_NE(client_.Post(kPredictPath, rows).body.find("--max-rows"), std::string::npos);
  std::string values = "[1";
  for (int i = 0; i < 2000; ++i) values += ",1";
  EXPECT_NE(client_.Post(kPredictPath, values + "]").body.find("1000 values"), std::string::npos);
}

// A column of one row goes for all rows, so a small body may stand for much.
TEST(LargeRequest, IsBoundedByWhatItComesToAndScoredInPortions) {
  BooksServer server;
  HttpClient client(server.port());
  const auto ask = [&](const std::string& reader, const std::string& genres, int rows) {
    std::string books = "1";
    for (int i = 1; i < rows; ++i) books += ",1";
    return client.Post(
        kPredictPath,
        fmt::format(R"({{"inputs":{{"reader_id":"{}","genres":"{}","book_id":[{}]}}}})", reader,
                    genres, books));
  };
  const HttpAnswer texts = ask(std::string(300000, 'x'), "", 1000);
  EXPECT_EQ(texts.status, 400);
  EXPECT_NE(texts.body.find("256 MB"), std::string::npos) << texts.body;
  std::string genres = "g0";
  for (int i = 1; i < 200; ++i) genres += fmt::format("|g{}", i);
  const std::string one = ask("3", genres, 1).body, many = ask("3", genres, 3000).body;
  const std::string score = one.substr(one.find('[') + 1, one.find(']') - one.find('[') - 1);
  std::string expected = "[" + score;
  for (int i = 1; i < 3000; ++i) expected += "," + score;
  EXPECT_NE(many.find(expected + "]"), std::string::npos) << many.substr(0, 200);
}

TEST_F(HostileClient, MethodsAndTypesThatDoNotFitAreSaid) {
  client_.Send(fmt::format("GET {} HTTP/1.1\r\n\r\n", kPredictPath));
  HttpAnswer answer = client_.Receive();
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers["Allow"], "POST, OPTIONS");
  client_.Send(fmt::format("OPTIONS {} HTTP/1.1\r\n\r\n", kPredictPath));
  EXPECT_EQ(client_.Receive().status, 204);
  client_.Send("HEAD /v2 HTTP/1.1\r\n\r\n");
  answer = client_.Receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.headers["Content-Length"], "0");
  client_.Send(fmt::format("POST {} HTTP/1.1\r\n\r\n", kPredictPath));
  EXPECT_EQ(client_.Receive().status, 411);
  EXPECT_EQ(client_.Post(kPredictPath, kRow, "Content-Type: text/html\r\n").status, 415);
  EXPECT_EQ(client_.Post(kPredictPath, kRow, "Content-Encoding: gzip\r\n").status, 415);
  EXPECT_EQ(
      client_.Post(kPredictPath, kRow, "Content-Type: application/json; charset=utf-8\r\n").status,
      200);
}

TEST_F(HostileClient, RequestsThatAreSentAheadAreAnsweredInOrder) {
  const std::string one = Head(std::string(kRow).size()) + kRow;
  std::string many;
  for (int i = 0; i < 50; ++i) many += i % 2 == 0 ? one : "GET /v3 HTTP/1.1\r\n\r\n";
  client_.Send(many);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client_.Receive().status, i % 2 == 0 ? 200 : 404);
}

TEST_F(HostileClient, ChunkedBodiesAndContinueAreTaken) {
  client_.Send(fmt::format("POST {} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", kPredictPath));
  for (const char byte : std::string(kRow)) client_.Send(fmt::format("1\r\n{}\r\n", byte));
  client_.Send("0\r\n\r\n");
  EXPECT_EQ(client_.Receive().status, 200);
  client_.Send(fmt::format("POST {} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
                           kPredictPath, std::string(kRow).size()));
  client_.Send(kRow);
  EXPECT_EQ(client_.Receive().status, 200);
  client_.Send("GET /v2 HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client_.Receive().headers["Connection"], "close");
}

TEST_F(HostileClient, MoreConnectionsThanAllowedAreTurnedAway) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  int turned_away = 0;
  for (int i = 0; i < 25; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server_.port()));
    turned_away += clients.back()->Get("/v2").status == 503 ? 1 : 0;
  }
  EXPECT_GE(turned_away, 5);
  clients.clear();
  for (int i = 0; i < 100 && HttpClient(server_.port()).Get("/v2").status != 200; ++i)
    std::this_thread::sleep_for(milliseconds(50));
}

TEST(ServerStop, WhatHasBegunIsAnsweredAndNobodyElseIsTaken) {
  BooksServer server;
  HttpClient idle(server.port()), busy(server.port());
  EXPECT_EQ(idle.Get("/v2").status, 200);
  const std::string body = kRow;
  busy.Send(
      fmt::format("POST {} HTTP/1.1\r\nContent-Length: {}\r\n\r\n", kPredictPath, body.size()));
  busy.Send(body.substr(0, 5));
  std::this_thread::sleep_for(milliseconds(100));
  std::thread rest([&] {
    std::this_thread::sleep_for(milliseconds(200));
    busy.Send(body.substr(5));
  });
  EXPECT_EQ(server.server().Stop(), 0U);
  rest.join();
  const HttpAnswer answer = busy.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("Connection"), "close");
  EXPECT_TRUE(idle.IsClosed(milliseconds(1000)));
  EXPECT_EQ(HttpClient(server.port()).Get("/v2").status, 0);
}

TEST(ServerStop, WhatTakesTooLongIsCut) {
  BooksServer server({BooksServer::Books()}, {.stop = milliseconds(50)});
  HttpClient slow(server.port());
  slow.Send(fmt::format("POST {} HTTP/1.1\r\nContent-Length: 50\r\n\r\n", kPredictPath));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(server.server().Stop(), 1U);
}

}  // namespace
}  // namespace fathom
