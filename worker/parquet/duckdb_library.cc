#include "worker/parquet/duckdb_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <type_traits>

#include "common/error.h"

namespace fathom {
namespace {

std::string NameOf(const std::string& path) {
  if (!path.empty()) return path;
  const char* const given = std::getenv("FATHOM_DUCKDB");
  return given != nullptr && *given != '\0' ? given : "libduckdb.so";
}

DuckDbLibrary Load(const std::string& name) {
  void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    Fail(ExitCode::kUsage,
         "data.format = \"parquet\" needs DuckDB's library libduckdb.so ({}): get it as "
         "`npm pack @duckdb/node-bindings-linux-x64` does or from duckdb.org, and name it by "
         "data.duckdb or FATHOM_DUCKDB",
         dlerror());
  }
  DuckDbLibrary functions;
  const auto find = [&](const char* function, auto* pointer) {
    void* const found = dlsym(library, function);
    if (found == nullptr) {
      Fail(ExitCode::kUsage, "{}: it has no function {}: is it DuckDB's library, 1.0 or newer?",
           name, function);
    }
    *pointer = reinterpret_cast<std::remove_pointer_t<decltype(pointer)>>(found);
  };
#define FATHOM_DUCKDB_FUNCTION(name, result, parameters) find("duckdb_" #name, &functions.name);
  FATHOM_DUCKDB_FUNCTIONS(FATHOM_DUCKDB_FUNCTION)
#undef FATHOM_DUCKDB_FUNCTION
  return functions;
}

}  // namespace

const DuckDbLibrary& LoadDuckDb(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, DuckDbLibrary> loaded;  // by name
  const std::lock_guard lock(mutex);
  const std::string name = NameOf(path);
  const auto known = loaded.find(name);
  return known != loaded.end() ? known->second : loaded.emplace(name, Load(name)).first->second;
}

}  // namespace fathom
