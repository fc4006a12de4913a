#include "common/model_file.h"

#include <cstring>

#include "common/check.h"
#include "common/durable_file.h"
#include "common/error.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRowsMagic = 0x53574F5248544146;   // "FATHROWS"
constexpr std::uint64_t kDenseMagic = 0x534E454448544146;  // "FATHDENS"
constexpr std::uint32_t kVersion = 1;
constexpr const char* kDenseFile = "dense.bin";
constexpr const char* kRemedy = "restore the folder from a copy, or train again";

// rows-NN.bin: this, then a u64 count and the rows for each table.
struct RowsHeader {
  std::uint64_t magic = kRowsMagic;
  std::uint32_t version = kVersion;
  std::uint32_t partition = 0;
  std::uint64_t tables = 0;
};
static_assert(sizeof(RowsHeader) == 24);

// dense.bin: this, then values f32[floats] and accumulators f32[floats].
struct DenseHeader {
  std::uint64_t magic = kDenseMagic;
  std::uint32_t version = kVersion;
  std::uint32_t reserved = 0;
  std::uint64_t floats = 0;
};
static_assert(sizeof(DenseHeader) == 24);

std::string PartitionFile(int partition) { return fmt::format("rows-{:02d}.bin", partition); }

template <typename T>
std::span<const std::byte> BytesOf(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

[[noreturn]] void Damaged(const fs::path& file, const std::string& what) {
  Fail(ExitCode::kModel, "{}: {}: {}", file.string(), what, kRemedy);
}

const ModelFileEntry& EntryOf(const Manifest& manifest, const fs::path& dir, const std::string& name) {
  for (const ModelFileEntry& entry : manifest.files) {
    if (entry.name == name) return entry;
  }
  Damaged(dir / "manifest.json", "it names no file " + name);
}

// Reads a whole file and checks its length and checksum against the manifest.
Buffer ReadChecked(const fs::path& dir, const Manifest& manifest, const std::string& name) {
  const ModelFileEntry& entry = EntryOf(manifest, dir, name);
  Buffer bytes = ReadFile(dir / name, kRemedy);
  if (bytes.size() != entry.bytes) Damaged(dir / name, fmt::format("{} bytes, the manifest says {}", bytes.size(), entry.bytes));
  if (Xxh3(bytes.bytes()) != entry.checksum) Damaged(dir / name, "the file was altered (checksum)");
  return bytes;
}

class ByteReader {
 public:
  ByteReader(const fs::path& file, std::span<const std::byte> bytes) : file_(file), bytes_(bytes) {}

  template <typename T>
  T Get(const char* what) {
    T value;
    std::memcpy(&value, Take(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  std::span<const std::byte> Take(std::uint64_t bytes, const char* what) {
    if (bytes > left()) Damaged(file_, fmt::format("it ends within {} at byte {}", what, at_));
    const auto taken = bytes_.subspan(at_, bytes);
    at_ += bytes;
    return taken;
  }
  std::uint64_t left() const { return bytes_.size() - at_; }
  void Finish() const {
    if (left() > 0) Damaged(file_, fmt::format("{} bytes too many at its end", left()));
  }

 private:
  fs::path file_;
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
};

std::uint64_t DenseFileBytes(std::uint64_t floats) { return sizeof(DenseHeader) + 2 * floats * sizeof(float); }

// Checks one table's rows: that they fit, ascend and belong to the partition.
std::span<const std::byte> CheckRows(ByteReader& reader, const fs::path& file, const TableSpec& table, std::uint64_t rows, int partition) {
  const std::size_t row_bytes = static_cast<std::size_t>(table.row_bytes());
  if (rows > reader.left() / row_bytes) Damaged(file, fmt::format("table {} claims {} rows, more than the file holds", table.name, rows));
  const auto bytes = reader.Take(rows * row_bytes, "rows");
  Key last = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    Key key;
    std::memcpy(&key, bytes.data() + r * row_bytes, sizeof(key));
    if (r > 0 && key <= last) Damaged(file, fmt::format("table {}: row {} (key {:016x}) is out of order", table.name, r, key));
    if (PartitionOf(key) != partition) Damaged(file, fmt::format("table {}: row {} (key {:016x}) belongs to partition {}", table.name, r, key, PartitionOf(key)));
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

PartitionWriter::PartitionWriter(const fs::path& dir, int partition, const std::vector<TableSpec>& tables)
    : state_(std::make_unique<State>(dir, partition, tables)) {
  state_->file.Write(BytesOf(RowsHeader{.partition = static_cast<std::uint32_t>(partition), .tables = tables.size()}));
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

void ReadPartition(const fs::path& dir, const Manifest& manifest, int partition, const RowVisitor& row) {
  const std::string name = PartitionFile(partition);
  const Buffer bytes = ReadChecked(dir, manifest, name);
  const fs::path file = dir / name;
  ByteReader reader(file, bytes.bytes());
  const auto header = reader.Get<RowsHeader>("the header");
  if (header.magic != kRowsMagic) Damaged(file, "no file of rows (magic)");
  if (header.version != kVersion) Damaged(file, fmt::format("written by version {} of the format, this program reads {}", header.version, kVersion));
  if (header.partition != static_cast<std::uint32_t>(partition)) Damaged(file, fmt::format("it holds partition {}", header.partition));
  if (header.tables != manifest.tables.size()) Damaged(file, fmt::format("{} tables, the manifest says {}", header.tables, manifest.tables.size()));
  std::vector<std::span<const std::byte>> rows_of;
  for (const TableSpec& table : manifest.tables) {
    rows_of.push_back(CheckRows(reader, file, table, reader.Get<std::uint64_t>("a table's count"), partition));
  }
  reader.Finish();
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

void CreateDense(const fs::path& dir, std::uint64_t dense_floats) {
  DurableFile file(dir / kDenseFile);
  file.Write(BytesOf(DenseHeader{.floats = dense_floats}));
  const std::vector<float> zeros(dense_floats, 0.0F);
  file.Write(std::as_bytes(std::span(zeros)));
  file.Write(std::as_bytes(std::span(zeros)));
  file.Finish();
}

void WriteDenseRange(const fs::path& dir, std::uint64_t dense_floats, std::uint64_t first, std::span<const float> values,
                     std::span<const float> accumulators) {
  FATHOM_CHECK_EQ(values.size(), accumulators.size());
  FATHOM_CHECK(first + values.size() <= dense_floats);
  OverwriteDurably(dir / kDenseFile, {{sizeof(DenseHeader) + first * sizeof(float), std::as_bytes(values)},
                                      {sizeof(DenseHeader) + (dense_floats + first) * sizeof(float), std::as_bytes(accumulators)}});
}

ModelFileEntry FinishDense(const fs::path& dir, std::uint64_t dense_floats) {
  const Buffer bytes = ReadFile(dir / kDenseFile, kRemedy);
  if (bytes.size() != DenseFileBytes(dense_floats)) Damaged(dir / kDenseFile, fmt::format("{} bytes, {} are expected", bytes.size(), DenseFileBytes(dense_floats)));
  return {.name = kDenseFile, .bytes = bytes.size(), .checksum = Xxh3(bytes.bytes()), .rows = {}};
}

DenseState ReadDense(const fs::path& dir, const Manifest& manifest) {
  const Buffer bytes = ReadChecked(dir, manifest, kDenseFile);
  ByteReader reader(dir / kDenseFile, bytes.bytes());
  const auto header = reader.Get<DenseHeader>("the header");
  if (header.magic != kDenseMagic) Damaged(dir / kDenseFile, "no file of dense parameters (magic)");
  if (header.version != kVersion) Damaged(dir / kDenseFile, fmt::format("written by version {} of the format, this program reads {}", header.version, kVersion));
  if (header.floats != manifest.dense_floats) Damaged(dir / kDenseFile, fmt::format("{} parameters, the manifest says {}", header.floats, manifest.dense_floats));
  DenseState state;
  for (std::vector<float>* part : {&state.values, &state.accumulators}) {
    const auto from = reader.Take(header.floats * sizeof(float), "the parameters");
    part->resize(header.floats);
    if (!from.empty()) std::memcpy(part->data(), from.data(), from.size());
  }
  reader.Finish();
  return state;
}

ModelFileEntry WriteTextFile(const fs::path& dir, const std::string& name, const std::string& text) {
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
