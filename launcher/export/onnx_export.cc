// onnx: a graph of standard operators that computes what the model does, and its tensors in a file
// beside (docs/export.md).
#include <onnx/checker.h>

#include <algorithm>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "launcher/export/dense_arrays.h"
#include "launcher/export/exported_folder.h"
#include "launcher/export/exporters.h"
#include "launcher/export/onnx_graph.h"
#include "launcher/export/onnx_inputs.h"
#include "launcher/export/onnx_numbers.h"
#include "launcher/export/onnx_table.h"

namespace fathom {
namespace {

using Type = onnx::TensorProto;

constexpr const char* kExamples = "N";
constexpr const char* kDataFile = "model.onnx.data";

// The model as a graph, part by part. [N]: a number an example.
class ModelGraph {
 public:
  ModelGraph(const ExportRequest& request, const Scorer& model)
      : model_(model), spec_(model.spec()), graph_(kDataFile) {
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
      tables_.emplace_back(model.rows(), t, spec_.tables[t], model.model().manifest.Rows(t),
                           WritesHalves(request, model, spec_.tables[t]), &graph_);
    }
  }

  void Build() {
    AddInputs();
    for (std::size_t t = 0; t < spec_.tables.size(); ++t) AddSingles(t);
    for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
      if (spec_.fields[f].multivalent) AddList(f);
    }
    AddNumbers();
    AddBias();
    if (spec_.Has(ModelPartKind::kDeep)) AddLayers();
    if (spec_.Has(ModelPartKind::kFm)) AddPairs();
    const std::string logit = graph_.Node("Sum", terms_, {}, "logit");
    graph_.Node("Sigmoid", {logit}, {}, "score");
    for (const char* output : {"logit", "score"}) graph_.Output(output, Type::FLOAT, {kExamples});
    AddMetadata();
  }

  void Write(const std::filesystem::path& dir) {
    AssembledFile data(dir / kDataFile, graph_.stored_bytes(), ExitCode::kModel);
    for (const OnnxTable& table : tables_) table.Write(model_.rows(), &data);
    for (const StoredLayer& layer : layers_)
      data.WriteAt(layer.place.offset, std::as_bytes(std::span(layer.weights)));
    data.Finish();
    ReplacedFile file(dir / kOnnxSeal.file, ExitCode::kModel);
    if (!graph_.model().SerializeToOstream(&file.out()))
      Fail(ExitCode::kModel, "{}: the graph cannot be written: check the disk", dir.string());
    file.Finish();
  }

  std::uint64_t rows() const {
    std::uint64_t rows = 0;
    for (const OnnxTable& table : tables_) rows += table.rows();
    return rows;
  }
  std::uint64_t stored_bytes() const { return graph_.stored_bytes(); }
  int nodes() { return graph_.model().graph().node_size(); }
  int inputs() { return graph_.model().graph().input_size(); }

 private:
  struct StoredLayer {
    OnnxGraph::Stored place;
    std::vector<float> weights;
  };
  // A block of the first layer's input: so many columns, and where they stand in the model's own.
  struct Block {
    std::string value;         // [N, columns]
    std::vector<int> columns;  // -1: not read by the deep part
  };

