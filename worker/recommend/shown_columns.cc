#include "worker/recommend/shown_columns.h"

#include <algorithm>

#include "common/error.h"

namespace fathom {

ShownColumns::ShownColumns(const Catalogue& catalogue, const std::vector<std::string>& names)
    : catalogue_(catalogue), items_(catalogue), names_(names) {
  if (names_.empty()) {
    for (const std::string& column : catalogue.text().columns()) {
      const auto& inputs = catalogue.scorer().inputs();
      const auto input = std::find_if(inputs.begin(), inputs.end(),
                                      [&](const ScoringInput& of) { return of.name == column; });
      if (input == inputs.end() || input->required) names_.push_back(column);
    }
  }
  for (const std::string& name : names_) {
    Source source;
    if (!Find(name, &source)) {
      Fail(ExitCode::kUsage,
           "column {}: neither the catalogue nor the model has it of an item; there are: {}", name,
           fmt::join(All(), ", "));
    }
    sources_.push_back(source);
  }
}

// The joined tables whose key the items have; a table's own key column is the catalogue's.
bool ShownColumns::Find(const std::string& name, Source* source) const {
  source->column = catalogue_.text().Column(name);
  if (source->column < catalogue_.text().columns().size()) return true;
  const InputSchema& schema = catalogue_.scorer().schema();
  for (std::size_t j = 0; j < schema.joins().size(); ++j) {
    const SideTable& table = schema.joins()[j];
    if (!catalogue_.Gives(schema.Slot(table.join().key))) continue;
    const auto place = std::find(table.columns().begin(), table.columns().end(), name);
    if (place == table.columns().end()) continue;
    *source = {static_cast<int>(j), static_cast<std::size_t>(place - table.columns().begin())};
    return true;
  }
  return false;
}

std::vector<std::string> ShownColumns::All() const {
  std::vector<std::string> all = catalogue_.text().columns();
  for (const SideTable& table : catalogue_.scorer().schema().joins()) {
    for (const std::string& column : table.columns()) {
      Source source;
      const bool there = std::find(all.begin(), all.end(), column) != all.end();
      if (!there && Find(column, &source)) all.push_back(column);
    }
  }
  return all;
}

std::vector<std::string_view> ShownColumns::Of(std::size_t item) {
  std::vector<std::string_view> texts;
  const InputSchema& schema = catalogue_.scorer().schema();
  const auto& values = items_.Read(item);
  for (const Source& source : sources_) {
    if (source.join < 0) {
      texts.push_back(catalogue_.text().At(item, source.column));
      continue;
    }
    const SideTable& table = schema.joins()[static_cast<std::size_t>(source.join)];
    const auto* row = table.Find(std::string(values[schema.Slot(table.join().key)]));
    texts.push_back(row == nullptr ? std::string_view() : (*row)[source.column]);
  }
  return texts;
}

}  // namespace fathom
