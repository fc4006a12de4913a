#include "worker/format/placed_fields.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "common/error.h"
#include "common/utf8.h"
#include "worker/text/csv.h"

namespace fathom {
namespace {

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + Printable(name);
  return text;
}

std::string WrongFields(std::size_t fields, const FileColumns& columns) {
  return fmt::format("{} fields where {} are expected", fields, columns.fields);
}

}  // namespace

PlacedFields::PlacedFields(std::vector<std::string> wanted, bool trims)
    : wanted_(std::move(wanted)), needed_(wanted_.size()), trims_(trims) {
  std::iota(needed_.begin(), needed_.end(), std::size_t{0});
}

bool PlacedFields::Wants(std::string_view column) const {
  return std::find(wanted_.begin(), wanted_.end(), column) != wanted_.end();
}

FileColumns PlacedFields::Resolve(const std::string& file, const std::vector<std::string>& names,
                                  const std::vector<std::string_view>& first) const {
  FileColumns columns = Resolve(file, names);
  columns.has_header = std::equal(first.begin(), first.end(), names.begin(), names.end());
  return columns;
}

FileColumns PlacedFields::Resolve(const std::string& file,
                                  const std::vector<std::string>& names) const {
  FileColumns columns{.positions = {}, .fields = names.size()};
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!places.emplace(names[i], i).second)
      Fail(ExitCode::kData, "{}:1: the header names the column \"{}\" twice", file,
           Printable(names[i]));
  }
  for (const std::string& name : wanted_) {
    const auto place = places.find(name);
    if (place == places.end()) {
      Fail(ExitCode::kData,
           "{}: there is no column \"{}\"; the columns are {} (and those of the joined tables): "
           "mend the config's column, label, split_by or group_by, or the header (a file without "
           "one "
           "needs data.header = false and data.names)",
           file, name, Listed(names));
    }
    columns.positions.push_back(place->second);
  }
  return columns;
}

std::string PlacedFields::TakeCuts(const Record& record, const FileColumns& columns,
                                   std::vector<std::string_view>* values) const {
  values->resize(wanted_.size());
  const std::uint32_t* cuts = record.cuts.data();
  if (record.cuts.size() != columns.fields + 1) return WrongFields(record.cuts.size() - 1, columns);
  // The last field ends before the line end's \r, if there is one.
  const std::string_view line = WithoutLineEnd(record.text);
  const auto end = static_cast<std::uint32_t>(line.data() + line.size() - record.block);
  for (const std::size_t i : needed_) {
    const std::size_t field = columns.positions[i];
    const std::uint32_t begin = cuts[field] + 1;
    (*values)[i] = {record.block + begin, std::min(cuts[field + 1], end) - begin};
  }
  if (trims_) {
    for (const std::size_t i : needed_) (*values)[i] = TrimmedField((*values)[i]);
  }
  return {};
}

std::string PlacedFields::Take(const std::vector<std::string_view>& fields,
                               const FileColumns& columns,
                               std::vector<std::string_view>* values) const {
  values->resize(wanted_.size());
  if (fields.size() != columns.fields) return WrongFields(fields.size(), columns);
  for (const std::size_t i : needed_) (*values)[i] = fields[columns.positions[i]];
  return {};
}

}  // namespace fathom
