#include "worker/row_gradients.h"

#include <algorithm>

#include "common/messages.h"
#include "worker/scaled_add.h"

namespace fathom {
namespace {

// Rows a thread takes at a time.
constexpr std::size_t kSegmentsATask = 1024;

// Sums one row's gradient over a segment of its key's occurrences.
class RowSum {
 public:
  RowSum(const ModelSpec& spec, const TableSpec& table, const Batch& batch,
         const ExampleGradients& gradients)
      : spec_(spec),
        batch_(batch),
        gradients_(gradients),
        dim_(static_cast<std::size_t>(table.dim)),
        wide_(table.wide),
        sums_(TreeSum::kMaxDepth * (dim_ + 1)) {}

  // `occurrences`: ascending numbers. Writes wide [1] and deep [dim].
  void Sum(const TableBatch& table, std::span<const std::uint32_t> occurrences, float* wide,
           float* deep) {
    if (occurrences.size() == 1) {
      Begin(table, occurrences.front(), wide, deep);
      return;
    }
    TreeSum tree;
    const auto add = [this](int into, int from) { AddSlots(into, from); };
    float* slot = nullptr;
    std::uint32_t slice_end = 0;  // examples; occurrences ascend
    for (const std::uint32_t o : occurrences) {
      const std::uint32_t example = table.example[o];
      if (example < slice_end) {
        Add(table, o, slot, slot + 1);
        continue;
      }
      const std::uint32_t slice = example / batch_.slice_size;
      slice_end = (slice + 1) * batch_.slice_size;
      slot = Slot(tree.Push(batch_.first_slice + slice, add));
      Begin(table, o, slot, slot + 1);
    }
    tree.Finish(add);
    const float* sum = Slot(0);
    if (wide_) *wide = sum[0];
    std::copy_n(sum + 1, dim_, deep);
  }

 private:
  float* Slot(int slot) { return sums_.data() + static_cast<std::size_t>(slot) * (dim_ + 1); }

  void AddSlots(int into, int from) {
    AddScaled(1.0F, Slot(from), dim_ + 1, Slot(into));
  }

  const float* InputGradient(const TableBatch& table, std::uint32_t o) const {
    return gradients_.inputs.data() +
           table.example[o] * static_cast<std::size_t>(spec_.input_width) +
           static_cast<std::size_t>(spec_.fields[table.field[o]].input_offset);
  }

  void Begin(const TableBatch& table, std::uint32_t o, float* wide, float* deep) const {
    const float scale = table.scale.empty() ? 1.0F : table.scale[o];
    if (wide_) *wide = scale * gradients_.logits[table.example[o]];
    if (dim_ == 0) return;
    SetScaled(scale, InputGradient(table, o), dim_, deep);
  }

  void Add(const TableBatch& table, std::uint32_t o, float* wide, float* deep) const {
    const float scale = table.scale.empty() ? 1.0F : table.scale[o];
    if (wide_) *wide += scale * gradients_.logits[table.example[o]];
    if (dim_ == 0) return;
    AddScaled(scale, InputGradient(table, o), dim_, deep);
  }

