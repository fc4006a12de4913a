#include "common/model/warm_mapping.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {
namespace {

template <typename Input>
const Input* Find(const std::vector<Input>& inputs, const std::string& name) {
  const auto found = std::find_if(inputs.begin(), inputs.end(),
                                  [&](const Input& input) { return input.name == name; });
  return found == inputs.end() ? nullptr : &*found;
}

std::string FormOf(const Field& field) {
  return fmt::format("{}{}", field.wide ? "a wide weight" : "no wide weight",
                     field.dim > 0 ? fmt::format(", an embedding of {} floats", field.dim)
                                   : std::string(", no embedding"));
}

class Mapper {
 public:
  Mapper(const ModelSpec& from, const ModelSpec& to) : from_(from), to_(to) {
    map_.tables.resize(from.tables.size());
    first_layer_ = !from.layers.empty() && !to.layers.empty() && Fits(0, false);
  }

  WarmMapping Map() {
    map_.dense.push_back({0, 0, 1});  // the bias
    for (const Field& field : to_.fields) MapField(field);
    for (const NumericField& number : to_.numerics) MapNumber(number);
    for (const Field& field : from_.fields) SayGone(to_.fields, field.name);
    for (const NumericField& number : from_.numerics) SayGone(to_.numerics, number.name);
    MapLayers();
    return std::move(map_);
  }

 private:
  // Whether layer l is the same in both; of the first one the inputs are matched one by one.
  bool Fits(std::size_t l, bool inputs) const {
    const LayerSpec& a = from_.layers[l];
    const LayerSpec& b = to_.layers[l];
    const bool last = l + 1 == from_.layers.size();
    return a.outputs == b.outputs && last == (l + 1 == to_.layers.size()) &&
           (!inputs || a.inputs == b.inputs);
  }

  // The first layer's rows of some of its inputs.
  WarmMapping::Run RowsOfFirst(int from_input, int to_input, int count) const {
    const auto outputs = static_cast<std::size_t>(to_.layers[0].outputs);
    const auto place = [&](const ModelSpec& spec, int input) {
      return static_cast<std::size_t>(spec.layers[0].weight_offset) +
             static_cast<std::size_t>(input) * outputs;
    };
    return {from_input < 0 ? 0 : place(from_, from_input), place(to_, to_input),
            static_cast<std::size_t>(count) * outputs};
  }

  void MapField(const Field& field) {
    const Field* const then = Find(from_.fields, field.name);
    if (then == nullptr) {
      map_.not_taken.push_back(field.name + ": the model has no such column");
    } else if (then->wide != field.wide || then->dim != field.dim) {
      map_.not_taken.push_back(fmt::format("{}: it has {} in the model, and {} now", field.name,
                                           FormOf(*then), FormOf(field)));
    } else {
      map_.tables[static_cast<std::size_t>(then->table)] = static_cast<std::size_t>(field.table);
      map_.taken.push_back(field.name);
      if (first_layer_ && field.dim > 0)
        map_.dense.push_back(RowsOfFirst(then->input_offset, field.input_offset, field.dim));
    }
  }

  void MapNumber(const NumericField& number) {
    const NumericField* const then = Find(from_.numerics, number.name);
    if (then == nullptr) {
      map_.not_taken.push_back(number.name + ": the model has no such column");
    } else if (then->wide != number.wide || then->deep != number.deep) {
      map_.not_taken.push_back(number.name + ": other parts of the model use it");
    } else {
      map_.taken.push_back(number.name);
    }
    if (then != nullptr && then->wide && number.wide) {
      map_.dense.push_back({static_cast<std::size_t>(then->wide_offset),
                            static_cast<std::size_t>(number.wide_offset), 1});
    }
    if (!number.deep || !first_layer_) return;
    if (then != nullptr && then->deep) {
      map_.dense.push_back(RowsOfFirst(then->input_offset, number.input_offset, 1));
    } else {
      map_.zeros.push_back(RowsOfFirst(-1, number.input_offset, 1));
    }
  }

  template <typename Input>
  void SayGone(const std::vector<Input>& now, const std::string& name) {
    if (Find(now, name) == nullptr)
      map_.not_taken.push_back(name + ": the config has no such column any more");
  }

  void MapLayers() {
    bool fits = true;  // so far
    for (std::size_t l = 0; l < to_.layers.size(); ++l) {
      const bool there = l < from_.layers.size();
      fits = fits && there && Fits(l, l > 0);
      const LayerSpec& to = to_.layers[l];
      if (!fits) {
        map_.not_taken.push_back(fmt::format("layer {} of {} outputs: the model has {}", l + 1,
                                             to.outputs, DescribeLayer(l)));
        continue;
      }
      const LayerSpec& from = from_.layers[l];
      const auto outputs = static_cast<std::size_t>(to.outputs);
      if (l > 0) {
        map_.dense.push_back({static_cast<std::size_t>(from.weight_offset),
                              static_cast<std::size_t>(to.weight_offset),
                              static_cast<std::size_t>(to.inputs) * outputs});
      }
      map_.dense.push_back({static_cast<std::size_t>(from.bias_offset),
                            static_cast<std::size_t>(to.bias_offset), outputs});
      map_.taken.push_back(fmt::format("layer {}", l + 1));
    }
  }

  std::string DescribeLayer(std::size_t l) const {
    if (l >= from_.layers.size()) return "no such layer";
    return fmt::format("{} outputs there, or another layer below it", from_.layers[l].outputs);
  }

  const ModelSpec& from_;
  const ModelSpec& to_;
  bool first_layer_ = false;  // taken over, input by input
  WarmMapping map_;
};

}  // namespace

WarmMapping MapByName(const ModelSpec& from, const ModelSpec& to) { return Mapper(from, to).Map(); }

}  // namespace fathom
