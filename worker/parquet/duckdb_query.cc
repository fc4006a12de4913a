#include "worker/parquet/duckdb_query.h"

#include <algorithm>
#include <utility>

#include "common/error.h"

namespace fathom {

DuckDb::DuckDb(const std::string& library) : library_(LoadDuckDb(library)) {
  void* config = nullptr;
  char* error = nullptr;
  bool done = library_.create_config(&config) == 0;
  for (const auto& [key, value] : {std::pair("threads", "1"),
                                   {"autoinstall_known_extensions", "false"},
                                   {"autoload_known_extensions", "false"}})
    done = done && library_.set_config(config, key, value) == 0;
  done = done && library_.open_ext(":memory:", &database_, config, &error) == 0 &&
         library_.connect(database_, &connection_) == 0;
  library_.destroy_config(&config);
  if (done) return;
  const std::string why = error != nullptr ? error : "no reason given";
  library_.free(error);
  library_.close(&database_);
  Fail(ExitCode::kData, "DuckDB's library does not start: {}", why);
}

DuckDb::~DuckDb() {
  library_.disconnect(&connection_);
  library_.close(&database_);
}

DuckDbQuery::DuckDbQuery(DuckDb& database, const std::string& sql, std::string name,
                         std::string hidden)
    : library_(database.library_), name_(std::move(name)), hidden_(std::move(hidden)) {
  try {
    if (library_.prepare(database.connection_, sql.c_str(), &prepared_) != 0)
      FailWith(library_.prepare_error(prepared_));
    if (library_.pending_prepared_streaming(prepared_, &pending_) != 0)
      FailWith(library_.pending_error(pending_));
    if (library_.execute_pending(pending_, &result_) != 0)
      FailWith(library_.result_error(&result_));
  } catch (...) {
    Close();
    throw;
  }
}

DuckDbQuery::~DuckDbQuery() { Close(); }

void DuckDbQuery::Close() {
  if (chunk_ != nullptr) library_.destroy_data_chunk(&chunk_);
  if (result_.internal != nullptr) library_.destroy_result(&result_);
  if (pending_ != nullptr) library_.destroy_pending(&pending_);
  if (prepared_ != nullptr) library_.destroy_prepare(&prepared_);
}

bool DuckDbQuery::Next() {
  if (ended_) return false;
  do {
    if (chunk_ != nullptr) library_.destroy_data_chunk(&chunk_);
    chunk_ = library_.fetch_chunk(result_);
    if (chunk_ == nullptr) {
      const char* const error = library_.result_error(&result_);
      if (error != nullptr && *error != '\0') FailWith(error);
      ended_ = true;
      return false;
    }
    rows_ = library_.data_chunk_get_size(chunk_);
  } while (rows_ == 0);
  return true;
}

void* DuckDbQuery::VectorOf(std::size_t column) const {
  return library_.data_chunk_get_vector(chunk_, column);
}

DuckDbVector DuckDbQuery::Of(void* vector) const {
  return {library_.vector_get_data(vector), library_.vector_get_validity(vector)};
}

DuckDbVector DuckDbQuery::Column(std::size_t column) const { return Of(VectorOf(column)); }

DuckDbVector DuckDbQuery::ElementsOf(std::size_t column) const {
  return Of(library_.list_vector_get_child(VectorOf(column)));
}

// The first line of DuckDB's words: those below show the query.
void DuckDbQuery::FailWith(const char* why) const {
  std::string text = why != nullptr ? why : "no reason given";
  for (std::size_t at = 0; !hidden_.empty() && (at = text.find(hidden_, at)) != std::string::npos;)
    text.replace(at, hidden_.size(), name_), at += name_.size();
  text.erase(std::min(text.find('\n'), text.size()));
  const bool other_file = text.find("magic bytes") != std::string::npos ||
                          text.find("too small to be a Parquet file") != std::string::npos;
  Fail(ExitCode::kData, "{}: cannot be read: {}{}", name_, text,
       other_file ? ": name a whole Parquet file, or set data.format to what it is, as \"csv\""
                  : "");
}

}  // namespace fathom
