// Where FATHOM_DUCKDB names DuckDB's library: Parquet files that it makes itself, of CSV files.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/ingest/ingest.h"
#include "worker/parquet/parquet_blocks.h"

namespace fathom {
namespace {

using testing::ExpectError;
namespace fs = std::filesystem;
using Fields = std::vector<std::string>;

class ParquetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const library = std::getenv("FATHOM_DUCKDB");
    if (library == nullptr || *library == 0)
      GTEST_SKIP() << "FATHOM_DUCKDB names no libduckdb.so: Parquet was not tried";
  }

  static void Run(const std::string& sql) {
    DuckDb database("");
    DuckDbQuery query(database, sql, "DuckDB");
    while (query.Next()) {
    }
  }
  fs::path Make(const std::string& name, const std::string& select,
                const std::string& options = "") const {
    fs::path file = scratch_.path() / name;
    Run("COPY (" + select + ") TO '" + file.string() + "' (FORMAT parquet" + options + ")");
    return file;
  }

  // All fields of all rows.
  static std::vector<Fields> Read(const fs::path& file, std::vector<ParquetColumn> columns) {
    const std::size_t fields = columns.size();
    ParquetBlocks blocks({file}, std::move(columns), "");
    std::vector<Fields> rows;
    for (TextBlock block; blocks.Next(&block);) {
      EXPECT_EQ(block.fields, fields);
      for (std::size_t at = 0; at + 1 < block.cuts.size(); ++at) {
        if (at % fields == 0) rows.emplace_back();
        const std::uint32_t begin = block.cuts[at] + 1;
        rows.back().push_back(block.text.substr(begin, block.cuts[at + 1] - begin));
      }
    }
    return rows;
  }

