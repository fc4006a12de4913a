// Small data of three columns, and a folder to pack them in.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/ingest/ingest.h"

namespace fathom::testing {

inline Config MakeConfig(const std::filesystem::path& dir) {
  Config config;
  config.data.dir = dir;
  config.data.train = {"train*.csv"};
  config.columns = {
      {.name = "id"},
      {.name = "tags", .kind = ColumnKind::kMultivalent},
      {.name = "x", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise}};
  config.crosses = {{.columns = {"id", "tags"}}};
  return config;
}

inline std::string Rows(int begin, int end) {
  std::string text = "label,id,tags,x\n";
  for (int i = begin; i < end; ++i)
    text +=
        fmt::format("{},user{},t{}|t{},{}\n", i % 3 == 0 ? 1 : 0, i % 17, i % 5, i % 7, i * 0.5);
  return text;
}

template <typename Filter>
std::string Compressed(const std::string& text, Filter filter) {
  boost::iostreams::filtering_istream in;
  in.push(filter);
  std::istringstream source(text);
  in.push(source);
  std::ostringstream out;
  boost::iostreams::copy(in, out);
  return out.str();
}

class IngestFixture : public ::testing::Test {
 protected:
  IngestResult Run(const Config& config, int threads = 1, const std::string& packed = "packed") {
    return Ingest(config, MakeModelSpec(config), dir_.path() / packed, threads,
                  [](const IngestProgress&) {});
  }
  void ExpectBad(const std::string& text, std::initializer_list<const char*> words) {
    dir_.Write("train.csv", text);
    ExpectError(ExitCode::kData, words, [&] { Run(MakeConfig(dir_.path())); });
    EXPECT_TRUE(!std::filesystem::exists(dir_.path() / "packed") ||
                std::filesystem::is_empty(dir_.path() / "packed"))
        << "something was left behind";
  }
  static std::string Bytes(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  ScratchDir dir_;
};

}  // namespace fathom::testing
