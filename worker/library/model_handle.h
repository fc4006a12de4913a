// What the functions of the C library share: how a call fails, and what a model that is open holds.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/utf8.h"
#include "worker/library/fathom_predict.h"
#include "worker/predict/scorer.h"
#include "worker/predict/session_pool.h"

struct fathom_model {
  explicit fathom_model(std::unique_ptr<const fathom::Scorer> opened)
      : scorer(std::move(opened)), sessions(*scorer) {}

  std::unique_ptr<const fathom::Scorer> scorer;
  mutable fathom::SessionPool sessions;
};

namespace fathom::library {

// The text as a C string into the caller's buffer; where it is too long it ends with a whole
// character of UTF-8.
inline void Say(std::string_view text, char* to, std::size_t size) {
  if (to == nullptr || size == 0) return;
  const std::string_view kept = WholeCharacters(text, size - 1);
  std::memcpy(to, kept.data(), kept.size());
  to[kept.size()] = '\0';
}

// No exception leaves the library.
template <typename Call>
int Guarded(char* error, std::size_t error_size, const Call& call) {
  try {
    call();
    Say("", error, error_size);
    return FATHOM_OK;
  } catch (const Error& failure) {
    Say(failure.what(), error, error_size);
    return static_cast<int>(failure.code());
  } catch (const std::bad_alloc&) {
    Say("no memory left: score fewer rows in a call", error, error_size);
    return FATHOM_NO_MEMORY;
  } catch (const std::exception& failure) {
    Say(failure.what(), error, error_size);
    return FATHOM_INTERNAL;
  }
}

inline void Require(bool holds, const char* what) {
  if (!holds) Fail(ExitCode::kUsage, "{}", what);
}

inline void CheckFlags(unsigned flags, unsigned known) {
  Require((flags & ~known) == 0, "unknown flags");
}

inline std::string_view ViewOf(const fathom_text& text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// logits [rows] to what was asked for. Throws Error(kNumeric): one that is no finite number.
void Finish(unsigned flags, std::size_t rows, float* scores);

}  // namespace fathom::library
