#include "worker/model/row_gradients.h"

#include <algorithm>

#include "common/bfloat16.h"
#include "common/message/push_message.h"
#include "common/model/dense_range.h"
#include "common/net/payload.h"
#include "common/vector_clones.h"
#include "worker/model/scaled_add.h"

namespace fathom {
namespace {

// Rows a thread takes at a time.
constexpr std::size_t kPartsATask = 1024;

// Sums one row's gradient over some of its key's segments.
class RowSum {
 public:
  RowSum(const TableSpec& spec, RowFormat format, const Batch& batch, const TableBatch& table,
         const SegmentGradients& gradients)
      : rounds_(format == RowFormat::kBfloat16),
        batch_(batch),
        table_(table),
        gradients_(gradients),
        dim_(static_cast<std::size_t>(spec.dim)),
        wide_(spec.wide) {}

  // `segments`: places, ascending. Writes wide [1] and deep [dim].
  FATHOM_VECTOR_CLONES
  void Sum(std::span<const std::uint32_t> segments, float* wide, float* deep) {
    if (segments.size() == 1) {
      if (wide_) *wide = gradients_.wide[segments.front()];
      Copy(Deep(segments.front()), dim_, deep);
      return;
    }
    sums_.resize(TreeSum::kMaxDepth * (dim_ + 1));
    TreeSum tree;
    const auto add = [this](int into, int from) {
      // What is rounded already stays as it is, so only the slices' own sums change here.
      Round(Slot(into));
      Round(Slot(from));
      AddScaled(1.0F, Slot(from), dim_ + 1, Slot(into));
      Round(Slot(into));
    };
    float* slot = nullptr;
    std::uint32_t before = 0;
    for (const std::uint32_t place : segments) {
      const std::uint32_t slice = table_.segments[place].slice;
      const bool first_of_slice = slot == nullptr || slice != before;
      before = slice;
      if (first_of_slice) {
        slot = Slot(tree.Push(batch_.first_slice + slice, add));
        slot[0] = wide_ ? gradients_.wide[place] : 0.0F;
        Copy(Deep(place), dim_, slot + 1);
      } else {
        if (wide_) slot[0] += gradients_.wide[place];
        AddScaled(1.0F, Deep(place), dim_, slot + 1);
      }
    }
    tree.Finish(add);
    if (wide_) *wide = Slot(0)[0];
    Copy(Slot(0) + 1, dim_, deep);
  }

 private:
  float* Slot(int slot) { return sums_.data() + static_cast<std::size_t>(slot) * (dim_ + 1); }
  void Round(float* sum) const {
    for (std::size_t i = 0; i <= dim_ && rounds_; ++i) sum[i] = RoundedToBfloat16(sum[i]);
  }
  const float* Deep(std::uint32_t place) const { return gradients_.deep.data() + place * dim_; }

