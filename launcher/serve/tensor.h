// A tensor of the Open Inference Protocol as the texts of its elements.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/http/json_document.h"
#include "launcher/serve/input_rows.h"

namespace fathom {

struct TensorShape {
  std::size_t rows = 0;
  std::size_t values = 1;  // a row
  std::size_t elements() const { return rows * values; }
};

// Of an input's "shape": [rows] or [rows, values]. Throws RequestError.
TensorShape ShapeOf(const JsonDocument::Value& input, std::string_view name,
                    const ServeLimits& limits);

// Its elements, row by row: from "data", flat or nested.
void ReadJsonTensor(const JsonDocument::Value& data, std::string_view datatype,
                    std::string_view name, TensorShape shape, InputRows* rows,
                    std::vector<std::string_view>* elements);

// From bytes behind the JSON, little endian; of BYTES each a length of 4 bytes and so many bytes.
// NaN is a missing value. Throws RequestError.
void ReadBinaryTensor(std::string_view bytes, std::string_view datatype, std::string_view name,
                      TensorShape shape, InputRows* rows, std::vector<std::string_view>* elements);

// Throws RequestError where the protocol has no such type, or it is none for a column.
void CheckDatatype(std::string_view datatype, std::string_view name);

// Gives the elements to the column: one a row, or the values of each row's list, where empty ones
// fill up.
void AddTensor(std::size_t slot, TensorShape shape, std::vector<std::string_view> elements,
               InputRows* rows);

}  // namespace fathom
