// The gradients of one step, slice by slice, and what workers would send of them: for any number
// of workers and servers, from the same slices. The sums here follow the definition of the slice
// tree by recursion and share no code with TreeSum.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "common/message/pull_message.h"
#include "common/model/dense_range.h"
#include "common/net/payload.h"
#include "common/schedule/slice_tree.h"

namespace fathom {

class SimulatedStep {
 public:
  using Values = std::vector<float>;  // wide, if any, then deep

  // Gradients of magnitudes that differ widely, so that another order of additions shows.
  SimulatedStep(std::vector<TableSpec> tables, std::size_t dense_floats, std::uint32_t slices,
                std::uint64_t seed)
      : tables_(std::move(tables)), slices_(slices), rows_(tables_.size()) {
    std::mt19937_64 random(seed);
    std::vector<std::vector<Key>> vocabularies(tables_.size());
    for (auto& vocabulary : vocabularies) {
      for (int i = 0; i < 60; ++i) vocabulary.push_back(random());
    }
    const auto value = [&] {
      const double exponent = static_cast<double>(random() % 80) / 10 - 4;
      return static_cast<float>((random() % 2 == 0 ? 1 : -1) * std::pow(10, exponent) * 1e-3);
    };
    dense_.resize(slices);
    for (std::size_t t = 0; t < tables_.size(); ++t) rows_[t].resize(slices);
    for (std::uint32_t s = 0; s < slices; ++s) {
      for (std::size_t t = 0; t < tables_.size(); ++t) {
        for (const Key key : vocabularies[t]) {
          if (random() % 3 == 0) continue;
          Values& values = rows_[t][s][key];
          for (int i = 0; i < tables_[t].pulled_floats(); ++i) values.push_back(value());
        }
      }
      for (std::size_t i = 0; i < dense_floats; ++i) dense_[s].push_back(value());
    }
  }

  const std::vector<TableSpec>& tables() const { return tables_; }
  std::uint32_t slices() const { return slices_; }
  // Puts a value into the gradient of a slice's first row.
  void Spoil(std::size_t table, std::uint32_t slice, std::size_t element, float value) {
    rows_[table][slice].begin()->second[element] = value;
  }
  Key FirstKey(std::size_t table, std::uint32_t slice) const {
    return rows_[table][slice].begin()->first;
  }
  void SpoilDense(std::uint32_t slice, std::size_t element, float value) {
    dense_[slice][element] = value;
  }

  // The sum of a key's gradients over the slices below a node; nothing if no slice has it.
  std::optional<Values> Sum(std::size_t table, Key key, TreeNode node) const {
    return SumBelow(node, [&](std::uint32_t slice) -> const Values* {
      const auto found = rows_[table][slice].find(key);
      return found == rows_[table][slice].end() ? nullptr : &found->second;
    });
  }
  std::optional<Values> DenseSum(TreeNode node) const {
    return SumBelow(node, [&](std::uint32_t slice) { return &dense_[slice]; });
  }
  TreeNode root() const {
    std::uint32_t level = 0;
    while ((1u << level) < slices_) ++level;
    return {0, level};
  }

  // The keys that a worker pulls from a server, by table, ascending.
  std::vector<std::vector<Key>> Keys(int worker, int workers, int server, int servers) const {
    const auto [begin, end] = SlicesOfWorker(slices_, worker, workers);
    std::vector<std::vector<Key>> keys;
    for (std::size_t t = 0; t < tables_.size(); ++t) {
      std::set<Key> unique;
      for (std::uint32_t s = begin; s < end; ++s) {
        for (const auto& [key, values] : rows_[t][s]) {
          if (Partitions().ServerOf(Partitions().Of(key), servers) == server) unique.insert(key);
        }
      }
      keys.emplace_back(unique.begin(), unique.end());
    }
    return keys;
  }

  Buffer Pull(int worker, int workers, int server, int servers) const {
    PullMessage message{.will_push = true, .wants_dense = true, .keys = {}};
    const auto keys = Keys(worker, workers, server, servers);
    for (const auto& table : keys) message.keys.emplace_back(table);
    return EncodePull(message);
  }

  Buffer Push(int worker, int workers, int server, int servers) const {
    const auto [begin, end] = SlicesOfWorker(slices_, worker, workers);
    const auto nodes = TreeNodes(begin, end, slices_);
    const auto keys = Keys(worker, workers, server, servers);
    PayloadWriter writer;
    writer.Put<std::uint32_t>(slices_);
    writer.Put<std::uint32_t>(static_cast<std::uint32_t>(nodes.size()));
    for (const TreeNode& node : nodes) {
      writer.Put<std::uint32_t>(node.first_slice);
      writer.Put<std::uint32_t>(node.level);
      const auto dense = DenseSum(node);
      const auto [first, last] = DenseRange(dense->size(), server, servers);
      writer.Put<std::uint64_t>(last - first);
      writer.PutArray(std::span<const float>(*dense).subspan(first, last - first));
      for (std::size_t t = 0; t < tables_.size(); ++t) PutTable(t, node, keys[t], &writer);
    }
    return writer.Take();
  }

 private:
  template <typename ValuesOfSlice>
  std::optional<Values> SumBelow(TreeNode node, const ValuesOfSlice& values_of) const {
    if (node.first_slice >= slices_) return std::nullopt;
    if (node.level == 0) {
      const Values* values = values_of(node.first_slice);
      return values == nullptr ? std::nullopt : std::optional(*values);
    }
    const std::uint32_t half = 1u << (node.level - 1);
    auto left = SumBelow(TreeNode{node.first_slice, node.level - 1}, values_of);
    auto right = SumBelow(TreeNode{node.first_slice + half, node.level - 1}, values_of);
    if (!left) return right;
    if (!right) return left;
    for (std::size_t i = 0; i < left->size(); ++i) (*left)[i] += (*right)[i];
    return left;
  }

  void PutTable(std::size_t table, TreeNode node, const std::vector<Key>& keys,
                PayloadWriter* writer) const {
    std::vector<std::uint32_t> positions;
    Values wide;
    Values deep;
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
      const auto sum = Sum(table, keys[i], node);
      if (!sum) continue;
      positions.push_back(i);
      const auto deep_begin = sum->begin() + (tables_[table].wide ? 1 : 0);
      wide.insert(wide.end(), sum->begin(), deep_begin);
      deep.insert(deep.end(), deep_begin, sum->end());
    }
    const bool all = positions.size() == keys.size();
    writer->Put<std::uint64_t>(positions.size());
    writer->Put<std::uint64_t>(all ? 1 : 0);
    if (!all) writer->PutArray(std::span<const std::uint32_t>(positions));
    if (tables_[table].wide) writer->PutArray(std::span<const float>(wide));
    if (tables_[table].dim > 0) writer->PutArray(std::span<const float>(deep));
  }

  std::vector<TableSpec> tables_;
  std::uint32_t slices_;
  std::vector<std::vector<std::map<Key, Values>>> rows_;  // [tables][slices]
  std::vector<Values> dense_;                             // [slices][dense_floats]
};

}  // namespace fathom
