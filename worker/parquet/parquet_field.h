// What a value of a Parquet file is asked for as, and how it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fathom {

// Integers and doubles are written here, in a fraction of DuckDB's time.
enum class ParquetForm { kText, kInteger, kDouble, kList, kUnread };

// How a column of this type of DuckDB's is read: kUnread are structures, maps, lists of lists.
ParquetForm FormOf(std::string_view type);

// The column, as a query asks for it. `column`: quoted.
std::string SelectAs(ParquetForm form, std::string_view type, const std::string& column);

// As DuckDB writes it in CSV: the shortest digits that give the same double, "3.0", "1e+20".
void AppendDouble(double number, std::string* text);
void AppendInteger(std::int64_t number, std::string* text);

// How many bytes a text takes in a CSV file: more than it has where it must be quoted.
std::size_t CsvBytes(std::string_view text);

}  // namespace fathom
