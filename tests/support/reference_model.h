// Wide & Deep in double precision with plain loops: an oracle that shares no arithmetic with the
// product. Rows are maps, layers are nested loops.
#pragma once

#include <cmath>
#include <map>
#include <vector>

#include "common/model/model_spec.h"
#include "worker/data/packed_data.h"

namespace fathom::testing {

// Calls use(field, key, scale) for each value of the example's sparse fields.
template <typename Use>
void ForEachValue(const ModelSpec& spec, const ExampleView& example, Use use) {
  std::size_t single = 0;
  int list = 0;
  for (const Field& field : spec.fields) {
    if (!field.multivalent) {
      use(field, example.keys[single++], 1.0);
      continue;
    }
    const auto keys = example.list(list);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      double scale = field.weighted ? static_cast<double>(example.weights(list)[i]) : 1.0;
      if (field.pooling == Pooling::kMean) scale /= static_cast<double>(keys.size());
      use(field, keys[i], scale);
    }
    ++list;
  }
}

// Parameters, or their gradients.
struct ReferenceParameters {
  std::vector<std::map<Key, double>> wide;               // by table
  std::vector<std::map<Key, std::vector<double>>> deep;  // by table
  std::vector<double> dense;

  explicit ReferenceParameters(const ModelSpec& spec)
      : wide(spec.tables.size()),
        deep(spec.tables.size()),
        dense(static_cast<std::size_t>(spec.dense_floats), 0.0) {}
};

class ReferenceModel {
 public:
  explicit ReferenceModel(const ModelSpec& spec) : spec_(spec) {}

  double Logit(const ReferenceParameters& p, const ExampleView& example) const {
    return Run(p, example, nullptr);
  }

  static double Loss(double logit, int label) {
    return std::log1p(std::exp(label == 1 ? -logit : logit));
  }

  // Adds the gradient of the example's log loss; returns the loss.
  double AddGradient(const ReferenceParameters& p, const ExampleView& example,
                     ReferenceParameters* gradient) const {
    std::vector<std::vector<double>> activations;
    const double logit = Run(p, example, &activations);
    const double d = 1 / (1 + std::exp(-logit)) - example.label;
    gradient->dense[0] += d;
    for (std::size_t n = 0; n < spec_.numerics.size(); ++n) {
      if (spec_.numerics[n].wide)
        gradient->dense[static_cast<std::size_t>(spec_.numerics[n].wide_offset)] +=
            d * example.numerics[n];
    }
    std::vector<double> above = {d};
    for (std::size_t l = spec_.layers.size(); l-- > 0;)
      above = BackThroughLayer(p, l, activations[l], l + 1 < spec_.layers.size(),
                               activations[l + 1], above, gradient);
    if (spec_.Has(ModelPartKind::kFm)) {
      const std::vector<double>& x = activations.front();
      ForEachPair([&](std::size_t a, std::size_t b) {
        above[a] += d * x[b];
        above[b] += d * x[a];
      });
    }
    ForEachValue(spec_, example, [&](const Field& field, Key key, double scale) {
      const auto t = static_cast<std::size_t>(field.table);
      if (field.wide) gradient->wide[t][key] += scale * d;
      if (field.dim == 0) return;
      auto& row = gradient->deep[t][key];
      row.resize(static_cast<std::size_t>(field.dim));
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] += scale * above[static_cast<std::size_t>(field.input_offset) + i];
    });
    return Loss(logit, example.label);
  }

  // The fm part by its definition: calls use(a, b) for each element of each pair of fields, once;
  // a and b are its places in the MLP's input.
  template <typename UsePair>
  void ForEachPair(UsePair use) const {
    for (std::size_t i = 0; i < spec_.fields.size(); ++i) {
      for (std::size_t j = i + 1; j < spec_.fields.size(); ++j) {
        const Field& a = spec_.fields[i];
        const Field& b = spec_.fields[j];
        for (int d = 0; d < std::min(a.dim, b.dim); ++d)
          use(static_cast<std::size_t>(a.input_offset + d),
              static_cast<std::size_t>(b.input_offset + d));
      }
    }
  }

 private:
  // activations: the input, then each layer's output after its ReLU.
  double Run(const ReferenceParameters& p, const ExampleView& example,
             std::vector<std::vector<double>>* activations) const {
    double logit = p.dense[0];
    std::vector<double> x(static_cast<std::size_t>(spec_.input_width), 0.0);
    for (std::size_t n = 0; n < spec_.numerics.size(); ++n) {
      const NumericField& numeric = spec_.numerics[n];
      if (numeric.wide)
        logit += p.dense[static_cast<std::size_t>(numeric.wide_offset)] * example.numerics[n];
      if (numeric.deep) x[static_cast<std::size_t>(numeric.input_offset)] = example.numerics[n];
    }
    ForEachValue(spec_, example, [&](const Field& field, Key key, double scale) {
      const auto t = static_cast<std::size_t>(field.table);
      if (field.wide) logit += scale * p.wide[t].at(key);
      for (int i = 0; i < field.dim; ++i)
        x[static_cast<std::size_t>(field.input_offset + i)] +=
            scale * p.deep[t].at(key)[static_cast<std::size_t>(i)];
    });
    if (activations != nullptr) activations->push_back(x);
    if (spec_.Has(ModelPartKind::kFm)) {
      ForEachPair([&](std::size_t a, std::size_t b) { logit += x[a] * x[b]; });
    }
    for (std::size_t l = 0; l < spec_.layers.size(); ++l) {
      const LayerSpec& layer = spec_.layers[l];
      std::vector<double> out(static_cast<std::size_t>(layer.outputs));
      for (int o = 0; o < layer.outputs; ++o) {
        double sum = p.dense[static_cast<std::size_t>(layer.bias_offset + o)];
        for (int i = 0; i < layer.inputs; ++i)
          sum += x[static_cast<std::size_t>(i)] *
                 p.dense[static_cast<std::size_t>(layer.weight_offset + i * layer.outputs + o)];
        out[static_cast<std::size_t>(o)] = l + 1 < spec_.layers.size() ? std::max(0.0, sum) : sum;
      }
      x = out;
      if (activations != nullptr) activations->push_back(x);
    }
    return spec_.layers.empty() ? logit : logit + x[0];
  }

  std::vector<double> BackThroughLayer(const ReferenceParameters& p, std::size_t l,
                                       const std::vector<double>& in, bool relu,
                                       const std::vector<double>& out, std::vector<double> above,
                                       ReferenceParameters* gradient) const {
    const LayerSpec& layer = spec_.layers[l];
    std::vector<double> below(static_cast<std::size_t>(layer.inputs), 0.0);
    for (int o = 0; o < layer.outputs; ++o) {
      const double g =
          relu && out[static_cast<std::size_t>(o)] <= 0 ? 0 : above[static_cast<std::size_t>(o)];
      gradient->dense[static_cast<std::size_t>(layer.bias_offset + o)] += g;
      for (int i = 0; i < layer.inputs; ++i) {
        const auto w = static_cast<std::size_t>(layer.weight_offset + i * layer.outputs + o);
        gradient->dense[w] += g * in[static_cast<std::size_t>(i)];
        below[static_cast<std::size_t>(i)] += g * p.dense[w];
      }
    }
    return below;
  }

  const ModelSpec& spec_;
};

}  // namespace fathom::testing
