// The rows' gradients of a worker's part of a batch, written straight into the servers' pushes.
//
// A row's gradient is the sum over its key's segments: inside a slice in order of field, over
// slices along the slice tree, as far up as the worker's nodes reach.
#pragma once

#include <vector>

#include "common/buffer.h"
#include "common/model/model_spec.h"
#include "common/net/payload.h"
#include "common/schedule/slice_tree.h"
#include "worker/batch/batch.h"
#include "worker/model/dense_gradient_tree.h"
#include "worker/model/slice_model.h"
#include "worker/model/thread_pool.h"

namespace fathom {

class RowGradients {
 public:
  RowGradients(const ModelSpec& spec, int servers) : spec_(spec), servers_(servers) {}

  // One payload a server (PushMessage, common/message/push_message.h). `nodes` cover the batch's
  // part.
  std::vector<Buffer> MakePushes(const Batch& batch, const std::vector<TreeNode>& nodes,
                                 const BatchGradients& gradients, const DenseGradientTree& dense,
                                 ThreadPool& pool);

 private:
  // A key's segments within one node.
  struct Part {
    std::uint32_t key;    // place among the table's keys
    std::uint32_t begin;  // into TableBatch::key_segments
    std::uint32_t end;
  };
  // Where some parts' gradients go.
  struct Task {
    std::size_t table;
    std::span<const Part> parts;
    std::byte* wide;  // [parts], if wide, in the row format
    std::byte* deep;  // [parts x dim], if deep
  };

  void CutIntoParts(const Batch& batch, const std::vector<TreeNode>& nodes);
  std::span<const Part> PartsOf(std::size_t table, std::size_t node, std::size_t key_begin,
                                std::size_t key_end) const;
  Buffer LayOutPush(const Batch& batch, const std::vector<TreeNode>& nodes,
                    const DenseGradientTree& dense, int server);
  void SumParts(const Batch& batch, const Task& task, const BatchGradients& gradients, float* wide,
                float* deep) const;
  std::size_t MakeRoom(std::size_t count, PayloadWriter* writer) const;
  std::size_t NumberBytes() const { return spec_.row_format == RowFormat::kFloat32 ? 4 : 2; }
  void AddTasks(std::size_t table, std::span<const Part> parts, std::size_t wide_at,
                std::size_t deep_at);

  const ModelSpec& spec_;
  int servers_;
  std::vector<std::vector<std::vector<Part>>> parts_;  // [tables][nodes]
  struct Planned {
    Task task;
    std::size_t wide_at;  // bytes into the server's payload, whose buffer may still grow
    std::size_t deep_at;
  };
  std::vector<Planned> planned_;
};

}  // namespace fathom
