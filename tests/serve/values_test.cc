// Texts that values, addresses and paths amount to.
#include <gtest/gtest.h>

#include "launcher/http/json_document.h"
#include "launcher/http/listen_address.h"
#include "launcher/http/request_error.h"
#include "launcher/serve/route.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

std::string TextOf(const std::string& json) {
  const JsonDocument document(json, 10);
  std::string kept;
  return std::string(ScalarText(document.root(), &kept));
}

TEST(ScalarText, NumbersAreWrittenAsIdsAre) {
  EXPECT_EQ(TextOf("58"), "58");
  EXPECT_EQ(TextOf("58.0"), "58");
  EXPECT_EQ(TextOf("5.8e1"), "58");
  EXPECT_EQ(TextOf("-0"), "0");
  EXPECT_EQ(TextOf("-0.0"), "0");
  EXPECT_EQ(TextOf("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(TextOf("-9223372036854775809"), "-9223372036854775809");
  EXPECT_EQ(TextOf("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(TextOf("0.1"), "0.1");
  EXPECT_EQ(TextOf("0.10"), "0.1");
  EXPECT_EQ(TextOf("1e15"), "1000000000000000");
  EXPECT_EQ(TextOf(R"("5\u00e9")"), "5\xc3\xa9");
}

TEST(JsonDocument, RefusesWhatIsNoneOrTooMuch) {
  for (const char* text : {"", "{", "[1,]", "nul", "{\"a\":1}}", "NaN", "1e999", "\"\xc0\xaf\"",
                           "\"\\ud800\"", "[1,2,3,4,5,6,7,8,9,10,11]"})
    EXPECT_THROW(JsonDocument(text, 10), RequestError) << text;
  EXPECT_THROW(JsonDocument(std::string(100000, '['), 1000000), RequestError);
}

TEST(ListenAddress, IsAHostAndAPort) {
  EXPECT_EQ(ParseListenAddress("8080").host, "127.0.0.1");
  EXPECT_EQ(ParseListenAddress("8080").port, 8080);
  EXPECT_EQ(ParseListenAddress("[::1]:0").host, "::1");
  EXPECT_EQ(ParseListenAddress("0.0.0.0:65535").port, 65535);
  for (const char* text : {"", ":", "x", "1:2:3", "::1", "host:", ":80", "65536", "-1", "80 "})
    testing::ExpectError(ExitCode::kUsage, {"--listen"}, [&] { ParseListenAddress(text); });
}

TEST(RouteOf, KnowsThePathsOfEachDialect) {
  EXPECT_EQ(RouteOf("/v2/models/a%2fb/infer")->model, "a/b");
  EXPECT_EQ(RouteOf("/v1/models/m/versions/7:predict")->version, "7");
  EXPECT_EQ(RouteOf("/v1/models/m:recommend")->call, Call::kRecommend);
  EXPECT_EQ(RouteOf("/v2/models/m/versions/7")->call, Call::kMetadata);
  for (const char* path : {"", "/", "v2", "//v2", "/v2/", "/v2/models", "/v2/models/m/predict",
                           "/v1/models/m:infer", "/v1/models/m/versions", "/v2/models/m%"})
    EXPECT_FALSE(RouteOf(path) && std::string(path) != "/v2/") << path;
}

}  // namespace
}  // namespace fathom