  const ModelSpec& spec_;
  const Batch& batch_;
  const ExampleGradients& gradients_;
  std::size_t dim_;
  bool wide_;
  std::vector<float> sums_;
};

}  // namespace

std::vector<Buffer> RowGradients::MakePushes(const Batch& batch, const std::vector<TreeNode>& nodes,
                                             const RowClient& client,
                                             const ExampleGradients& gradients,
                                             const DenseGradientTree& dense, ThreadPool& pool) {
  CutIntoSegments(batch, nodes);
  std::vector<Buffer> pushes;
  std::vector<std::size_t> planned_ends;
  planned_.clear();
  for (int server = 0; server < servers_; ++server) {
    pushes.push_back(LayOutPush(batch, nodes, client, dense, server));
    planned_ends.push_back(planned_.size());
  }
  // The payloads stand still now: places become pointers.
  std::size_t p = 0;
  for (std::size_t server = 0; server < pushes.size(); ++server) {
    for (; p < planned_ends[server]; ++p) {
      Planned& planned = planned_[p];
      planned.task.wide = reinterpret_cast<float*>(pushes[server].data() + planned.wide_at);
      planned.task.deep = reinterpret_cast<float*>(pushes[server].data() + planned.deep_at);
    }
  }
  pool.ForEach(planned_.size(), [&](std::size_t i, int) {
    const Task& task = planned_[i].task;
    RowSum row_sum(spec_, *task.spec, batch, gradients);
    const auto dim = static_cast<std::size_t>(task.spec->dim);
    for (std::size_t s = 0; s < task.segments.size(); ++s) {
      const Segment& segment = task.segments[s];
      row_sum.Sum(
          *task.batch,
          std::span(task.batch->occurrences).subspan(segment.begin, segment.end - segment.begin),
          task.wide + s, task.deep + s * dim);
    }
  });
  return pushes;
}

// Each key's occurrences ascend, so those of one node stand together.
void RowGradients::CutIntoSegments(const Batch& batch, const std::vector<TreeNode>& nodes) {
  segments_.resize(batch.tables.size());
  for (std::size_t t = 0; t < batch.tables.size(); ++t) {
    const TableBatch& table = batch.tables[t];
    segments_[t].resize(nodes.size());
    for (auto& segments : segments_[t]) segments.clear();
    const auto node_of = [&](std::uint32_t occurrence) {
      const std::uint32_t slice = batch.first_slice + table.example[occurrence] / batch.slice_size;
      std::size_t node = 0;
      while (slice >= nodes[node].end_slice()) ++node;
      return node;
    };
    for (std::uint32_t k = 0; k < table.keys.size(); ++k) {
      const std::uint32_t end = table.key_begins[k + 1];
      for (std::uint32_t begin = table.key_begins[k]; begin < end;) {
        std::uint32_t at = end;
        std::size_t node = 0;
        if (nodes.size() > 1) {
          node = node_of(table.occurrences[begin]);
          for (at = begin + 1; at < end && node_of(table.occurrences[at]) == node;) ++at;
        }
        segments_[t][node].push_back({k, begin, at});
        begin = at;
      }
    }
  }
}

std::span<const RowGradients::Segment> RowGradients::SegmentsOf(std::size_t table, std::size_t node,
                                                                std::size_t key_begin,
                                                                std::size_t key_end) const {
  const auto& all = segments_[table][node];
  const auto place = [&](std::size_t key) {
    return std::partition_point(all.begin(), all.end(),
                                [&](const Segment& segment) { return segment.key < key; });
  };
  return {place(key_begin), place(key_end)};
}

Buffer RowGradients::LayOutPush(const Batch& batch, const std::vector<TreeNode>& nodes,
                                const RowClient& client, const DenseGradientTree& dense,
                                int server) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(batch.global_slices);
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(nodes.size()));
  const auto [dense_begin, dense_end] =
      DenseRange(static_cast<std::size_t>(spec_.dense_floats), server, servers_);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    writer.Put<std::uint32_t>(nodes[n].first_slice);
    writer.Put<std::uint32_t>(nodes[n].level);
    writer.Put<std::uint64_t>(dense_end - dense_begin);
    writer.PutArray(std::span(dense.Sum(n)).subspan(dense_begin, dense_end - dense_begin));
    for (std::size_t t = 0; t < batch.tables.size(); ++t) {
      const TableSpec& spec = spec_.tables[t];
      const std::size_t key_begin = client.KeyBegin(t, server);
      const std::size_t key_end = client.KeyBegin(t, server + 1);
      const auto segments = SegmentsOf(t, n, key_begin, key_end);
      const bool all = segments.size() == key_end - key_begin;
      writer.Put<std::uint64_t>(segments.size());
      writer.Put<std::uint64_t>(all ? 1 : 0);
      if (!all) {
        auto positions = writer.Array<std::uint32_t>(segments.size());
        for (std::size_t s = 0; s < segments.size(); ++s)
          positions[s] = segments[s].key - static_cast<std::uint32_t>(key_begin);
      }
      std::size_t wide_at = 0, deep_at = 0;
      if (spec.wide) {
        writer.Array<float>(segments.size());
        wide_at = writer.size() - segments.size() * sizeof(float);
      }
      if (spec.dim > 0) {
        const std::size_t floats = segments.size() * static_cast<std::size_t>(spec.dim);
        writer.Array<float>(floats);
        deep_at = writer.size() - floats * sizeof(float);
      }
      AddTasks(batch.tables[t], spec, segments, wide_at, deep_at);
    }
  }
  return writer.Take();
}

void RowGradients::AddTasks(const TableBatch& batch, const TableSpec& spec,
                            std::span<const Segment> segments, std::size_t wide_at,
                            std::size_t deep_at) {
  for (std::size_t begin = 0; begin < segments.size(); begin += kSegmentsATask) {
    const std::size_t count = std::min(kSegmentsATask, segments.size() - begin);
    planned_.push_back(
        {.task = {&batch, &spec, segments.subspan(begin, count), nullptr, nullptr},
         .wide_at = wide_at + begin * sizeof(float),
         .deep_at = deep_at + begin * static_cast<std::size_t>(spec.dim) * sizeof(float)});
  }
}

}  // namespace fathom
