// Which columns the config asks for, and where each comes from: the line itself, or a joined table.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "worker/feature/label.h"
#include "worker/feature/line_filter.h"
#include "worker/feature/side_table.h"
#include "worker/format/input_format.h"

namespace fathom {

// Thread rule: immutable once made; each thread has a RecordReader of its own.
class InputSchema {
 public:
  // `labelled` false: the label column is not asked for. `side_tables`: the texts that a model
  // keeps of its joined tables, by join; null: they are read from data.dir.
  InputSchema(const Config& config, bool labelled,
              const std::vector<std::string>* side_tables = nullptr);

  const Config& config() const { return config_; }
  const LabelTest& label() const { return label_; }
  const LineFilter& filter() const { return filter_; }
  std::vector<std::size_t> FilterSlots() const;
  bool labelled() const { return labelled_; }

  // The slot of a column's text in a record's values. The column must be one that the config names.
  std::size_t Slot(const std::string& column) const;

  struct Source {
    std::string column;
    int join = -1;             // -1: the line itself
    std::size_t position = 0;  // among the line's wanted columns, or the joined table's columns
  };
  const std::vector<Source>& sources() const { return sources_; }  // by slot
  const std::vector<std::string>& line_columns() const { return line_columns_; }
  const std::deque<SideTable>& joins() const { return joins_; }

  // Whether it asks joined table `join` for this column, or looks rows up by it.
  bool AsksFor(std::size_t join, const std::string& column) const;

 private:
  void Want(const std::string& column);
  std::size_t LinePosition(const std::string& column);

  Config config_;
  bool labelled_;
  LabelTest label_;
  LineFilter filter_;
  std::deque<SideTable> joins_;
  std::vector<Source> sources_;
  std::vector<std::string> line_columns_;
};

// One thread's way from a line's own values to those of the joined tables.
class JoinLookup {
 public:
  explicit JoinLookup(const InputSchema& schema) : schema_(schema) {}

  // `values`: by slot. Those of the line are there; the others are looked up, but for the slots
  // that `given` marks (by slot; empty: none): these are there too. What no row has stays empty.
  void Fill(std::vector<std::string_view>* values, const std::vector<std::uint8_t>& given = {});

  // How many keys were looked up and not found.
  std::uint64_t unmatched() const { return unmatched_; }

 private:
  const InputSchema& schema_;
  std::uint64_t unmatched_ = 0;
};

// One thread's way from a record's text to the values of the schema's columns.
class RecordReader {
 public:
  explicit RecordReader(const InputSchema& schema)
      : schema_(schema),
        format_(MakeInputFormat(schema.config().data, schema.line_columns())),
        joins_(schema) {}

  const InputFormat& format() const { return *format_; }

  // As InputFormat::Resolve. Throws Error(kData) too where the file's lines have a column that a
  // joined table is asked for.
  FileColumns Resolve(const std::string& file, std::string_view first);

  // Returns an empty string or what is wrong. values()[slot] is valid until the next call.
  std::string Read(const Record& record, const FileColumns& columns);

  // Values of other slots than these are not asked for: where that saves work they stay empty.
  void Only(const std::vector<std::size_t>& slots);

  const std::vector<std::string_view>& values() const { return values_; }

  // How many keys were looked up in a joined table and not found.
  std::uint64_t unmatched() const { return joins_.unmatched(); }

 private:
  const InputSchema& schema_;
  std::unique_ptr<InputFormat> format_;
  JoinLookup joins_;
  std::vector<std::string_view> line_values_;
  std::vector<std::string_view> values_;
};

}  // namespace fathom
