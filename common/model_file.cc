#include "common/model_file.h"

#include <cstring>

#include "common/check.h"
#include "common/checked_file.h"
#include "common/durable_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRowsMagic = 0x53574F5248544146;  // "FATHROWS"
constexpr std::uint32_t kVersion = 1;

// rows-NN.bin: this, then a u64 count and the rows for each table.
struct RowsHeader {
  std::uint64_t magic = kRowsMagic;
  std::uint32_t version = kVersion;
  std::uint32_t partition = 0;
  std::uint64_t tables = 0;
};
static_assert(sizeof(RowsHeader) == 24);

std::string PartitionFile(int partition) { return fmt::format("rows-{:02d}.bin", partition); }

// Checks one table's rows: that they fit, ascend and belong to the partition.
std::span<const std::byte> CheckRows(CheckedReader& reader, const fs::path& file,
                                     const TableSpec& table, std::uint64_t rows, int partition) {
  const std::size_t row_bytes = static_cast<std::size_t>(table.row_bytes());
  if (rows > reader.left() / row_bytes)
    FailDamaged(file,
                fmt::format("table {} claims {} rows, more than the file holds", table.name, rows));
  const auto bytes = reader.Take(rows * row_bytes, "rows");
  Key last = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    Key key;
    std::memcpy(&key, bytes.data() + r * row_bytes, sizeof(key));
    if (r > 0 && key <= last)
      FailDamaged(
          file, fmt::format("table {}: row {} (key {:016x}) is out of order", table.name, r, key));
    if (PartitionOf(key) != partition)
      FailDamaged(file, fmt::format("table {}: row {} (key {:016x}) belongs to partition {}",
                                    table.name, r, key, PartitionOf(key)));
    last = key;
  }
  return bytes;
}

}  // namespace

std::uint64_t Manifest::Rows(std::size_t table) const {
  std::uint64_t rows = 0;
  for (const ModelFileEntry& file : files) rows += table < file.rows.size() ? file.rows[table] : 0;
  return rows;
}

struct PartitionWriter::State {
  State(const fs::path& dir, int partition, const std::vector<TableSpec>& specs)
      : tables(specs), name(PartitionFile(partition)), partition(partition), file(dir / name) {}

  const std::vector<TableSpec>& tables;
  std::string name;
  int partition;
  DurableFile file;
  std::vector<std::uint64_t> rows;  // of the tables begun
  std::uint64_t left = 0;           // rows that the table at hand still expects
  Key last = 0;
};

PartitionWriter::PartitionWriter(const fs::path& dir, int partition,
                                 const std::vector<TableSpec>& tables)
    : state_(std::make_unique<State>(dir, partition, tables)) {
  state_->file.Write(BytesOf(
      RowsHeader{.partition = static_cast<std::uint32_t>(partition), .tables = tables.size()}));
}

PartitionWriter::~PartitionWriter() = default;

void PartitionWriter::BeginTable(std::size_t table, std::uint64_t rows) {
  FATHOM_CHECK_EQ(table, state_->rows.size());
  FATHOM_CHECK_EQ(state_->left, 0U);
  state_->rows.push_back(rows);
  state_->left = rows;
  state_->file.Write(BytesOf(rows));
}

void PartitionWriter::AddRow(Key key, std::span<const float> state) {
  State& s = *state_;
  FATHOM_CHECK(s.left > 0);
  FATHOM_CHECK(s.left == s.rows.back() || key > s.last);
  FATHOM_CHECK_EQ(PartitionOf(key), s.partition);
  FATHOM_CHECK_EQ(static_cast<int>(state.size()), s.tables[s.rows.size() - 1].state_floats());
  s.file.Write(BytesOf(key));
  s.file.Write(std::as_bytes(state));
  s.last = key;
  --s.left;
}

ModelFileEntry PartitionWriter::Finish() {
  State& s = *state_;
  FATHOM_CHECK_EQ(s.rows.size(), s.tables.size());
  FATHOM_CHECK_EQ(s.left, 0U);
  s.file.Finish();
  return {.name = s.name, .bytes = s.file.bytes(), .checksum = s.file.checksum(), .rows = s.rows};
}

void ReadPartition(const fs::path& dir, const Manifest& manifest, int partition,
                   const RowVisitor& row) {
  const std::string name = PartitionFile(partition);
  const Buffer bytes = ReadChecked(dir, manifest, name);
  const fs::path file = dir / name;
  CheckedReader reader(file, bytes.bytes());
  const auto header = reader.Get<RowsHeader>("the header");
  if (header.magic != kRowsMagic) FailDamaged(file, "no file of rows (magic)");
  if (header.version != kVersion)
    FailDamaged(file, fmt::format("written by version {} of the format, this program reads {}",
                                  header.version, kVersion));
  if (header.partition != static_cast<std::uint32_t>(partition))
    FailDamaged(file, fmt::format("it holds partition {}", header.partition));
  if (header.tables != manifest.tables.size())
    FailDamaged(file, fmt::format("{} tables, the manifest says {}", header.tables,
                                  manifest.tables.size()));
  std::vector<std::span<const std::byte>> rows_of;
  std::vector<std::uint64_t> counts;
  for (const TableSpec& table : manifest.tables) {
    counts.push_back(reader.Get<std::uint64_t>("a table's count"));
    rows_of.push_back(CheckRows(reader, file, table, counts.back(), partition));
  }
  reader.Finish();
  if (counts != EntryOf(manifest, dir, name).rows)
    FailDamaged(file, "its numbers of rows are not those of the manifest");
  std::vector<float> state;
  for (std::size_t t = 0; t < manifest.tables.size(); ++t) {
    const auto row_bytes = static_cast<std::size_t>(manifest.tables[t].row_bytes());
    state.resize(static_cast<std::size_t>(manifest.tables[t].state_floats()));
    for (std::size_t at = 0; at < rows_of[t].size(); at += row_bytes) {
      Key key;
      std::memcpy(&key, rows_of[t].data() + at, sizeof(key));
      std::memcpy(state.data(), rows_of[t].data() + at + sizeof(key), state.size() * sizeof(float));
      row(t, key, state);
    }
  }
}

ModelFileEntry WriteTextFile(const fs::path& dir, const std::string& name,
                             const std::string& text) {
  DurableFile file(dir / name);
  file.Write(std::as_bytes(std::span(text.data(), text.size())));
  file.Finish();
  return {.name = name, .bytes = file.bytes(), .checksum = file.checksum(), .rows = {}};
}

std::string ReadTextFile(const fs::path& dir, const Manifest& manifest, const std::string& name) {
  const Buffer bytes = ReadChecked(dir, manifest, name);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace fathom
