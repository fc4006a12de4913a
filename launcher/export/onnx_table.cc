#include "launcher/export/onnx_table.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "common/bfloat16.h"
#include "common/buffer.h"
#include "common/error.h"

namespace fathom {
namespace {

using Type = onnx::TensorProto;

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
constexpr std::int64_t kNoKey = std::numeric_limits<std::int64_t>::max();

std::int64_t StoredKey(Key key) { return static_cast<std::int64_t>(key ^ kSignBit); }

std::int64_t Signed(std::uint64_t count) { return static_cast<std::int64_t>(count); }

}  // namespace

OnnxTable::OnnxTable(const ModelRows& rows, std::size_t table, const TableSpec& spec,
                     std::uint64_t count, bool halves, OnnxGraph* graph)
    : table_(table), spec_(spec), halves_(halves), rows_(count) {
  ChooseDirectory(rows);
  const std::int64_t all = Signed(rows_) + 1;  // and the row of zeros
  directory_ = graph->Store(Type::INT32, sizeof(std::int32_t), {Signed(std::uint64_t{1} << bits_)});
  keys_ = graph->Store(Type::INT64, sizeof(std::int64_t),
                       {Signed(rows_ + (std::uint64_t{1} << steps_))});
  if (spec.wide) weights_ = graph->Store(Type::FLOAT, sizeof(float), {all});
  if (spec.dim > 0)
    embeddings_ = graph->Store(halves ? Type::BFLOAT16 : Type::FLOAT, halves ? 2 : sizeof(float),
                               {all, spec.dim});
}

// The number of rows gives the number of buckets, and the fullest bucket the number of steps.
void OnnxTable::ChooseDirectory(const ModelRows& rows) {
  if (rows_ >= std::numeric_limits<std::int32_t>::max())
    Fail(ExitCode::kUsage,
         "table {} has {} rows: an ONNX directory counts up to 2^31: export a bundle", spec_.name,
         rows_);
  bits_ = std::max(1, static_cast<int>(std::bit_width(rows_ > 0 ? rows_ - 1 : 0)));
  std::uint64_t bucket = 0, in_bucket = 0, most = 0;
  rows.ForEach(table_, [&](Key key, float, std::span<const float>) {
    in_bucket = BucketOf(key) == bucket ? in_bucket + 1 : 1;
    bucket = BucketOf(key);
    most = std::max(most, in_bucket);
  });
  steps_ = static_cast<int>(std::bit_width(most > 0 ? most - 1 : 0));
}

std::string OnnxTable::Find(const std::string& keys, OnnxGraph* graph) const {
  OnnxGraph& g = *graph;
  const std::string bits = g.Cast(keys, Type::UINT64);
  const std::string bucket =
      g.Cast(g.Text("BitShift", {bits, g.Unsigned(64 - static_cast<std::uint64_t>(bits_))},
                    "direction", "RIGHT"),
             Type::INT64);
  const std::string key = g.Node("Add", {keys, g.Int(std::numeric_limits<std::int64_t>::min())});
  std::string at = g.Cast(g.Node("Gather", {directory_.name, bucket}), Type::INT64);
  for (int step = steps_ - 1; step >= 0; --step) {
    const std::string next = g.Node("Add", {at, g.Int(std::int64_t{1} << step)});
    const std::string reached = g.Node("LessOrEqual", {g.Node("Gather", {keys_.name, next}), key});
    at = g.Node("Where", {reached, next, at});
  }
  const std::string found = g.Node("Equal", {g.Node("Gather", {keys_.name, at}), key});
  const std::string zeros = g.Int(Signed(rows_));
  // The highest key of all equals what stands behind the rows.
  return g.Node("Min", {g.Node("Where", {found, at, zeros}), zeros});
}

std::string OnnxTable::Weights(const std::string& found, OnnxGraph* graph) const {
  return graph->Node("Gather", {weights_.name, found});
}

std::string OnnxTable::Embeddings(const std::string& found, OnnxGraph* graph) const {
  std::string rows = graph->Node("Gather", {embeddings_.name, found});
  return halves_ ? graph->Cast(rows, Type::FLOAT) : rows;
}

void OnnxTable::Write(const ModelRows& rows, AssembledFile* file) const {
  const auto part = [&](const OnnxGraph::Stored& stored) {
    return &file->AddPart(stored.offset, stored.bytes);
  };
  AssembledFile::Part* const directory = part(directory_);
  AssembledFile::Part* const keys = part(keys_);
  AssembledFile::Part* const weights = spec_.wide ? part(weights_) : nullptr;
  AssembledFile::Part* const embeddings = spec_.dim > 0 ? part(embeddings_) : nullptr;
  std::int32_t row = 0;
  std::uint64_t bucket = 0;  // the next one of the directory
  const auto fill_to = [&](std::uint64_t end) {
    for (; bucket < end; ++bucket) directory->Write(BytesOf(row));
  };
  std::vector<std::uint16_t> rounded(static_cast<std::size_t>(spec_.dim));
  const auto write_row = [&](float weight, std::span<const float> embedding) {
    if (weights != nullptr) weights->Write(BytesOf(weight));
    if (embeddings == nullptr) return;
    if (!halves_) return embeddings->Write(std::as_bytes(embedding));
    ToBfloat16(embedding, rounded.data());
    embeddings->Write(std::as_bytes(std::span(rounded)));
  };
  rows.ForEach(table_, [&](Key key, float weight, std::span<const float> embedding) {
    fill_to(BucketOf(key) + 1);
    ++row;
    keys->Write(BytesOf(StoredKey(key)));
    write_row(weight, embedding);
  });
  fill_to(std::uint64_t{1} << bits_);
  for (std::uint64_t i = 0; i < std::uint64_t{1} << steps_; ++i) keys->Write(BytesOf(kNoKey));
  write_row(0, std::vector<float>(static_cast<std::size_t>(spec_.dim)));
}

}  // namespace fathom
