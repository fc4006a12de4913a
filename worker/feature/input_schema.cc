#include "worker/feature/input_schema.h"

#include <algorithm>

#include "common/check.h"
#include "common/error.h"
#include "worker/feature/extraction.h"
#include "worker/feature/side_rows.h"

namespace fathom {

InputSchema::InputSchema(const Config& config, bool labelled,
                         const std::vector<std::string>* side_tables)
    : config_(config), labelled_(labelled), label_(config.data), filter_(config.data) {
  for (const ColumnConfig& column : config.columns) {
    if (!column.extract.empty()) Extraction(column.extract, column.name);
  }
  for (std::size_t j = 0; j < config.joins.size(); ++j) {
    if (side_tables == nullptr) {
      joins_.emplace_back(config.data, config.joins[j]);
    } else {
      joins_.emplace_back(config.joins[j], side_tables->at(j));
    }
  }
  for (const ColumnConfig& column : config.columns) Want(SourceOf(column));
  for (const std::string& column : config.data.split_by) Want(column);
  if (!config.evaluate.group_by.empty()) Want(config.evaluate.group_by);
  if (labelled) Want(label_.column());
  if (labelled && !config.data.weight.empty()) Want(config.data.weight);
  for (const std::string& column : filter_.Columns()) Want(column);
  for (const SideTable& table : joins_) Want(table.join().key);
  // A joined table's key comes from the line, or from a table joined before it.
  for (std::size_t j = 0; j < joins_.size(); ++j) {
    const Source& key = sources_[Slot(joins_[j].join().key)];
    if (key.join >= static_cast<int>(j)) {
      Fail(ExitCode::kUsage,
           "[[join]] of {}: its key \"{}\" comes from {}, which must be joined before it",
           joins_[j].join().file, joins_[j].join().key,
           joins_[static_cast<std::size_t>(key.join)].join().file);
    }
  }
}

void InputSchema::Want(const std::string& column) {
  for (const Source& source : sources_) {
    if (source.column == column) return;
  }
  Source source{.column = column};
  for (std::size_t j = 0; j < joins_.size(); ++j) {
    const auto& names = joins_[j].columns();
    const auto place = std::find(names.begin(), names.end(), column);
    // A key column is the line's: the joined table has it too.
    if (place == names.end() || column == joins_[j].join().key) continue;
    if (source.join >= 0) {
      Fail(ExitCode::kUsage,
           "the column \"{}\" is in two joined tables, {} and {}: rename it in one of them", column,
           joins_[static_cast<std::size_t>(source.join)].join().file, joins_[j].join().file);
    }
    source.join = static_cast<int>(j);
    source.position = static_cast<std::size_t>(place - names.begin());
  }
  if (source.join < 0) source.position = LinePosition(column);
  sources_.push_back(source);
}

std::size_t InputSchema::LinePosition(const std::string& column) {
  line_columns_.push_back(column);
  return line_columns_.size() - 1;
}

std::size_t InputSchema::Slot(const std::string& column) const {
  for (std::size_t slot = 0; slot < sources_.size(); ++slot) {
    if (sources_[slot].column == column) return slot;
  }
  FATHOM_CHECK(!"a column that the schema did not ask for");
  return 0;
}

bool InputSchema::AsksFor(std::size_t join, const std::string& column) const {
  if (column == LookedUpColumn(joins_[join].join())) return true;
  return std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
    return source.join == static_cast<int>(join) && source.column == column;
  });
}

std::vector<std::size_t> InputSchema::FilterSlots() const {
  std::vector<std::size_t> slots;
  for (const std::string& column : filter_.Columns()) slots.push_back(Slot(column));
  return slots;
}

void RecordReader::Only(const std::vector<std::size_t>& slots) {
  // A join's key may be any slot, of the line or of a table joined before.
  if (schema_.joins().empty()) format_->Only(slots);
}

namespace {

// Whether a file's lines have a column of that name themselves. Where a line names its columns
// itself, only those are certain that each has.
bool LinesHave(const DataConfig& data, const std::string& column, const std::string& file,
               std::string_view header) {
  constexpr std::string_view kOfEachLine[] = {"label", "tag", "features"};
  const bool certain =
      !Has(data.format, FormatTrait::kPairs) ||
      std::find(std::begin(kOfEachLine), std::end(kOfEachLine), column) != std::end(kOfEachLine);
  if (!certain) return false;
  try {
    MakeInputFormat(data, {column})->Resolve(file, header);
    return true;
  } catch (const Error&) {  // there is no such column
    return false;
  }
}

}  // namespace

void JoinLookup::Fill(std::vector<std::string_view>* values,
                      const std::vector<std::uint8_t>& given) {
  const auto& sources = schema_.sources();
  for (std::size_t j = 0; j < schema_.joins().size(); ++j) {
    const SideTable& table = schema_.joins()[j];
    const auto* row = table.Find(std::string((*values)[schema_.Slot(table.join().key)]));
    unmatched_ += row == nullptr ? 1 : 0;
    for (std::size_t slot = 0; row != nullptr && slot < sources.size(); ++slot) {
      const bool is_given = !given.empty() && given[slot] != 0;
      if (sources[slot].join == static_cast<int>(j) && !is_given)
        (*values)[slot] = (*row)[sources[slot].position];
    }
  }
}

FileColumns RecordReader::Resolve(const std::string& file, std::string_view header) {
  for (const InputSchema::Source& source : schema_.sources()) {
    if (source.join < 0 || !LinesHave(schema_.config().data, source.column, file, header)) continue;
    const std::string& table = schema_.joins()[static_cast<std::size_t>(source.join)].join().file;
    Fail(
        ExitCode::kData,
        "{}: the column \"{}\" is in its lines and in the joined table {} too: rename or remove it "
        "in one of them",
        file, source.column, table);
  }
  return format_->Resolve(file, header);
}

std::string RecordReader::Read(const Record& record, const FileColumns& columns) {
  // Without joins a slot is a column of the line.
  if (schema_.joins().empty()) return format_->Split(record, columns, &values_);
  std::string error = format_->Split(record, columns, &line_values_);
  if (!error.empty()) return error;
  const auto& sources = schema_.sources();
  values_.assign(sources.size(), {});
  for (std::size_t slot = 0; slot < sources.size(); ++slot) {
    if (sources[slot].join < 0) values_[slot] = line_values_[sources[slot].position];
  }
  joins_.Fill(&values_);
  return {};
}

}  // namespace fathom
