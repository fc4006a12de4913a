#include "worker/feature/extraction.h"

#include <re2/re2.h>

#include <algorithm>

#include "common/error.h"

namespace fathom {
namespace {

// RE2 names the part that it could not read; of a parenthesis without a partner the whole.
std::string DescribeFault(const RE2& expression, const std::string& text) {
  const std::size_t at = text.find(expression.error_arg());
  const std::size_t place = at == std::string::npos ? 0 : at;
  return fmt::format("{}, at character {}", expression.error(), place + 1);
}

}  // namespace

Extraction::Extraction(const std::string& expression, const std::string& column) {
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<RE2>(expression, options);
  if (!compiled->ok()) {
    Fail(ExitCode::kUsage,
         "[[column]] \"{}\": extract = \"{}\" is no regular expression of RE2: {}", column,
         expression, DescribeFault(*compiled, expression));
  }
  expression_ = std::move(compiled);
}

std::string_view Extraction::Of(std::string_view text) const {
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece found[2];
  const int group = std::min(expression_->NumberOfCapturingGroups(), 1);
  if (!expression_->Match(whole, 0, whole.size(), RE2::UNANCHORED, found, group + 1)) return {};
  return {found[group].data(), found[group].size()};
}

}  // namespace fathom
