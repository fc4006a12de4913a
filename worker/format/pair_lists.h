// The wanted columns' values where a line names the column of each: libsvm, libffm, vw.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

inline constexpr std::string_view kLabelColumn = "label";
inline constexpr std::string_view kFeaturesColumn = "features";  // what no other column names

// Thread rule: one thread's own.
class PairLists {
 public:
  explicit PairLists(std::vector<std::string> wanted)
      : wanted_(std::move(wanted)), texts_(wanted_.size()) {}

  const std::vector<std::string>& wanted() const { return wanted_; }

  // The number of a wanted column; wanted().size() where it is not wanted.
  std::size_t Slot(std::string_view column) const;
  bool Wants(std::string_view column) const { return Slot(column) < wanted_.size(); }

  // Begins a line.
  void Clear();

  // One more value of a wanted column, after a blank if it is not the first. The caller may append
  // to what is returned before its next call.
  std::string& Add(std::size_t slot, std::string_view text);

  // Sets values[i] to wanted column i. Valid until the next Clear.
  void Get(std::vector<std::string_view>* values) const {
    values->assign(texts_.begin(), texts_.end());
  }

 private:
  std::vector<std::string> wanted_;
  std::vector<std::string> texts_;  // by wanted column
};

}  // namespace fathom
