// An ONNX graph as it is built: nodes, small tensors in the graph, large ones in a file beside it.
//
// Thread rule: one thread. Values are named by strings; every function that makes one returns its
// name. Only operators of ai.onnx, opset 17.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fathom {

class OnnxGraph {
 public:
  static constexpr std::uint64_t kAlignment = 4096;  // of tensors in the file: they are mapped

  using Names = std::vector<std::string>;
  using Attributes = std::vector<std::pair<const char*, std::int64_t>>;

  // `data_file`: the name of the file beside.
  explicit OnnxGraph(std::string data_file);

  // The name for an input: `wanted`, or where the graph has such a value already another one.
  std::string Input(const std::string& wanted, int type, const std::vector<std::string>& dims);

  // A node with one output. `name`: of the output; empty: any.
  std::string Node(const char* op, const Names& inputs, const Attributes& attributes = {},
                   const std::string& name = "");
  std::string Text(const char* op, const Names& inputs, const char* attribute, const char* text);

  std::string Floats(std::span<const float> values, const std::vector<std::int64_t>& shape);
  std::string Doubles(std::span<const double> values);
  std::string Ints(const std::vector<std::int64_t>& values);  // [n]
  std::string Int(std::int64_t value);                        // no dimension
  std::string Unsigned(std::uint64_t value);
  std::string Flags(const std::vector<bool>& values);  // [n]

  // A tensor in the file: its bytes go to `offset`, from which on they are written elsewhere.
  struct Stored {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };
  Stored Store(int type, std::size_t item_bytes, const std::vector<std::int64_t>& shape);
  std::uint64_t stored_bytes() const { return stored_bytes_; }

  std::string Cast(const std::string& value, int type) {
    return Node("Cast", {value}, {{"to", type}});
  }

  void Output(const std::string& name, int type, const std::vector<std::string>& dims);

  onnx::ModelProto& model() { return model_; }

 private:
  std::string NewName();
  void Declare(onnx::ValueInfoProto* value, const std::string& name, int type,
               const std::vector<std::string>& dims);
  std::string Constant(int type, std::string_view bytes, const std::vector<std::int64_t>& shape);

  std::string data_file_;
  onnx::ModelProto model_;
  onnx::GraphProto* graph_;
  int values_ = 0;
  std::uint64_t stored_bytes_ = 0;
};

}  // namespace fathom
