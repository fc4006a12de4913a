// A table of rows in an ONNX graph: its keys are found by a directory of their top bits and a few
// steps of a binary search, all of standard operators on tensors that ONNX Runtime maps.
//
//   bucket = key >> (64 - bits)              2^bits >= rows
//   at     = directory[bucket]               how many rows have a lower bucket
//   at    += s, if keys[at + s] <= key       s = 2^(steps-1), ..., 2, 1
//   row    = at, if keys[at] == key; else the last row, of zeros
//
// Keys are stored as key XOR 2^63: so signed order, which the operators have, is the keys' order.
// Behind them stand 2^steps of the highest number, so that no step leaves them.
#pragma once

#include <cstdint>
#include <string>

#include "common/file/assembled_file.h"
#include "common/model/model_spec.h"
#include "launcher/export/onnx_graph.h"
#include "worker/predict/model_rows.h"

namespace fathom {

class OnnxTable {
 public:
  // Lays out the tensors of the table and its `count` rows in the graph's file.
  OnnxTable(const ModelRows& rows, std::size_t table, const TableSpec& spec, std::uint64_t count,
            bool halves, OnnxGraph* graph);

  std::uint64_t rows() const { return rows_; }

  // The rows of keys [...], int64: row numbers [...].
  std::string Find(const std::string& keys, OnnxGraph* graph) const;

  // Of row numbers [...]: weights [...], embeddings [..., dim].
  std::string Weights(const std::string& found, OnnxGraph* graph) const;
  std::string Embeddings(const std::string& found, OnnxGraph* graph) const;

  // Writes the tensors to their places.
  void Write(const ModelRows& rows, AssembledFile* file) const;

 private:
  void ChooseDirectory(const ModelRows& rows);
  std::uint64_t BucketOf(Key key) const { return key >> (64 - bits_); }

  std::size_t table_;
  TableSpec spec_;
  bool halves_;  // embeddings are bfloat16
  std::uint64_t rows_ = 0;
  int bits_ = 1;
  int steps_ = 0;
  OnnxGraph::Stored directory_, keys_, weights_, embeddings_;
};

}  // namespace fathom
