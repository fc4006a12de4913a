// The rows and files of one server, without its requests.
#pragma once

#include <deque>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/random.h"
#include "server/shard/shard_files.h"
#include "server/table/admission_filter.h"
#include "server/table/dense_table.h"
#include "server/table/slab_arena.h"
#include "server/table/sparse_table.h"

namespace fathom::testing {

struct ShardPart {
  ShardPart(const Config& config, const ModelSpec& spec, int server, int servers)
      : cut(config.server.partitions),
        first(cut.First(server, servers)),
        end(cut.First(server + 1, servers)),
        dense(config, spec, server, servers),
        admission(config, first, end),
        files(spec.tables, tables, dense, arena, admission, cut, first, end) {
    for (const TableSpec& table : spec.tables)
      tables.emplace_back(table, config, first, end, &arena);
  }

  // Creates or changes rows [begin_row, end_row) of a table: those that are this part's.
  void Touch(std::size_t table, std::uint64_t begin_row, std::uint64_t end_row) {
    constexpr std::size_t kRequestKeys = 4096;
    std::vector<Key> keys;
    std::vector<float*> rows;
    const std::vector<float> gradient(static_cast<std::size_t>(tables[table].spec().dim), 0.01F);
    for (std::uint64_t row = begin_row; row < end_row; ++row) {
      const Key key = Mix64(row);
      if (cut.Of(key) >= first && cut.Of(key) < end) keys.push_back(key);
      if (keys.size() < kRequestKeys && row + 1 < end_row) continue;
      rows.resize(keys.size());
      tables[table].FindOrCreate(keys, 0, rows.data());
      for (float* place : rows) tables[table].Update(0, place, 0.01F, gradient);
      keys.clear();
    }
  }

  Partitions cut;
  int first;
  int end;
  SlabArena arena;
  std::deque<SparseTable> tables;
  DenseTable dense;
  AdmissionFilter admission;
  ShardFiles files;
};

}  // namespace fathom::testing
