#include "launcher/serve/catalogue.h"

#include <algorithm>

#include "common/error.h"
#include "worker/feature/side_rows.h"

namespace fathom {

Catalogue::Catalogue(const std::filesystem::path& file) : file_(std::filesystem::absolute(file)) {
  const JoinConfig as_table{.file = file_.string()};
  ForEachSideRow(DataConfig{}, as_table,
                 [&](const std::vector<std::string_view>& fields, std::uint64_t line) {
                   if (columns_.empty()) {
                     columns_.assign(fields.begin(), fields.end());
                     return;
                   }
                   if (fields.size() != columns_.size())
                     Fail(ExitCode::kData, "{}:{}: it has {} fields, and the header {}",
                          file_.string(), line, fields.size(), columns_.size());
                   fields_.insert(fields_.end(), fields.begin(), fields.end());
                 });
  if (fields_.empty())
    Fail(ExitCode::kData, "{}: it has no rows: a catalogue is CSV with a header", file_.string());
}

CatalogueColumns::CatalogueColumns(const Catalogue& catalogue, const InputColumns& model)
    : catalogue_(catalogue) {
  const auto& names = catalogue.columns();
  for (std::size_t column = 0; column < names.size(); ++column) {
    const std::size_t slot = model.Find(names[column]);
    if (slot == model.columns().size()) continue;
    if (Gives(slot))
      Fail(ExitCode::kData, "{}: the column \"{}\" is there twice", catalogue.file().string(),
           names[column]);
    slots_.emplace_back(slot, column);
  }
  if (slots_.empty())
    Fail(ExitCode::kData,
         "{}: none of its columns is one that the model reads: fathom inspect shows those",
         catalogue.file().string());
}

bool CatalogueColumns::Gives(std::size_t slot) const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const auto& given) { return given.first == slot; });
}

}  // namespace fathom
