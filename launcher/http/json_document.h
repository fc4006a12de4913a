// A JSON text in memory, flat: its values in the order in which they stand, 16 bytes each, and
// their texts one after another. Numbers keep the digits that were sent, so that an id may have any
// number of them.
//
// Thread rule: immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

class JsonDocument {
 public:
  enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kNumber, kText, kArray, kObject };

  static constexpr int kMaxDepth = 32;

  // Throws RequestError: no JSON (RFC 8259, UTF-8), deeper than kMaxDepth, more values than
  // max_values (names of members count as values).
  JsonDocument(std::string_view text, std::size_t max_values);

  class Value;
  Value root() const;

 private:
  friend class JsonReader;

  struct Node {
    std::uint64_t text = 0;  // where it begins in texts_
    std::uint32_t size = 0;  // bytes of the text; values of an array, members of an object
    std::uint32_t kind : 4;
    std::uint32_t whole : 1;  // a number that is written as a whole one
    std::uint32_t span : 27;  // values that it takes, itself counted
  };

  std::vector<Node> nodes_;
  std::string texts_;
};

// A view. It is valid as long as the document is.
class JsonDocument::Value {
 public:
  Value(const JsonDocument* document, std::uint32_t at) : document_(document), at_(at) {}

  Kind kind() const { return static_cast<Kind>(node().kind); }
  bool Is(Kind kind) const { return this->kind() == kind; }
  bool IsScalar() const { return kind() < Kind::kArray; }

  // Values of an array, members of an object.
  std::size_t size() const { return node().size; }

  // Of a text its bytes; of a number its digits as they were sent. Never null.
  std::string_view text() const { return {document_->texts_.data() + node().text, node().size}; }

  // Of a number: without fraction and exponent.
  bool IsWhole() const { return node().whole != 0; }

  // call(value) for each value of an array.
  template <typename Call>
  void ForEach(const Call& call) const {
    std::uint32_t at = at_ + 1;
    for (std::size_t i = 0; i < size(); ++i) {
      const Value value(document_, at);
      at += value.node().span;
      call(value);
    }
  }

  // call(name, value) for each member of an object.
  template <typename Call>
  void ForEachMember(const Call& call) const {
    std::uint32_t at = at_ + 1;
    for (std::size_t i = 0; i < size(); ++i) {
      const Value name(document_, at), value(document_, at + 1);
      at += 1 + value.node().span;
      call(name.text(), value);
    }
  }

  // The member of that name; nothing if there is none, or this is no object. Throws RequestError
  // where it is there twice.
  std::optional<Value> Find(std::string_view name) const;

 private:
  const Node& node() const { return document_->nodes_[at_]; }

  const JsonDocument* document_;
  std::uint32_t at_;
};

inline JsonDocument::Value JsonDocument::root() const { return {this, 0}; }

// "a text", "an array", ... for messages.
const char* NameOf(JsonDocument::Kind kind);

// The text that a scalar stands for: of a number its shortest form, a whole one without fraction
// and exponent (RFC 8259 has 58, 58.0 and 5.8e1 alike). `kept` owns what is not in the document.
// Throws RequestError where it is true or false.
std::string_view ScalarText(const JsonDocument::Value& value, std::string* kept);

// The whole number from 0 that it is; nothing where it is anything else.
std::optional<std::size_t> WholeNumberOf(const JsonDocument::Value& value);

// "..." with escapes; bytes that are no UTF-8 become U+FFFD.
std::string JsonText(std::string_view text);

}  // namespace fathom
