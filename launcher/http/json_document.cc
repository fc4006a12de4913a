#include "launcher/http/json_document.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/whole_number.h"
#include "launcher/http/number_text.h"
#include "launcher/http/request_error.h"

namespace fathom {

// Takes what nlohmann's parser reads. A method that returns false ends the reading.
class JsonReader {
 public:
  using Json = nlohmann::json;
  using Kind = JsonDocument::Kind;

  JsonReader(JsonDocument* document, std::size_t max_values)
      : document_(document), max_values_(max_values) {}

  bool null() { return Add(Kind::kNull, {}); }
  bool boolean(bool value) { return Add(value ? Kind::kTrue : Kind::kFalse, {}); }
  bool number_integer(Json::number_integer_t value) { return AddWhole(fmt::format_int(value)); }
  bool number_unsigned(Json::number_unsigned_t value) { return AddWhole(fmt::format_int(value)); }
  bool number_float(Json::number_float_t, const std::string& digits) {
    return Add(Kind::kNumber, digits, digits.find_first_of(".eE") == std::string::npos);
  }
  bool string(std::string& text) { return Add(Kind::kText, text); }
  bool binary(Json::binary_t&) { return false; }  // is not in a JSON text
  bool start_object(std::size_t) { return Open(Kind::kObject); }
  bool end_object() { return Close(); }
  bool start_array(std::size_t) { return Open(Kind::kArray); }
  bool end_array() { return Close(); }
  bool key(std::string& name) {
    if (document_->nodes_.size() >= max_values_) return TooMany();
    Push(Kind::kText, name, false);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_ = fmt::format(
        "the body is no JSON in UTF-8, or has a number beyond all numbers: it goes wrong at byte "
        "{}",
        position);
    return false;
  }

  const std::string& error() const { return error_; }

 private:
  bool TooMany() {
    error_ =
        fmt::format("the body holds more than {} values: send fewer rows at a time", max_values_);
    return false;
  }

  void Push(Kind kind, std::string_view text, bool whole) {
    JsonDocument::Node node{};
    node.text = document_->texts_.size();
    node.size = static_cast<std::uint32_t>(text.size());
    node.kind = static_cast<std::uint32_t>(kind);
    node.whole = whole ? 1 : 0;
    node.span = 1;
    document_->texts_.append(text);
    document_->nodes_.push_back(node);
  }

  bool Add(Kind kind, std::string_view text, bool whole = false) {
    if (document_->nodes_.size() >= max_values_) return TooMany();
    if (!open_.empty()) ++document_->nodes_[open_.back()].size;
    Push(kind, text, whole);
    return true;
  }

  bool AddWhole(const fmt::format_int& digits) {
    return Add(Kind::kNumber, {digits.data(), digits.size()}, true);
  }

  bool Open(Kind kind) {
    if (open_.size() >= JsonDocument::kMaxDepth) {
      error_ = fmt::format("the body is nested deeper than {} levels", JsonDocument::kMaxDepth);
      return false;
    }
    if (!Add(kind, {})) return false;
    open_.push_back(static_cast<std::uint32_t>(document_->nodes_.size() - 1));
    return true;
  }

  bool Close() {
    auto& node = document_->nodes_[open_.back()];
    const std::size_t span = document_->nodes_.size() - open_.back();
    node.span = static_cast<std::uint32_t>(span) & ((1U << 27) - 1);
    open_.pop_back();
    return true;
  }

  JsonDocument* document_;
  const std::size_t max_values_;
  std::vector<std::uint32_t> open_;
  std::string error_;
};

JsonDocument::JsonDocument(std::string_view text, std::size_t max_values) {
  constexpr std::size_t kMostValues = (std::size_t{1} << 27) - 1;  // that a span can count
  nodes_.reserve(std::min<std::size_t>(text.size() / 4 + 1, 4096));
  texts_.reserve(std::min<std::size_t>(text.size(), 1 << 20));
  texts_.push_back('\0');  // so that no text is null
  JsonReader reader(this, std::min(max_values, kMostValues));
  const bool whole = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  if (!whole) throw RequestError(400, reader.error());
}

std::optional<JsonDocument::Value> JsonDocument::Value::Find(std::string_view name) const {
  std::optional<Value> found;
  if (!Is(Kind::kObject)) return found;
  ForEachMember([&](std::string_view own, const Value& value) {
    if (own != name) return;
    if (found) FailRequest("\"{}\" is there twice", name);
    found = value;
  });
  return found;
}

const char* NameOf(JsonDocument::Kind kind) {
  switch (kind) {
    case JsonDocument::Kind::kNull:
      return "null";
    case JsonDocument::Kind::kFalse:
    case JsonDocument::Kind::kTrue:
      return "true or false";
    case JsonDocument::Kind::kNumber:
      return "a number";
    case JsonDocument::Kind::kText:
      return "a text";
    case JsonDocument::Kind::kArray:
      return "an array";
    case JsonDocument::Kind::kObject:
      return "an object";
  }
  return "";
}

std::string_view ScalarText(const JsonDocument::Value& value, std::string* kept) {
  if (value.Is(JsonDocument::Kind::kText)) return value.text();
  if (!value.Is(JsonDocument::Kind::kNumber))
    FailRequest("{} is no value of a column: give a text, a number or null", NameOf(value.kind()));
  if (value.IsWhole()) return value.text();
  double number = 0;
  const std::string_view digits = value.text();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range || end != digits.data() + digits.size())
    return digits;
  *kept = NumberText(number);
  return *kept;
}

std::optional<std::size_t> WholeNumberOf(const JsonDocument::Value& value) {
  if (!value.Is(JsonDocument::Kind::kNumber)) return std::nullopt;
  return WholeNumber<std::size_t>(value.text());
}

std::string JsonText(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace fathom
