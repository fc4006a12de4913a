// The functions of libduckdb's C interface that Fathom calls, found when the program runs: Parquet
// is read by DuckDB where it is installed, and nobody else needs it.
#pragma once

#include <cstdint>
#include <string>

namespace fathom {

// As duckdb.h has it: its fields are DuckDB's own business.
struct DuckDbResult {
  std::uint64_t counts[3] = {};
  void* columns = nullptr;
  char* error = nullptr;
  void* internal = nullptr;
};

using DuckDbState = int;  // 0: success

// name, result, parameters. All handles are pointers.
#define FATHOM_DUCKDB_FUNCTIONS(F)                                             \
  F(create_config, DuckDbState, (void** config))                               \
  F(set_config, DuckDbState, (void* config, const char*, const char*))         \
  F(destroy_config, void, (void** config))                                     \
  F(open_ext, DuckDbState, (const char*, void** database, void*, char**))      \
  F(close, void, (void** database))                                            \
  F(connect, DuckDbState, (void* database, void** connection))                 \
  F(disconnect, void, (void** connection))                                     \
  F(prepare, DuckDbState, (void* connection, const char*, void** prepared))    \
  F(prepare_error, const char*, (void* prepared))                              \
  F(destroy_prepare, void, (void** prepared))                                  \
  F(pending_prepared_streaming, DuckDbState, (void* prepared, void** pending)) \
  F(pending_error, const char*, (void* pending))                               \
  F(execute_pending, DuckDbState, (void* pending, DuckDbResult*))              \
  F(destroy_pending, void, (void** pending))                                   \
  F(result_error, const char*, (DuckDbResult*))                                \
  F(destroy_result, void, (DuckDbResult*))                                     \
  F(fetch_chunk, void*, (DuckDbResult))                                        \
  F(destroy_data_chunk, void, (void** chunk))                                  \
  F(data_chunk_get_size, std::uint64_t, (void* chunk))                         \
  F(data_chunk_get_vector, void*, (void* chunk, std::uint64_t column))         \
  F(vector_get_data, void*, (void* vector))                                    \
  F(vector_get_validity, std::uint64_t*, (void* vector))                       \
  F(list_vector_get_child, void*, (void* vector))                              \
  F(free, void, (void*))

struct DuckDbLibrary {
#define FATHOM_DUCKDB_FUNCTION(name, result, parameters) result(*name) parameters = nullptr;
  FATHOM_DUCKDB_FUNCTIONS(FATHOM_DUCKDB_FUNCTION)
#undef FATHOM_DUCKDB_FUNCTION
};

// The library at `path`; where that is empty at $FATHOM_DUCKDB, else where the system's loader
// finds libduckdb.so. It stays loaded. Thread rule: any thread. Throws Error(kUsage) where it is
// not there.
const DuckDbLibrary& LoadDuckDb(const std::string& path);

}  // namespace fathom