  void AddInputs() {
    inputs_.weights.resize(spec_.fields.size());
    for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
      const Field& field = spec_.fields[f];
      std::vector<std::string> dims = {kExamples};
      if (field.multivalent) dims.push_back(fmt::format("L{}", f));
      inputs_.fields.push_back(graph_.Input(field.name, Type::INT64, dims));
      if (field.weighted)
        inputs_.weights[f] = graph_.Input(field.name + " weights", Type::FLOAT, dims);
    }
    for (const NumericField& numeric : spec_.numerics)
      inputs_.numbers.push_back(graph_.Input(numeric.name, Type::FLOAT, {kExamples}));
  }

  std::string Column(const std::string& value) {
    return graph_.Node("Unsqueeze", {value, graph_.Ints({1})});
  }
  std::string SumOver(const std::string& value, std::int64_t axis, bool keeps) {
    return graph_.Node("ReduceSum", {value, graph_.Ints({axis})}, {{"keepdims", keeps ? 1 : 0}});
  }

  // All single-valued fields of a table at once: their keys side by side.
  void AddSingles(std::size_t t) {
    const OnnxTable& table = tables_[t];
    std::vector<std::size_t> fields;
    OnnxGraph::Names keys;
    for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
      const Field& field = spec_.fields[f];
      if (field.multivalent || static_cast<std::size_t>(field.table) != t) continue;
      fields.push_back(f);
      keys.push_back(Column(inputs_.fields[f]));
    }
    if (fields.empty()) return;
    const std::string found = table.Find(Concatenated(keys), &graph_);  // [N, fields]
    if (spec_.tables[t].wide) terms_.push_back(SumOver(table.Weights(found, &graph_), 1, false));
    const int dim = spec_.tables[t].dim;
    if (dim == 0) return;
    const std::string embeddings = table.Embeddings(found, &graph_);  // [N, fields, dim]
    pooled_.push_back(embeddings);
    Block block;
    block.value = graph_.Node(
        "Reshape", {embeddings, graph_.Ints({0, static_cast<std::int64_t>(fields.size()) * dim})});
    for (const std::size_t f : fields) AddColumns(spec_.fields[f], &block);
    blocks_.push_back(std::move(block));
  }

  std::string Concatenated(const OnnxGraph::Names& values) {
    return values.size() == 1 ? values.front() : graph_.Node("Concat", values, {{"axis", 1}});
  }

  static void AddColumns(const Field& field, Block* block) {
    for (int i = 0; i < field.dim; ++i) block->columns.push_back(field.input_offset + i);
  }

  // How much each value of a list counts, [N, L]; empty: all 1, but for the absent ones, whose row
  // is all zeros.
  std::string ScalesOf(std::size_t f) {
    const Field& field = spec_.fields[f];
    if (field.pooling == Pooling::kSum) return inputs_.weights[f];
    const std::string absent = graph_.Node("Equal", {inputs_.fields[f], graph_.Int(0)});
    const std::string present = graph_.Cast(graph_.Node("Not", {absent}), Type::FLOAT);
    const std::string one = graph_.Floats(std::vector<float>{1}, {});
    const std::string values = graph_.Node("Max", {SumOver(present, 1, true), one});
    const std::string shares = graph_.Node("Div", {one, values});  // [N, 1]
    return graph_.Node("Mul", {field.weighted ? inputs_.weights[f] : present, shares});
  }

  // Mean pooling divides the sum of the weights of the wide part too.
  void AddList(std::size_t f) {
    const Field& field = spec_.fields[f];
    const OnnxTable& table = tables_[static_cast<std::size_t>(field.table)];
    const std::string found = table.Find(inputs_.fields[f], &graph_);  // [N, L]
    const std::string scales = ScalesOf(f);
    if (field.wide) {
      const std::string weights = table.Weights(found, &graph_);
      terms_.push_back(
          SumOver(scales.empty() ? weights : graph_.Node("Mul", {weights, scales}), 1, false));
    }
    if (field.dim == 0) return;
    std::string embeddings = table.Embeddings(found, &graph_);  // [N, L, dim]
    if (!scales.empty()) {
      const std::string each = graph_.Node("Unsqueeze", {scales, graph_.Ints({2})});
      embeddings = graph_.Node("Mul", {embeddings, each});
    }
    Block block;
    block.value = SumOver(embeddings, 1, false);  // [N, dim]
    pooled_.push_back(Column(block.value));
    AddColumns(field, &block);
    blocks_.push_back(std::move(block));
  }

  // The numeric columns side by side, after their transforms.
  void AddNumbers() {
    if (spec_.numerics.empty()) return;
    OnnxGraph::Names columns;
    Block block;
    std::vector<float> weights;
    for (std::size_t n = 0; n < spec_.numerics.size(); ++n) {
      const NumericField& numeric = spec_.numerics[n];
      columns.push_back(Column(inputs_.numbers[n]));
      block.columns.push_back(numeric.deep ? numeric.input_offset : -1);
      weights.push_back(numeric.wide
                            ? model_.rows().dense()[static_cast<std::size_t>(numeric.wide_offset)]
                            : 0.0F);
    }
    block.value = TransformedNumbers(model_, Concatenated(columns), &graph_);
    if (std::any_of(spec_.numerics.begin(), spec_.numerics.end(),
                    [](const NumericField& numeric) { return numeric.wide; }))
      terms_.push_back(graph_.Node(
          "MatMul",
          {block.value, graph_.Floats(weights, {static_cast<std::int64_t>(weights.size())})}));
    blocks_.push_back(std::move(block));
  }

  void AddBias() {
    // As many as there are examples, whatever else the model has.
    terms_.push_back(graph_.Floats(model_.rows().dense().first(1), {1}));
  }

  void AddLayers() {
    const std::vector<DenseArray> arrays = DenseArrays(spec_, model_.rows().dense());
    const auto array = [&](const std::string& name) -> const DenseArray& {
      return *std::find_if(arrays.begin(), arrays.end(),
                           [&](const DenseArray& a) { return a.name == name; });
    };
    OnnxGraph::Names pieces;
    for (const Block& block : blocks_) pieces.push_back(block.value);
    std::string x = Concatenated(pieces);
    for (std::size_t l = 0; l < spec_.layers.size(); ++l) {
      const DenseArray& weights = array(fmt::format("layer{}.weights", l));
      const DenseArray& bias = array(fmt::format("layer{}.bias", l));
      StoredLayer& layer = layers_.emplace_back();
      layer.weights = l == 0 ? InOrderOfBlocks(weights) : weights.values;
      const std::int64_t outputs = spec_.layers[l].outputs;
      layer.place =
          graph_.Store(Type::FLOAT, sizeof(float),
                       {static_cast<std::int64_t>(layer.weights.size()) / outputs, outputs});
      x = graph_.Node("Gemm", {x, layer.place.name, graph_.Floats(bias.values, {outputs})});
      if (l + 1 < spec_.layers.size()) x = graph_.Node("Relu", {x});
    }
    terms_.push_back(graph_.Node("Squeeze", {x, graph_.Ints({1})}));
  }

  // The first layer's weights, a row for each column of the blocks.
  std::vector<float> InOrderOfBlocks(const DenseArray& weights) const {
    const auto outputs = static_cast<std::size_t>(weights.shape[1]);
    std::vector<float> ordered;
    for (const Block& block : blocks_) {
      for (const int column : block.columns) {
        if (column < 0) {
          ordered.resize(ordered.size() + outputs);
          continue;
        }
        const float* const row = weights.values.data() + static_cast<std::size_t>(column) * outputs;
        ordered.insert(ordered.end(), row, row + outputs);
      }
    }
    return ordered;
  }

  // The products of each pair of fields: half of the square of the sum less the sum of the squares
  // (Rendle 2010, lemma 3.1).
  void AddPairs() {
    const std::string all = Concatenated(pooled_);  // [N, fields, dim]
    const std::string sum = SumOver(all, 1, false);
    const std::string squares = SumOver(graph_.Node("Mul", {all, all}), 1, false);
    const std::string twice = graph_.Node("Sub", {graph_.Node("Mul", {sum, sum}), squares});
    const std::string half = graph_.Floats(std::vector<float>{0.5F}, {});
    terms_.push_back(graph_.Node("Mul", {SumOver(twice, 1, false), half}));
  }

  void AddMetadata() {
    const auto add = [&](const char* key, const std::string& value) {
      auto* const entry = graph_.model().add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    };
    const Manifest& manifest = model_.model().manifest;
    add("fathom", OnnxInputsJson(model_, inputs_));
    add("fathom.step", std::to_string(manifest.step));
    add("fathom.model", fmt::format("{:016x}", manifest.digest));
  }

  const Scorer& model_;
  const ModelSpec& spec_;
  OnnxGraph graph_;
  OnnxInputs inputs_;
  std::vector<OnnxTable> tables_;
  std::vector<Block> blocks_;  // of the first layer's input
  OnnxGraph::Names pooled_;    // [N, fields, dim], of the fields that have embeddings
  OnnxGraph::Names terms_;     // of the logit
  std::vector<StoredLayer> layers_;
};

void Check(const std::filesystem::path& model) {
  try {
    onnx::checker::check_model(model.string());
  } catch (const std::exception& error) {
    Fail(ExitCode::kModel, "{}: ONNX's checker refuses it: {}", model.string(), error.what());
  }
}

}  // namespace

std::string ExportOnnx(const ExportRequest& request, const Scorer& model) {
  ModelGraph graph(request, model);
  graph.Build();
  PublishExport(request.out, kOnnxSeal, [&](const std::filesystem::path& folder) {
    graph.Write(folder);
    Check(folder / kOnnxSeal.file);
  });
  return fmt::format("onnx: {}, {} nodes, {} inputs, {} rows, {:.1f} MB in {}\n",
                     request.out.string(), graph.nodes(), graph.inputs(), graph.rows(),
                     static_cast<double>(graph.stored_bytes()) / 1e6, kDataFile);
}

}  // namespace fathom
