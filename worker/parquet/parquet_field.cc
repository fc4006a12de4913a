#include "worker/parquet/parquet_field.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace fathom {
namespace {

constexpr std::string_view kListOf = "[]";

// Those that fit into 64 bits with a sign.
constexpr std::array<std::string_view, 7> kIntegers = {
    "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"};

// 1: a field that holds it is quoted; 2: and it is doubled.
constexpr std::array<std::uint8_t, 256> kQuoted = [] {
  std::array<std::uint8_t, 256> quoted = {};
  for (const unsigned char c : {',', '\r', '\n'}) quoted[c] = 1;
  quoted['"'] = 2;
  return quoted;
}();

}  // namespace

ParquetForm FormOf(std::string_view type) {
  if (type.ends_with(kListOf)) {
    type.remove_suffix(kListOf.size());
    const ParquetForm element = FormOf(type);
    const bool flat = element != ParquetForm::kList && element != ParquetForm::kUnread;
    return flat ? ParquetForm::kList : ParquetForm::kUnread;
  }
  if (std::find(kIntegers.begin(), kIntegers.end(), type) != kIntegers.end())
    return ParquetForm::kInteger;
  if (type == "DOUBLE") return ParquetForm::kDouble;
  const bool nested = type.find('(') != std::string_view::npos && !type.starts_with("DECIMAL(") &&
                      !type.starts_with("ENUM(");
  // A list of fixed length ends with its length in brackets.
  return nested || type.ends_with(']') ? ParquetForm::kUnread : ParquetForm::kText;
}

std::string SelectAs(ParquetForm form, std::string_view type, const std::string& column) {
  const char* const as = form == ParquetForm::kInteger  ? "BIGINT"
                         : form == ParquetForm::kDouble ? "DOUBLE"
                         : form == ParquetForm::kList   ? "VARCHAR[]"
                                                        : "VARCHAR";
  return type == as ? column : fmt::format("CAST({} AS {})", column, as);
}

void AppendDouble(double number, std::string* text) {
  char digits[32];
  const char* const end = fmt::format_to(digits, FMT_COMPILE("{}"), number);
  const std::string_view written(digits, static_cast<std::size_t>(end - digits));
  *text += written;
  if (written.find_first_not_of("-0123456789") == std::string_view::npos) *text += ".0";
}

void AppendInteger(std::int64_t number, std::string* text) {
  char digits[24];
  text->append(digits, std::to_chars(digits, std::end(digits), number).ptr);
}

std::size_t CsvBytes(std::string_view text) {
  unsigned seen = 0;
  std::size_t doubled = 0;
  for (const char c : text) {
    const unsigned quoted = kQuoted[static_cast<unsigned char>(c)];
    seen |= quoted;
    doubled += quoted >> 1;
  }
  return text.size() + (seen != 0 ? 2 : 0) + doubled;
}

}  // namespace fathom
