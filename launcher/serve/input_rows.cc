#include "launcher/serve/input_rows.h"

#include <algorithm>
#include <utility>

#include "launcher/http/request_error.h"

namespace fathom {

using Kind = JsonDocument::Kind;
using Value = JsonDocument::Value;

namespace {

// What read() throws names the row.
template <typename Read>
std::string_view InRow(std::size_t row, const Read& read) {
  try {
    return read();
  } catch (const RequestError& error) {
    FailRequest("row {}: {}", row, error.what());
  }
}

}  // namespace

void InputRows::AddColumn(std::size_t slot, std::vector<std::string_view> texts) {
  if (Has(slot)) FailRequest("the column \"{}\" is there twice", columns_.NameOf(slot));
  empty_[slot] = texts.empty();
  texts_[slot] = std::move(texts);
}

std::string_view InputRows::Joined(std::size_t slot, std::span<const std::string_view> values) {
  const std::string& name = columns_.NameOf(slot);
  const char separator = columns_.columns()[slot].separator;
  if (separator == 0)
    FailRequest("the column \"{}\" takes one value a row, and is given a list", name);
  std::string joined;
  for (const std::string_view value : values) {
    if (value.empty()) FailRequest("the column \"{}\": a list's value is an empty text", name);
    if (value.find(separator) != std::string_view::npos)
      FailRequest("the column \"{}\": the list's value \"{}\" holds the separator \"{}\"", name,
                  value, separator);
    if (!joined.empty()) joined += separator;
    joined += value;
  }
  return Keep(std::move(joined));
}

std::string_view InputRows::TextOf(std::size_t slot, const Value& value) {
  const auto scalar = [&](const Value& of) {
    if (!of.Is(Kind::kText) && !of.Is(Kind::kNumber))
      FailRequest("the column \"{}\": {} is no value: give a text or a number{}",
                  columns_.NameOf(slot), fathom::NameOf(of.kind()),
                  value.Is(Kind::kArray) ? "" : ", or null where it is missing");
    std::string kept;
    const std::string_view text = ScalarText(of, &kept);
    return kept.empty() ? text : Keep(std::move(kept));
  };
  if (value.Is(Kind::kNull)) return Missing();
  if (!value.Is(Kind::kArray)) return scalar(value);
  std::vector<std::string_view> values;
  values.reserve(value.size());
  value.ForEach([&](const Value& of) { values.push_back(scalar(of)); });
  return Joined(slot, values);
}

void InputRows::AddColumns(const Value& object) {
  if (!object.Is(Kind::kObject))
    FailRequest("columns are given as an object {{\"column\": [value, ...], ...}}, not as {}",
                fathom::NameOf(object.kind()));
  object.ForEachMember([&](std::string_view name, const Value& value) {
    const std::size_t slot = columns_.SlotOf(name);
    std::vector<std::string_view> texts;
    if (value.Is(Kind::kArray)) {
      texts.reserve(value.size());
      value.ForEach([&](const Value& of) {
        texts.push_back(InRow(texts.size(), [&] { return TextOf(slot, of); }));
      });
    } else {
      texts.push_back(TextOf(slot, value));
    }
    AddColumn(slot, std::move(texts));
  });
}

void InputRows::AddObjects(const Value& array) {
  if (!array.Is(Kind::kArray))
    FailRequest("rows are given as an array [{{\"column\": value, ...}}, ...], not as {}",
                fathom::NameOf(array.kind()));
  std::size_t row = 0;
  std::vector<std::vector<std::string_view>> columns(texts_.size());
  array.ForEach([&](const Value& object) {
    if (!object.Is(Kind::kObject))
      FailRequest("row {}: it is {}, not an object {{\"column\": value, ...}}", row,
                  fathom::NameOf(object.kind()));
    object.ForEachMember([&](std::string_view name, const Value& value) {
      const std::size_t slot = columns_.SlotOf(name);
      auto& texts = columns[slot];
      if (texts.empty()) texts.resize(array.size());
      if (texts[row].data() != nullptr)
        FailRequest("row {}: the column \"{}\" is there twice", row, name);
      texts[row] = InRow(row, [&] { return TextOf(slot, value); });
    });
    ++row;
  });
  for (std::size_t slot = 0; slot < columns.size(); ++slot) {
    if (!columns[slot].empty()) AddColumn(slot, std::move(columns[slot]));
  }
  rows_ = array.size();
  none_ = rows_ == 0;
}

void InputRows::CheckRequired(std::size_t slot) const {
  const auto& texts = texts_[slot];
  if (!columns_.columns()[slot].input->required) return;
  const auto gap = std::find_if(texts.begin(), texts.end(),
                                [](std::string_view text) { return text.data() == nullptr; });
  if (gap != texts.end())
    FailRequest("row {}: the column \"{}\" is not there; null says that its value is unknown",
                gap - texts.begin(), columns_.NameOf(slot));
}

void InputRows::Finish(const std::function<bool(std::size_t slot)>& elsewhere) {
  if (none_) return;
  constexpr std::size_t kAny = static_cast<std::size_t>(-1);
  std::size_t rows = rows_ > 0 ? rows_ : kAny;
  const std::string* from = nullptr;
  for (std::size_t slot = 0; slot < texts_.size(); ++slot) {
    const std::string& name = columns_.NameOf(slot);
    if (!Has(slot)) {
      const bool needed = columns_.columns()[slot].input->required;
      if (needed && !(elsewhere && elsewhere(slot)))
        FailRequest("the column \"{}\" is not there; null says that its value is unknown", name);
      continue;
    }
    CheckRequired(slot);
    const std::size_t own = texts_[slot].size();
    if (own == 1 || own == rows) continue;
    if (rows != kAny)
      FailRequest("the column \"{}\" has {} rows, and \"{}\" has {}", name, own,
                  from != nullptr ? *from : name, rows);
    rows = own;
    from = &name;
  }
  rows_ = rows == kAny ? 1 : rows;
  if (rows_ > limits_.rows)
    FailRequest(
        "{} rows are more than {}: send fewer at a time, or start the server with a larger "
        "--max-rows",
        rows_, limits_.rows);
}

}  // namespace fathom
