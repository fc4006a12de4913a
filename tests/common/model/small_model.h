// A small model on disk for the tests of its files, and ways to damage it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "common/file/durable_file.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "common/model/partition_file.h"
#include "common/xxh3.h"
#include "tests/support/scratch_dir.h"

namespace fathom::testing {

// How to mend a damaged model, as every message about one says.
inline constexpr const char* kRemedy = "restore the folder from a copy, or train again";

inline Key KeyIn(int partition, std::uint64_t low) {
  return (static_cast<Key>(partition) << (64 - Partitions().bits())) | low;
}

// By table: key -> state.
using ModelRows = std::vector<std::map<Key, std::vector<float>>>;

// Two tables with rows in partitions 0, 5 and 63.
struct SmallModel {
  std::uint64_t step = 12;
  std::uint64_t seed = 0xFFFFFFFFFFFFFFFE;
  std::vector<TableSpec> tables = {
      {.name = "wide", .wide = true},
      {.name = "wide_deep2", .wide = true, .dim = 2, .row_wise = false}};
  ModelRows rows = {
      {{KeyIn(0, 1), {1, 2}}, {KeyIn(0, 7), {3, 4}}, {KeyIn(63, 9), {5, 6}}},
      {{KeyIn(0, 3), {1, 2, 3, 4, 5, 6}}, {KeyIn(5, 0), {-1, 0.5F, 1e-30F, 4, 5, 6}}}};
  std::vector<float> dense = std::vector<float>(16, 0.25F);
  UpdateRuleKind dense_rule = UpdateRuleKind::kAdaGrad;
  Partitions cut = Partitions();
  std::vector<float> dense_state = std::vector<float>(16, 1.5F);

  // The table's rows in the partition: [first, second).
  auto RowsOf(std::size_t table, int partition) const {
    const auto& all = rows[table];
    const auto first = [this](int p) { return static_cast<Key>(p) << (64 - cut.bits()); };
    const bool last = partition + 1 == cut.count();
    return std::pair(all.lower_bound(first(partition)),
                     last ? all.end() : all.lower_bound(first(partition + 1)));
  }

  bool HasRows(int partition) const {
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const auto [begin, end] = RowsOf(t, partition);
      if (begin != end) return true;
    }
    return false;
  }

  Manifest Write(const std::filesystem::path& dir) const {
    std::filesystem::create_directories(dir);
    Manifest manifest{.step = step,
                      .seed = seed,
                      .tables = tables,
                      .dense_floats = dense.size(),
                      .dense_rule = dense_rule,
                      .partitions = cut,
                      .files = {}};
    manifest.files.push_back(WriteTextFile(dir, "config.toml", "seed = 1\n"));
    for (int p = 0; p < cut.count(); ++p) {
      manifest.files.push_back(HasRows(p) ? WritePartition(dir, p) : WriteEmptyPartition(dir, p));
    }
    const int states = TraitsOf(dense_rule).states();
    CreateDense(dir, dense.size(), states);
    WriteDenseRange(FolderOutput(dir), dense.size(), 0, dense, dense_state);
    manifest.files.push_back(FinishDense(dir, dense.size(), states));
    WriteManifest(dir, manifest);
    return manifest;
  }

  ModelFileEntry WritePartition(const std::filesystem::path& dir, int partition) const {
    PartitionWriter writer(FolderOutput(dir), PartitionFile(partition), cut, partition, tables);
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const auto [begin, end] = RowsOf(t, partition);
      writer.BeginTable(t, static_cast<std::uint64_t>(std::distance(begin, end)));
      for (auto row = begin; row != end; ++row) writer.AddRow(row->first, row->second);
    }
    return writer.Finish();
  }

  // The same bytes for a partition without rows, by hand. Nearly all are, and to sync each of them
  // in each test takes long.
  ModelFileEntry WriteEmptyPartition(const std::filesystem::path& dir, int partition) const {
    std::string bytes = "FATHROWS";
    const auto append = [&bytes](auto value) {
      bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    };
    append(std::uint32_t{1});
    append(static_cast<std::uint32_t>(partition));
    append(std::uint64_t{tables.size()});
    for (std::size_t t = 0; t < tables.size(); ++t) append(std::uint64_t{0});
    const std::string name = fmt::format("rows-{:02}.bin", partition);
    std::ofstream(dir / name, std::ios::binary) << bytes;
    return {.name = name,
            .bytes = bytes.size(),
            .checksum = Xxh3(bytes),
            .rows = std::vector<std::uint64_t>(tables.size(), 0)};
  }
};

template <typename T>
void Patch(const ScratchDir& dir, const std::string& name, std::size_t at, T value) {
  std::string bytes = dir.Read(name);
  ASSERT_LE(at + sizeof(value), bytes.size());
  std::memcpy(bytes.data() + at, &value, sizeof(value));
  dir.Write(name, bytes);
}

// Makes the manifest agree with a file's bytes as they are, so that what reads it gets past the
// length and the checksum.
inline void Reseal(const ScratchDir& dir, const std::string& name, Manifest* manifest) {
  const std::string bytes = dir.Read(name);
  for (ModelFileEntry& file : manifest->files) {
    if (file.name != name) continue;
    file.bytes = bytes.size();
    file.checksum = Xxh3(bytes);
    file.blocks.clear();
    for (std::size_t at = 0; at < bytes.size(); at += kBlockBytes)
      file.blocks.push_back(Xxh3(std::string_view(bytes).substr(at, kBlockBytes)));
  }
}

}  // namespace fathom::testing
