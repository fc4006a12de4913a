#include "common/model/partition_file.h"

#include <cstring>
#include <utility>

#include "common/check.h"
#include "common/file/durable_file.h"
#include "common/model/admission_file.h"
#include "common/model/checked_file.h"
#include "common/model/manifest.h"
#include "common/model/row_merge.h"
#include "common/model/row_state.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRowsMagic = 0x53574F5248544146;  // "FATHROWS"
constexpr std::uint32_t kPartitionVersion = 1;

// rows-NN.bin: this, then a u64 count and the rows for each table.
struct RowsHeader {
  std::uint64_t magic = kRowsMagic;
  std::uint32_t version = kPartitionVersion;
  std::uint32_t partition = 0;
  std::uint64_t tables = 0;
};
static_assert(sizeof(RowsHeader) == 24);

// The prefix of the names of a partition's files.
std::string PartitionPrefix(int partition) { return fmt::format("rows-{:02d}.", partition); }

// One checked file of a partition.
struct PartitionPart {
  Buffer bytes;
  std::vector<std::span<const std::byte>> rows;  // by table
};

std::span<const std::byte> TakeRows(CheckedReader& reader, const fs::path& file,
                                    const TableSpec& table) {
  const auto rows = reader.Get<std::uint64_t>("a table's count");
  const auto row_bytes = static_cast<std::size_t>(table.row_bytes());
  if (rows > reader.left() / row_bytes)
    FailDamaged(file,
                fmt::format("table {} claims {} rows, more than the file holds", table.name, rows));
  return reader.Take(rows * row_bytes, "rows");
}

// Checks one table's rows: that they ascend and belong to the partition.
void CheckRows(std::span<const std::byte> bytes, const fs::path& file, const TableSpec& table,
               Partitions cut, int partition, const Alive& alive) {
  const auto row_bytes = static_cast<std::size_t>(table.row_bytes());
  const std::uint64_t rows = bytes.size() / row_bytes;
  Key last = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    if (r % kRowsBetweenSigns == 0) alive();
    Key key;
    std::memcpy(&key, bytes.data() + r * row_bytes, sizeof(key));
    if (r > 0 && key <= last)
      FailDamaged(
          file, fmt::format("table {}: row {} (key {:016x}) is out of order", table.name, r, key));
    if (cut.Of(key) != partition)
      FailDamaged(file, fmt::format("table {}: row {} (key {:016x}) belongs to partition {}",
                                    table.name, r, key, cut.Of(key)));
    last = key;
  }
}

PartitionPart ReadPart(const fs::path& dir, const Manifest& manifest, const ModelFileEntry& entry,
                       int partition, const Alive& alive) {
  PartitionPart part{.bytes = ReadChecked(dir, entry, alive), .rows = {}};
  const fs::path file = dir / entry.name;
  part.rows =
      TakePartitionApart(file, std::as_const(part.bytes).bytes(), manifest, entry, partition)
          .tables;
  for (std::size_t t = 0; t < manifest.tables.size(); ++t)
    CheckRows(part.rows[t], file, manifest.tables[t], manifest.partitions, partition, alive);
  return part;
}

// Calls row(key, state) for each key of the table in ascending order, as the last part that has it
// says; state: [row_bytes - 8].
template <typename Row>
void Merge(const std::vector<PartitionPart>& parts, std::size_t table, std::size_t row_bytes,
           const Row& row, const Alive& alive) {
  std::vector<std::span<const std::byte>> files;
  for (const PartitionPart& part : parts) files.push_back(part.rows[table]);
  alive();
  std::uint64_t rows = 0;
  MergeRows(files, row_bytes, [&](Key key, const std::byte* bytes) {
    row(key, std::span(bytes, row_bytes).subspan(sizeof(Key)));
    if (++rows % kRowsBetweenSigns == 0) alive();
  });
}

// The parts must have as many distinct rows as the manifest says.
void CheckRowCounts(const fs::path& dir, const Manifest& manifest, int partition,
                    const std::vector<const ModelFileEntry*>& files,
                    const std::vector<PartitionPart>& parts, const Alive& alive) {
  for (std::size_t t = 0; t < manifest.tables.size(); ++t) {
    std::uint64_t expected = 0, found = 0;
    for (const ModelFileEntry* file : files) {
      const auto& added = file->added.empty() ? file->rows : file->added;
      expected += added.at(t);
    }
    Merge(
        parts, t, static_cast<std::size_t>(manifest.tables[t].row_bytes()),
        [&](Key, std::span<const std::byte>) { ++found; }, alive);
    if (found != expected)
      FailDamaged(dir / PartitionFile(partition),
                  fmt::format("table {}: it and the files of later changes have {} rows, the "
                              "manifest says {}",
                              manifest.tables[t].name, found, expected));
  }
}

}  // namespace

std::string PartitionFile(int partition) { return PartitionPrefix(partition) + "bin"; }

