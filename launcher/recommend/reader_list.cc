#include "launcher/recommend/reader_list.h"

#include <algorithm>

#include "common/error.h"
#include "worker/predict/text_table.h"

namespace fathom {
namespace {

// The columns of the model that the catalogue leaves to the reader.
std::vector<std::string> ReaderColumns(const Catalogue& catalogue) {
  std::vector<std::string> columns;
  const auto& inputs = catalogue.scorer().inputs();
  for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
    if (!catalogue.Gives(slot)) columns.push_back(inputs[slot].name);
  }
  return columns;
}

}  // namespace

ReaderList::ReaderList(const Catalogue& catalogue, const std::vector<std::string>& given,
                       const std::filesystem::path& file)
    : catalogue_(catalogue) {
  std::vector<std::string> shared;
  for (const std::string& pair : given) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos)
      Fail(ExitCode::kUsage, "--user {}: write it as COLUMN=VALUE", pair);
    AddColumn(pair.substr(0, equals), "--user");
    shared.push_back(pair.substr(equals + 1));
  }
  if (file.empty()) {
    texts_.push_back(shared);
    RequireAll();
    return;
  }
  // Those of the file come first: they tell its readers apart.
  const std::vector<std::string> of_all = std::exchange(columns_, {});
  const std::vector<std::string> own = ReaderColumns(catalogue);
  if (own.empty())
    Fail(ExitCode::kUsage,
         "--users {}: the catalogue has all columns of the model's input, and leaves none to "
         "readers",
         file.string());
  const TextTable table(file, catalogue.scorer(), own);
  std::vector<std::size_t> places;
  for (std::size_t c = 0; c < table.columns().size(); ++c) {
    if (std::find(own.begin(), own.end(), table.columns()[c]) == own.end()) continue;
    AddColumn(table.columns()[c], file.string());
    places.push_back(c);
  }
  for (const std::string& column : of_all) AddColumn(column, "--user");
  table.ForEach([&](const std::vector<std::string_view>& texts, std::uint64_t) {
    std::vector<std::string>& reader = texts_.emplace_back();
    for (const std::size_t place : places) reader.emplace_back(texts[place]);
    reader.insert(reader.end(), shared.begin(), shared.end());
  });
  if (texts_.empty()) Fail(ExitCode::kData, "{}: it holds no readers", file.string());
  RequireAll();
}

void ReaderList::AddColumn(const std::string& column, const std::string& from) {
  const std::vector<std::string> own = ReaderColumns(catalogue_);
  if (std::find(own.begin(), own.end(), column) == own.end()) {
    const auto& inputs = catalogue_.scorer().inputs();
    const bool of_catalogue =
        std::any_of(inputs.begin(), inputs.end(),
                    [&](const ScoringInput& input) { return input.name == column; });
    if (own.empty())
      Fail(ExitCode::kUsage,
           "{}: {}: the catalogue has all columns of the model's input, and leaves none to the "
           "reader: leave it out",
           from, column);
    Fail(ExitCode::kUsage, "{}: {} {}; the reader's columns are: {}", from, column,
         of_catalogue ? "comes from the catalogue for each item"
                      : "is no column of the model's input",
         fmt::join(own, ", "));
  }
  if (std::find(columns_.begin(), columns_.end(), column) != columns_.end())
    Fail(ExitCode::kUsage, "{}: {} is given twice", from, column);
  columns_.push_back(column);
}

// What nobody gives is more often forgotten than unknown.
void ReaderList::RequireAll() const {
  const auto& inputs = catalogue_.scorer().inputs();
  for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
    const std::string& name = inputs[slot].name;
    if (catalogue_.Gives(slot) || !inputs[slot].required) continue;
    if (std::find(columns_.begin(), columns_.end(), name) != columns_.end()) continue;
    Fail(ExitCode::kUsage,
         "the model reads the column {}, which neither the catalogue nor --user gives: add --user "
         "{}=VALUE (no VALUE: unknown)",
         name, name);
  }
}

std::vector<ReaderTexts> ReaderList::BySlot() const {
  std::vector<ReaderTexts> readers;
  for (const std::vector<std::string>& texts : texts_) {
    ReaderTexts& values = readers.emplace_back(catalogue_.gives().size());
    for (std::size_t c = 0; c < columns_.size(); ++c)
      values[catalogue_.scorer().schema().Slot(columns_[c])] = texts[c];
  }
  return readers;
}

}  // namespace fathom