  static std::string Bytes(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  testing::ScratchDir scratch_;
};

// Two files, several blocks and row groups, nulls, texts that CSV must quote.
TEST_F(ParquetTest, PackedDataAreThoseOfTheCsvFiles) {
  const std::string header = "label,reader,book,x,genres,seen\n";
  for (int file = 0; file < 2; ++file) {
    std::string csv = header;
    for (std::uint64_t i = 0; i < (file == 0 ? 70000U : 3000U); ++i) {
      const auto draw = [&](std::uint64_t what, std::uint64_t of) {
        return Mix64(i * 16 + what, static_cast<std::uint64_t>(file)) % of;
      };
      csv += fmt::format("{},", draw(0, 3) == 0 ? 1 : 0);
      csv +=
          draw(1, 50) == 0 ? std::string("\"a, \"\"b\"\"\",") : fmt::format("u{},", draw(2, 5000));
      csv += fmt::format("{},", draw(3, 100000));
      csv += draw(4, 20) == 0 ? "," : fmt::format("{}.{},", draw(5, 1000), 1 + draw(6, 9));
      for (std::uint64_t g = 0; g < draw(7, 4); ++g)
        csv += fmt::format("{}g{}", g == 0 ? "" : "|", g);
      csv += fmt::format(",2026-11-{:02} 10:00:00\n", 1 + draw(8, 28));
    }
    const std::string name = "train" + std::to_string(file);
    scratch_.Write(name + ".csv", csv);
    Make(
        name + ".parquet",
        "SELECT label, reader, book, x, string_split(genres, '|') AS genres, seen FROM read_csv('" +
            (scratch_.path() / (name + ".csv")).string() +
            "', header = true, columns = {'label': 'TINYINT', 'reader': 'VARCHAR', 'book': "
            "'INTEGER', 'x': 'DOUBLE', 'genres': 'VARCHAR', 'seen': 'TIMESTAMP'})",
        file == 0 ? ", ROW_GROUP_SIZE 10000" : ", COMPRESSION zstd");
  }
  Config config;
  config.data.dir = scratch_.path();
  config.data.split_by = {"reader"};
  config.data.test_fraction = 0.1;
  config.columns = {
      {.name = "reader", .transform = TransformKind::kVocabulary},
      {.name = "book"},
      {.name = "x", .kind = ColumnKind::kNumeric, .transform = TransformKind::kStandardise},
      {.name = "genres", .kind = ColumnKind::kMultivalent},
      {.name = "seen", .transform = TransformKind::kWeekday}};
  std::string packed[2];
  for (const bool parquet : {false, true}) {
    config.data.format = parquet ? DataFormat::kParquet : DataFormat::kCsv;
    config.data.train = {parquet ? "train*.parquet" : "train*.csv"};
    const IngestResult result = Ingest(config, MakeModelSpec(config), scratch_.path() / "packed", 2,
                                       [](const IngestProgress&) {});
    if (!parquet) {
      EXPECT_GT(result.bytes_read, 2U << 20) << "several blocks";
    }
    EXPECT_EQ(result.bad_lines, 0U);
    packed[parquet ? 1 : 0] = Bytes(result.train) + Bytes(result.test) + Bytes(result.transforms);
  }
  EXPECT_EQ(packed[0], packed[1]);
}

TEST_F(ParquetTest, ValuesAsDuckDbWritesThem) {
  const fs::path file = Make(
      "values[1].parquet",
      "SELECT 7::UTINYINT AS a, (-9223372036854775808)::BIGINT AS b, 18446744073709551615::UBIGINT "
      "AS c, "
      "0.1::FLOAT AS d, 3::DOUBLE AS e, true AS f, NULL::INTEGER AS g, DATE '2026-11-28' AS h, "
      "1.50::DECIMAL(9, 2) AS i, 'two\nlines,\"' AS j, [3, NULL, 1] AS k, []::VARCHAR[] AS l");
  Fields expected = {"7",
                     "-9223372036854775808",
                     "18446744073709551615",
                     "0.1",
                     "3.0",
                     "true",
                     "",
                     "2026-11-28",
                     "1.50",
                     "two\nlines,\"",
                     "3|1",
                     ""};
  std::vector<ParquetColumn> columns;
  for (char c = 'a'; c <= 'l'; ++c) columns.push_back({std::string(1, c), '|'});
  EXPECT_EQ(Read(file, columns), std::vector<Fields>{expected});
}

TEST_F(ParquetTest, DoublesOfAllSizes) {
  const fs::path file =
      Make("doubles.parquet",
           "SELECT x, x::VARCHAR AS text FROM (SELECT (random() - 0.5) * pow(10, (random() * 80 - "
           "40)::INTEGER) AS x FROM range(20000) UNION ALL SELECT unnest([0, -0.0, 1e15, 1e16, "
           "123456789012345678, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, 1e300])::DOUBLE)");
  for (const Fields& row : Read(file, {{"x"}, {"text"}})) ASSERT_EQ(row[0], row[1]);
}

TEST_F(ParquetTest, AFileWithoutRowsIsOneOfMany) {
  Make("a.parquet", "SELECT 1 AS label, 'x' AS id WHERE false");
  Make("b.parquet", "SELECT i % 2 AS label, 'u' || i AS id FROM range(10) t(i)");
  Config config;
  config.data.dir = scratch_.path();
  config.data.format = DataFormat::kParquet;
  config.data.train = {"*.parquet"};
  config.columns = {{.name = "id"}};
  EXPECT_EQ(Ingest(config, MakeModelSpec(config), scratch_.path() / "packed", 1,
                   [](const IngestProgress&) {})
                .train_examples,
            10U);
}

TEST_F(ParquetTest, WhatCannotBeReadSaysWhy) {
  const fs::path file =
      Make("a.parquet",
           "SELECT 1 AS label, ['a', 'b|c'] AS tags, {'x': 1} AS pair, [[1]] AS deep, "
           "MAP {'k': 1} AS map");
  ExpectError(ExitCode::kData, {"a.parquet", "no column \"none\"", "label, tags, pair, deep, map"},
              [&] { Read(file, {{"none"}}); });
  ExpectError(ExitCode::kData, {"a.parquet:2", "\"b|c\" holds the separator \"|\""}, [&] {
    Read(file, {{"tags", '|'}});
  });
  ExpectError(ExitCode::kData, {"\"tags\" holds lists", "multivalent"},
              [&] { Read(file, {{"tags"}}); });
  EXPECT_EQ(Read(file, {{"tags", ';'}}), std::vector<Fields>{{"a;b|c"}});
  for (const char* nested : {"pair", "deep", "map"}) {
    ExpectError(ExitCode::kData, {nested, "is of type"}, [&] { Read(file, {{nested, '|'}}); });
  }
  ExpectError(ExitCode::kData, {"text.csv: cannot be read"},
              [&] { Read(scratch_.Write("text.csv", "label,tags\n1,a\n"), {{"label"}}); });
  ExpectError(ExitCode::kData, {"empty"}, [&] { Read(scratch_.Write("empty", ""), {{"label"}}); });
}

TEST_F(ParquetTest, AFileThatWasCutShort) {
  const std::string whole =
      Bytes(Make("a.parquet", "SELECT i AS label, 'u' || i AS id FROM range(2000) t(i)",
                 ", ROW_GROUP_SIZE 500"));
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t size = i < 20 ? whole.size() - 1 - i : Mix64(i) % whole.size();
    ExpectError(ExitCode::kData, {"cut.parquet"}, [&] {
      Read(scratch_.Write("cut.parquet", whole.substr(0, size)), {{"label"}, {"id"}});
    });
  }
}

// Without the library too.
TEST(Parquet, ALibraryThatIsNotThere) {
  ExpectError(ExitCode::kUsage,
              {"data.format = \"parquet\" needs DuckDB's library", "npm pack", "data.duckdb"},
              [] { DuckDb("/nowhere/libduckdb.so"); });
  ExpectError(ExitCode::kUsage, {"libc.so.6", "no function duckdb_create_config"},
              [] { DuckDb("libc.so.6"); });
}

TEST(Parquet, TypesThatAreRead) {
  for (const char* type : {"VARCHAR", "BOOLEAN", "DECIMAL(9,2)", "ENUM('a', 'b(')",
                           "TIMESTAMP WITH TIME ZONE", "UBIGINT", "FLOAT"})
    EXPECT_EQ(FormOf(type), ParquetForm::kText) << type;
  EXPECT_EQ(FormOf("USMALLINT"), ParquetForm::kInteger);
  EXPECT_EQ(FormOf("DOUBLE"), ParquetForm::kDouble);
  for (const char* type : {"VARCHAR[]", "DECIMAL(9,2)[]"})
    EXPECT_EQ(FormOf(type), ParquetForm::kList) << type;
  for (const char* type : {"STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "INTEGER[][]",
                           "STRUCT(a INTEGER)[]", "INTEGER[3]", "UNION(a INTEGER)"})
    EXPECT_EQ(FormOf(type), ParquetForm::kUnread) << type;
}

}  // namespace
}  // namespace fathom
