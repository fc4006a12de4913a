#include "launcher/serve/tensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "common/whole_number.h"
#include "launcher/http/number_text.h"
#include "launcher/http/request_error.h"

namespace fathom {
namespace {

using Kind = JsonDocument::Kind;
using Value = JsonDocument::Value;

constexpr std::array<std::string_view, 11> kDatatypes = {"BYTES",  "UINT8", "UINT16", "UINT32",
                                                         "UINT64", "INT8",  "INT16",  "INT32",
                                                         "INT64",  "FP32",  "FP64"};

std::size_t SizeOf(const Value& value, std::string_view name) {
  const auto size = WholeNumberOf(value);
  if (!size) FailRequest("input \"{}\": its shape is not made of whole numbers", name);
  return *size;
}

template <typename Number>
void ReadNumbers(std::string_view bytes, std::string_view name, std::size_t count, InputRows* rows,
                 std::vector<std::string_view>* elements) {
  if (bytes.size() != count * sizeof(Number))
    FailRequest("input \"{}\": its shape asks for {} bytes, and binary_data_size is {}", name,
                count * sizeof(Number), bytes.size());
  for (std::size_t i = 0; i < count; ++i) {
    Number number;
    std::memcpy(&number, bytes.data() + i * sizeof(Number), sizeof(Number));
    if constexpr (std::is_floating_point_v<Number>) {
      if (std::isnan(number)) {
        elements->push_back(rows->Missing());
        continue;
      }
      if (std::isinf(number)) FailRequest("input \"{}\": element {} is infinite", name, i);
      elements->push_back(rows->Keep(NumberText(number)));
    } else {
      elements->push_back(rows->Keep(fmt::format_int(number).str()));
    }
  }
}

void ReadTexts(std::string_view bytes, std::string_view name, std::size_t count,
               std::vector<std::string_view>* elements) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t size = 0;
    if (bytes.size() < sizeof(size))
      FailRequest("input \"{}\": its bytes end before element {} of {}", name, i, count);
    std::memcpy(&size, bytes.data(), sizeof(size));
    bytes.remove_prefix(sizeof(size));
    if (bytes.size() < size)
      FailRequest("input \"{}\": element {} says {} bytes, and {} are left", name, i, size,
                  bytes.size());
    elements->push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty())
    FailRequest("input \"{}\": {} bytes are left behind its last element", name, bytes.size());
}

// Calls use(0) with a zero of the datatype's own type where it is one of whole numbers. Returns
// whether it is.
template <typename Use>
bool ForInteger(std::string_view datatype, const Use& use) {
  if (datatype == "UINT8") return use(std::uint8_t{}), true;
  if (datatype == "UINT16") return use(std::uint16_t{}), true;
  if (datatype == "UINT32") return use(std::uint32_t{}), true;
  if (datatype == "UINT64") return use(std::uint64_t{}), true;
  if (datatype == "INT8") return use(std::int8_t{}), true;
  if (datatype == "INT16") return use(std::int16_t{}), true;
  if (datatype == "INT32") return use(std::int32_t{}), true;
  if (datatype == "INT64") return use(std::int64_t{}), true;
  return false;
}

// Whether the text is a value of the datatype. Ids come as numbers or as texts in all.
bool FitsDatatype(std::string_view text, std::string_view datatype) {
  bool fits = true;
  ForInteger(datatype, [&](auto zero) { fits = WholeNumber<decltype(zero)>(text).has_value(); });
  return fits;
}

void Flatten(const Value& data, std::string_view datatype, std::string_view name, InputRows* rows,
             std::vector<std::string_view>* elements) {
  data.ForEach([&](const Value& value) {
    if (value.Is(Kind::kArray)) return Flatten(value, datatype, name, rows, elements);
    if (value.Is(Kind::kNull)) return elements->push_back(rows->Missing());
    if (value.Is(Kind::kObject)) FailRequest("input \"{}\": an object is no value", name);
    std::string kept;
    const std::string_view text = ScalarText(value, &kept);
    if (!FitsDatatype(text, datatype))
      FailRequest("input \"{}\": element {} is {}, which is no {}", name, elements->size(), text,
                  datatype);
    elements->push_back(kept.empty() ? text : rows->Keep(std::move(kept)));
  });
}

}  // namespace

void CheckDatatype(std::string_view datatype, std::string_view name) {
  if (std::find(kDatatypes.begin(), kDatatypes.end(), datatype) != kDatatypes.end()) return;
  FailRequest(
      "input \"{}\": its datatype is \"{}\", and a column takes BYTES, FP32, FP64, INT8 to "
      "INT64 and UINT8 to UINT64",
      name, datatype);
}

TensorShape ShapeOf(const Value& input, std::string_view name, const ServeLimits& limits) {
  const auto given = input.Find("shape");
  if (!given || !given->Is(Kind::kArray) || given->size() < 1 || given->size() > 2)
    FailRequest("input \"{}\": its shape is not [rows] or [rows, values]", name);
  std::array<std::size_t, 2> sizes = {0, 1};
  std::size_t place = 0;
  given->ForEach([&](const Value& size) { sizes[place++] = SizeOf(size, name); });
  const TensorShape shape{.rows = sizes[0], .values = sizes[1]};
  if (shape.rows > limits.values || shape.values > limits.values ||
      shape.elements() > limits.values)
    FailRequest("input \"{}\": it has more than {} elements: send fewer rows at a time", name,
                limits.values);
  return shape;
}

void ReadJsonTensor(const Value& data, std::string_view datatype, std::string_view name,
                    TensorShape shape, InputRows* rows, std::vector<std::string_view>* elements) {
  if (!data.Is(Kind::kArray))
    FailRequest("input \"{}\": its data are {}, not an array", name, NameOf(data.kind()));
  elements->reserve(shape.elements());
  Flatten(data, datatype, name, rows, elements);
  if (elements->size() != shape.elements())
    FailRequest("input \"{}\": its shape asks for {} elements, and its data have {}", name,
                shape.elements(), elements->size());
}

void ReadBinaryTensor(std::string_view bytes, std::string_view datatype, std::string_view name,
                      TensorShape shape, InputRows* rows, std::vector<std::string_view>* elements) {
  const std::size_t count = shape.elements();
  elements->reserve(std::min(count, bytes.size()));
  if (datatype == "BYTES") return ReadTexts(bytes, name, count, elements);
  const bool whole = ForInteger(datatype, [&](auto zero) {
    ReadNumbers<decltype(zero)>(bytes, name, count, rows, elements);
  });
  if (whole) return;
  if (datatype == "FP32") return ReadNumbers<float>(bytes, name, count, rows, elements);
  ReadNumbers<double>(bytes, name, count, rows, elements);
}

void AddTensor(std::size_t slot, TensorShape shape, std::vector<std::string_view> elements,
               InputRows* rows) {
  if (shape.values == 1) return rows->AddColumn(slot, std::move(elements));
  const std::string_view missing = rows->Missing();
  std::vector<std::string_view> texts(shape.rows);
  std::vector<std::string_view> values;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    values.clear();
    for (std::size_t i = 0; i < shape.values; ++i) {
      const std::string_view value = elements[row * shape.values + i];
      if (!value.empty() && value.data() != missing.data()) values.push_back(value);
    }
    texts[row] = rows->Joined(slot, values);
  }
  rows->AddColumn(slot, std::move(texts));
}

}  // namespace fathom
