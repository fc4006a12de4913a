// server -> worker (kRows): the answer to a pull. Views into the payload.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/aligned_vector.h"
#include "common/model/model_spec.h"

namespace fathom {

// frame.step: that of the pull.
//   payload   will_push u64, of the pull | dense count u64 | dense f32[count] | each table
//   a table   count u64 | wide weights f32[count] if wide | embeddings f32[count x dim] if deep |
//             if not will_push: which keys have a row, u64[(count + 63) / 64], key 0 the lowest bit
// To train on, a key without a row has its initial values; with RowFormat::kBfloat16 the tables'
// arrays are bf16 on the wire, float32 in the message. To score with, it has zeros, and numbers are
// float32 whatever the format: every way to score gives the same score.
struct RowsMessage {
  bool will_push = false;
  std::span<const float> dense;
  struct Table {
    std::span<const float> wide;             // [count]
    std::span<const float> deep;             // [count x dim]
    std::span<const std::uint64_t> has_row;  // [(count + 63) / 64]; empty: to train on
  };
  std::vector<Table> tables;
  std::vector<AlignedVector<float>> converted;  // what the tables view, if not the payload
};

// The will_push of a payload whose rest is not read.
bool AnswersTraining(std::span<const std::byte> payload);

// Throws Error(kPeer): a count beyond the payload, bytes left over.
RowsMessage DecodeRows(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       RowFormat format = RowFormat::kFloat32);

}  // namespace fathom
