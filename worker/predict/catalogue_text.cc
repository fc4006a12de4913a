#include "worker/predict/catalogue_text.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "worker/predict/text_table.h"

namespace fathom {

CatalogueText::CatalogueText(std::string name, std::vector<std::string> columns)
    : name_(std::move(name)), columns_(std::move(columns)), begins_(1) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (Column(columns_[c]) != c)
      Fail(ExitCode::kData, "{}: the column \"{}\" comes twice: rename one", name_, columns_[c]);
  }
}

void CatalogueText::Add(std::span<const std::string_view> texts, std::uint64_t line) {
  for (const std::string_view text : texts) {
    texts_ += text;
    begins_.push_back(texts_.size());
    given_.push_back(text.data() != nullptr ? 1 : 0);
  }
  lines_.push_back(line);
}

std::size_t CatalogueText::Column(std::string_view name) const {
  return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) -
                                  columns_.begin());
}

std::string_view CatalogueText::At(std::size_t item, std::size_t column) const {
  const std::size_t at = item * columns_.size() + column;
  if (given_[at] == 0) return {};
  return std::string_view(texts_).substr(begins_[at], begins_[at + 1] - begins_[at]);
}

std::string CatalogueText::Where(std::size_t item) const {
  return lines_[item] == 0 ? fmt::format("{}: item {}", name_, item)
                           : fmt::format("{}:{}", name_, lines_[item]);
}

CatalogueText ReadCatalogue(const std::filesystem::path& file, const Scorer& scorer,
                            const std::vector<std::string>& reader) {
  std::vector<std::string> wanted;
  for (const ScoringInput& input : scorer.inputs()) {
    if (std::find(reader.begin(), reader.end(), input.name) == reader.end())
      wanted.push_back(input.name);
  }
  TextTable table(file, scorer, wanted);
  CatalogueText text(file.string(), table.columns());
  table.ForEach([&](const std::vector<std::string_view>& fields, std::uint64_t line) {
    text.Add(fields, line);
  });
  if (text.items() == 0)
    Fail(ExitCode::kData, "{}: it holds no items: a catalogue has a line for each", file.string());
  return text;
}

}  // namespace fathom
