// A file whose lines have columns of a model: with a header and any other columns beside, or as the
// lines that the model was trained on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/predict/scorer.h"
#include "worker/text/separator.h"

namespace fathom {

// Thread rule: one thread's own. The scorer must outlive it.
class TextTable {
 public:
  // A file with a header has one of the columns `wanted` in it: the model's own separator, commas
  // and tabs are tried. Another is read as data.format says; its columns are those of `wanted` that
  // come from the line. Throws Error(kData): it cannot be read, a pipe, it has none of `wanted`.
  TextTable(const std::filesystem::path& file, const Scorer& scorer,
            const std::vector<std::string>& wanted);

  const std::vector<std::string>& columns() const { return columns_; }

  // Calls row(texts by column, line) for each line but the header and blank ones. Throws
  // Error(kData): a bad line.
  using Row = std::function<void(const std::vector<std::string_view>& texts, std::uint64_t line)>;
  void ForEach(const Row& row) const;

 private:
  bool FindHeader(std::string_view first, const std::vector<std::string>& wanted);
  void ForEachWithHeader(const Row& row) const;
  void ForEachOfFormat(const Row& row) const;
  std::string Split(std::string_view record, std::vector<std::string_view>* fields,
                    std::string* unescaped) const;

  std::string file_;
  const DataConfig& data_;
  std::vector<std::string> columns_;
  Separator separator_ = Separator(0);  // of a file with a header; none: it has the model's format
  bool quoted_ = true;
};

}  // namespace fathom