  bool rounds_;
  const Batch& batch_;
  const TableBatch& table_;
  const SegmentGradients& gradients_;
  std::size_t dim_;
  bool wide_;
  std::vector<float> sums_;  // [TreeSum::kMaxDepth x (wide, deep)]
};

}  // namespace

std::vector<Buffer> RowGradients::MakePushes(const Batch& batch, const std::vector<TreeNode>& nodes,
                                             const BatchGradients& gradients,
                                             const DenseGradientTree& dense, ThreadPool& pool) {
  CutIntoParts(batch, nodes);
  std::vector<Buffer> pushes;
  std::vector<std::size_t> planned_ends;
  planned_.clear();
  for (int server = 0; server < servers_; ++server) {
    pushes.push_back(LayOutPush(batch, nodes, dense, server));
    planned_ends.push_back(planned_.size());
  }
  // The payloads stand still now: places become pointers.
  std::size_t p = 0;
  for (std::size_t server = 0; server < pushes.size(); ++server) {
    for (; p < planned_ends[server]; ++p) {
      Planned& planned = planned_[p];
      planned.task.wide = pushes[server].data() + planned.wide_at;
      planned.task.deep = pushes[server].data() + planned.deep_at;
    }
  }
  pool.ForEach(planned_.size(), [&](std::size_t i, int) {
    const Task& task = planned_[i].task;
    if (spec_.row_format == RowFormat::kFloat32) {
      SumParts(batch, task, gradients, reinterpret_cast<float*>(task.wide),
               reinterpret_cast<float*>(task.deep));
      return;
    }
    const TableSpec& table = spec_.tables[task.table];
    AlignedVector<float> wide(table.wide ? task.parts.size() : 0);
    AlignedVector<float> deep(task.parts.size() * static_cast<std::size_t>(table.dim));
    SumParts(batch, task, gradients, wide.data(), deep.data());
    ToBfloat16(wide, reinterpret_cast<std::uint16_t*>(task.wide));
    ToBfloat16(deep, reinterpret_cast<std::uint16_t*>(task.deep));
  });
  return pushes;
}

void RowGradients::SumParts(const Batch& batch, const Task& task, const BatchGradients& gradients,
                            float* wide, float* deep) const {
  const TableSpec& spec = spec_.tables[task.table];
  const TableBatch& table = batch.tables[task.table];
  const auto dim = static_cast<std::size_t>(spec.dim);
  RowSum row_sum(spec, spec_.row_format, batch, table, gradients.tables[task.table]);
  for (std::size_t p = 0; p < task.parts.size(); ++p) {
    const Part& part = task.parts[p];
    row_sum.Sum(std::span(table.key_segments).subspan(part.begin, part.end - part.begin),
                wide == nullptr ? nullptr : wide + p, deep == nullptr ? nullptr : deep + p * dim);
  }
}

// Each key's segments ascend by slice, so those of one node stand together.
void RowGradients::CutIntoParts(const Batch& batch, const std::vector<TreeNode>& nodes) {
  parts_.resize(batch.tables.size());
  for (std::size_t t = 0; t < batch.tables.size(); ++t) {
    const TableBatch& table = batch.tables[t];
    parts_[t].resize(nodes.size());
    for (auto& parts : parts_[t]) parts.clear();
    for (std::uint32_t k = 0; k < table.keys.size(); ++k) {
      const std::uint32_t end = table.key_begins[k + 1];
      std::size_t node = 0;
      for (std::uint32_t begin = table.key_begins[k]; begin < end;) {
        const auto slice_at = [&](std::uint32_t at) {
          return batch.first_slice + table.segments[table.key_segments[at]].slice;
        };
        std::uint32_t at = end;
        if (nodes.size() > 1) {
          while (slice_at(begin) >= nodes[node].end_slice()) ++node;
          for (at = begin + 1; at < end && slice_at(at) < nodes[node].end_slice();) ++at;
        }
        parts_[t][node].push_back({k, begin, at});
        begin = at;
      }
    }
  }
}

std::span<const RowGradients::Part> RowGradients::PartsOf(std::size_t table, std::size_t node,
                                                          std::size_t key_begin,
                                                          std::size_t key_end) const {
  const auto& all = parts_[table][node];
  const auto place = [&](std::size_t key) {
    return std::partition_point(all.begin(), all.end(),
                                [&](const Part& part) { return part.key < key; });
  };
  return {place(key_begin), place(key_end)};
}

Buffer RowGradients::LayOutPush(const Batch& batch, const std::vector<TreeNode>& nodes,
                                const DenseGradientTree& dense, int server) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(batch.global_slices);
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(nodes.size()));
  const auto [dense_begin, dense_end] =
      DenseRange(static_cast<std::size_t>(spec_.dense_floats), server, servers_);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    writer.Put<std::uint32_t>(nodes[n].first_slice);
    writer.Put<std::uint32_t>(nodes[n].level);
    writer.Put<std::uint64_t>(DensePushFloats(spec_, dense_end - dense_begin));
    const std::span<const float> sums = dense.Sum(n);
    auto of_server = writer.Array<float>(DensePushFloats(spec_, dense_end - dense_begin));
    std::copy(sums.begin() + static_cast<std::ptrdiff_t>(dense_begin),
              sums.begin() + static_cast<std::ptrdiff_t>(dense_end), of_server.begin());
    if (spec_.example_weights) of_server.back() = sums.back();
    for (std::size_t t = 0; t < batch.tables.size(); ++t) {
      const TableSpec& spec = spec_.tables[t];
      const std::size_t key_begin = batch.tables[t].server_begins[static_cast<std::size_t>(server)];
      const std::size_t key_end =
          batch.tables[t].server_begins[static_cast<std::size_t>(server) + 1];
      const auto parts = PartsOf(t, n, key_begin, key_end);
      const bool all = parts.size() == key_end - key_begin;
      writer.Put<std::uint64_t>(parts.size());
      writer.Put<std::uint64_t>(all ? 1 : 0);
      if (!all) {
        auto positions = writer.Array<std::uint32_t>(parts.size());
        for (std::size_t s = 0; s < parts.size(); ++s)
          positions[s] = parts[s].key - static_cast<std::uint32_t>(key_begin);
      }
      const std::size_t wide_at = spec.wide ? MakeRoom(parts.size(), &writer) : 0;
      const std::size_t deep_at =
          spec.dim > 0 ? MakeRoom(parts.size() * static_cast<std::size_t>(spec.dim), &writer) : 0;
      AddTasks(t, parts, wide_at, deep_at);
    }
  }
  return writer.Take();
}

// Room for an array of gradients; returns where it starts.
std::size_t RowGradients::MakeRoom(std::size_t count, PayloadWriter* writer) const {
  if (spec_.row_format == RowFormat::kFloat32) {
    writer->Array<float>(count);
  } else {
    writer->Array<std::uint16_t>(count);
  }
  return writer->size() - count * NumberBytes();
}

void RowGradients::AddTasks(std::size_t table, std::span<const Part> parts, std::size_t wide_at,
                            std::size_t deep_at) {
  const auto dim = static_cast<std::size_t>(spec_.tables[table].dim);
  for (std::size_t begin = 0; begin < parts.size(); begin += kPartsATask) {
    const std::size_t count = std::min(kPartsATask, parts.size() - begin);
    planned_.push_back({.task = {table, parts.subspan(begin, count), nullptr, nullptr},
                        .wide_at = wide_at + begin * NumberBytes(),
                        .deep_at = deep_at + begin * dim * NumberBytes()});
  }
}

}  // namespace fathom
