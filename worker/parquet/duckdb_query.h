// Queries of a database in memory, whose rows come chunk by chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "worker/parquet/duckdb_library.h"

namespace fathom {

// Thread rule: one thread at a time.
class DuckDb {
 public:
  // One thread, and nothing that DuckDB would fetch from elsewhere. Throws Error(kUsage) where the
  // library is not there (duckdb_library.h), Error(kData) where it does not start.
  explicit DuckDb(const std::string& library);
  ~DuckDb();
  DuckDb(const DuckDb&) = delete;
  DuckDb& operator=(const DuckDb&) = delete;

 private:
  friend class DuckDbQuery;
  const DuckDbLibrary& library_;
  void* database_ = nullptr;
  void* connection_ = nullptr;
};

// A text of a chunk, as DuckDB keeps it: short ones within, longer ones elsewhere.
struct DuckDbText {
  std::uint32_t bytes;
  char begin[4];
  const char* elsewhere;
  std::string_view view() const {
    constexpr std::uint32_t kWithin = 12;
    return {bytes <= kWithin ? begin : elsewhere, bytes};
  }
};
static_assert(sizeof(DuckDbText) == 16);

// A list of a chunk: elements of the child's texts.
struct DuckDbList {
  std::uint64_t first;
  std::uint64_t count;
};

// One column of a chunk.
struct DuckDbVector {
  const void* data = nullptr;
  const std::uint64_t* valid = nullptr;  // a bit for each row; null: all are

  bool Has(std::uint64_t row) const {
    return valid == nullptr || (valid[row / 64] >> row % 64 & 1) != 0;
  }
  std::string_view Text(std::uint64_t row) const {
    return static_cast<const DuckDbText*>(data)[row].view();
  }
  std::int64_t Integer(std::uint64_t row) const {
    return static_cast<const std::int64_t*>(data)[row];
  }
  double Double(std::uint64_t row) const { return static_cast<const double*>(data)[row]; }
  DuckDbList List(std::uint64_t row) const { return static_cast<const DuckDbList*>(data)[row]; }
};

// Thread rule: as the database's.
class DuckDbQuery {
 public:
  // Throws Error(kData): `name` and DuckDB's words, in which `hidden` is replaced by `name`.
  DuckDbQuery(DuckDb& database, const std::string& sql, std::string name, std::string hidden = {});
  ~DuckDbQuery();
  DuckDbQuery(const DuckDbQuery&) = delete;
  DuckDbQuery& operator=(const DuckDbQuery&) = delete;

  // The next chunk; false after the last. What came of the chunk before is gone.
  bool Next();

  std::uint64_t rows() const { return rows_; }  // of this chunk
  DuckDbVector Column(std::size_t column) const;
  DuckDbVector ElementsOf(std::size_t column) const;  // of a column of lists

 private:
  [[noreturn]] void FailWith(const char* why) const;
  void* VectorOf(std::size_t column) const;
  DuckDbVector Of(void* vector) const;
  void Close();

  const DuckDbLibrary& library_;
  std::string name_;
  std::string hidden_;
  void* prepared_ = nullptr;
  void* pending_ = nullptr;
  DuckDbResult result_;
  void* chunk_ = nullptr;
  std::uint64_t rows_ = 0;
  bool ended_ = false;  // DuckDB must not be asked again
};

}  // namespace fathom