std::string PartitionFile(int partition, std::uint64_t step) {
  return fmt::format("{}{}.bin", PartitionPrefix(partition), step);
}

std::optional<int> PartitionOfFile(std::string_view name) {
  const std::size_t begin = name.find('-') + 1, end = name.find('.');
  if (begin == 0 || end == std::string_view::npos || end < begin) return std::nullopt;
  const auto partition = WholeNumber<int>(name.substr(begin, end - begin));
  const bool is_one = partition && (name.starts_with(PartitionPrefix(*partition)) ||
                                    name == AdmissionFile(*partition));
  return is_one ? partition : std::nullopt;
}

PartitionRows TakePartitionApart(const fs::path& file, std::span<const std::byte> bytes,
                                 const Manifest& manifest, const ModelFileEntry& entry,
                                 int partition) {
  CheckedReader reader(file, bytes);
  const auto header = reader.Get<RowsHeader>("the header");
  if (header.magic != kRowsMagic) FailDamaged(file, "no file of rows (magic)");
  if (header.version != kPartitionVersion)
    FailDamaged(file, fmt::format("written by version {} of the format, this program reads {}",
                                  header.version, kPartitionVersion));
  if (header.partition != static_cast<std::uint32_t>(partition))
    FailDamaged(file, fmt::format("it holds partition {}", header.partition));
  if (header.tables != manifest.tables.size())
    FailDamaged(file, fmt::format("{} tables, the manifest says {}", header.tables,
                                  manifest.tables.size()));
  PartitionRows rows;
  for (std::size_t t = 0; t < manifest.tables.size(); ++t) {
    const TableSpec& table = manifest.tables[t];
    rows.tables.push_back(TakeRows(reader, file, table));
    const std::uint64_t count =
        rows.tables.back().size() / static_cast<std::size_t>(table.row_bytes());
    if (entry.rows.size() != manifest.tables.size() || count != entry.rows[t])
      FailDamaged(file, "its numbers of rows are not those of the manifest");
  }
  reader.Finish();
  return rows;
}

std::vector<const ModelFileEntry*> FilesOfPartition(const Manifest& manifest, int partition) {
  const std::string prefix = PartitionPrefix(partition);
  std::vector<const ModelFileEntry*> files;
  for (const ModelFileEntry& file : manifest.files) {
    if (file.name.starts_with(prefix)) files.push_back(&file);
  }
  return files;
}

struct PartitionWriter::State {
  State(const ModelOutput& out, const std::string& file_name, Partitions cut, int partition,
        const std::vector<TableSpec>& specs)
      : tables(specs),
        name(file_name),
        cut(cut),
        partition(partition),
        file(out.Create(file_name)) {}

  const std::vector<TableSpec>& tables;
  std::string name;
  Partitions cut;
  int partition;
  DurableFile file;
  std::vector<std::uint64_t> rows;  // of the tables begun
  std::uint64_t left = 0;           // rows that the table at hand still expects
  Key last = 0;
};

PartitionWriter::PartitionWriter(const ModelOutput& out, const std::string& name, Partitions cut,
                                 int partition, const std::vector<TableSpec>& tables)
    : state_(std::make_unique<State>(out, name, cut, partition, tables)) {
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
  FATHOM_CHECK_EQ(s.cut.Of(key), s.partition);
  FATHOM_CHECK_EQ(static_cast<int>(state.size()), s.tables[s.rows.size() - 1].state_floats());
  if (!AllFinite(s.tables[s.rows.size() - 1], state)) {
    Fail(ExitCode::kNumeric,
         "table {}, key {:016x}: a number of this row is infinite or none, and is not saved: lower "
         "the learning rates and l2 of [deep] and [wide]",
         s.tables[s.rows.size() - 1].name, key);
  }
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
  return {.name = s.name,
          .bytes = s.file.bytes(),
          .checksum = s.file.checksum(),
          .blocks = s.file.blocks(),
          .rows = s.rows};
}

void ReadPartition(const fs::path& dir, const Manifest& manifest, int partition,
                   const RowVisitor& row, const Alive& alive) {
  const auto files = FilesOfPartition(manifest, partition);
  if (files.empty())
    FailDamaged(dir / "manifest.json", "it names no file " + PartitionFile(partition));
  std::vector<PartitionPart> parts;
  for (const ModelFileEntry* file : files)
    parts.push_back(ReadPart(dir, manifest, *file, partition, alive));
  CheckRowCounts(dir, manifest, partition, files, parts, alive);
  std::vector<float> state;
  for (std::size_t t = 0; t < manifest.tables.size(); ++t) {
    state.resize(static_cast<std::size_t>(manifest.tables[t].state_floats()));
    Merge(
        parts, t, static_cast<std::size_t>(manifest.tables[t].row_bytes()),
        [&](Key key, std::span<const std::byte> bytes) {
          std::memcpy(state.data(), bytes.data(), bytes.size());
          row(t, key, state);
        },
        alive);
  }
}

}  // namespace fathom
