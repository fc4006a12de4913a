#include "launcher/export/onnx_graph.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {
namespace {

constexpr int kIrVersion = 8;
constexpr int kOpset = 17;

template <typename T>
std::string_view Bytes(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

OnnxGraph::OnnxGraph(std::string data_file)
    : data_file_(std::move(data_file)), graph_(model_.mutable_graph()) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("fathom");
  model_.set_producer_version(FATHOM_VERSION);
  auto* const opset = model_.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  graph_->set_name("wide_and_deep");
}

std::string OnnxGraph::NewName() { return fmt::format("/{}", values_++); }

void OnnxGraph::Declare(onnx::ValueInfoProto* value, const std::string& name, int type,
                        const std::vector<std::string>& dims) {
  value->set_name(name);
  auto* const tensor = value->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  for (const std::string& dim : dims) tensor->mutable_shape()->add_dim()->set_dim_param(dim);
}

std::string OnnxGraph::Input(const std::string& wanted, int type,
                             const std::vector<std::string>& dims) {
  std::string name = wanted;
  const auto taken = [&] {
    const bool inner = name.starts_with('/') || name == "logit" || name == "score";
    return inner || std::any_of(graph_->input().begin(), graph_->input().end(),
                                [&](const auto& input) { return input.name() == name; });
  };
  while (taken()) name = "input " + name;
  Declare(graph_->add_input(), name, type, dims);
  return name;
}

std::string OnnxGraph::Node(const char* op, const Names& inputs, const Attributes& attributes,
                            const std::string& name) {
  const std::string output = name.empty() ? NewName() : name;
  auto* const node = graph_->add_node();
  node->set_op_type(op);
  node->set_name(output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  for (const auto& [key, value] : attributes) {
    auto* const attribute = node->add_attribute();
    attribute->set_name(key);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  return output;
}

std::string OnnxGraph::Text(const char* op, const Names& inputs, const char* attribute,
                            const char* text) {
  std::string output = Node(op, inputs);
  auto* const added = graph_->mutable_node(graph_->node_size() - 1)->add_attribute();
  added->set_name(attribute);
  added->set_type(onnx::AttributeProto::STRING);
  added->set_s(text);
  return output;
}

std::string OnnxGraph::Constant(int type, std::string_view bytes,
                                const std::vector<std::int64_t>& shape) {
  auto* const tensor = graph_->add_initializer();
  tensor->set_name(NewName());
  tensor->set_data_type(type);
  for (const std::int64_t dim : shape) tensor->add_dims(dim);
  tensor->set_raw_data(bytes.data(), bytes.size());
  return tensor->name();
}

std::string OnnxGraph::Floats(std::span<const float> values,
                              const std::vector<std::int64_t>& shape) {
  return Constant(onnx::TensorProto::FLOAT, Bytes(values), shape);
}

std::string OnnxGraph::Doubles(std::span<const double> values) {
  return Constant(onnx::TensorProto::DOUBLE, Bytes(values),
                  {static_cast<std::int64_t>(values.size())});
}

std::string OnnxGraph::Ints(const std::vector<std::int64_t>& values) {
  return Constant(onnx::TensorProto::INT64, Bytes(std::span(values)),
                  {static_cast<std::int64_t>(values.size())});
}

std::string OnnxGraph::Int(std::int64_t value) {
  return Constant(onnx::TensorProto::INT64, Bytes(std::span<const std::int64_t>(&value, 1)), {});
}

std::string OnnxGraph::Unsigned(std::uint64_t value) {
  return Constant(onnx::TensorProto::UINT64, Bytes(std::span<const std::uint64_t>(&value, 1)), {});
}

std::string OnnxGraph::Flags(const std::vector<bool>& values) {
  return Constant(onnx::TensorProto::BOOL, std::string(values.begin(), values.end()),
                  {static_cast<std::int64_t>(values.size())});
}

OnnxGraph::Stored OnnxGraph::Store(int type, std::size_t item_bytes,
                                   const std::vector<std::int64_t>& shape) {
  Stored stored{.name = NewName(), .offset = stored_bytes_, .bytes = item_bytes};
  auto* const tensor = graph_->add_initializer();
  tensor->set_name(stored.name);
  tensor->set_data_type(type);
  for (const std::int64_t dim : shape) {
    tensor->add_dims(dim);
    stored.bytes *= static_cast<std::uint64_t>(dim);
  }
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&](const char* key, const std::string& value) {
    auto* const entry = tensor->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  add("location", data_file_);
  add("offset", std::to_string(stored.offset));
  add("length", std::to_string(stored.bytes));
  stored_bytes_ = (stored.offset + stored.bytes + kAlignment - 1) / kAlignment * kAlignment;
  return stored;
}

void OnnxGraph::Output(const std::string& name, int type, const std::vector<std::string>& dims) {
  Declare(graph_->add_output(), name, type, dims);
}

}  // namespace fathom
