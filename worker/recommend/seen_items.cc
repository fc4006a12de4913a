#include "worker/recommend/seen_items.h"

#include <algorithm>
#include <unordered_map>

#include "common/error.h"
#include "worker/predict/text_table.h"
#include "worker/recommend/item_index.h"

namespace fathom {
namespace {

// Which column of the file says what of a reader or an item.
struct SeenColumns {
  std::vector<std::size_t> readers, items;            // of the file
  std::vector<std::size_t> reader_slots, item_texts;  // as these: of the schema, of the catalogue
};

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class SeenFile {
 public:
  SeenFile(const std::filesystem::path& file, const Catalogue& catalogue,
           const std::vector<std::string>& reader_columns, const std::vector<std::string>& told_by)
      : file_(file.string()),
        catalogue_(catalogue),
        table_(file, catalogue.scorer(), Wanted(reader_columns)) {
    if (told_by.empty()) {
      for (const std::string& column : reader_columns) {
        if (columns_.readers.empty() && Holds(table_.columns(), column)) Add(column);
      }
      for (const std::string& column : table_.columns()) {
        if (IsOfModel(column) && IsOfCatalogue(column)) Add(column);
      }
    }
    for (const std::string& column : told_by) {
      if (!Holds(table_.columns(), column))
        Fail(ExitCode::kData, "{}: there is no column \"{}\" to tell by what was seen", file_,
             column);
      if (!IsOfCatalogue(column) && !Holds(reader_columns, column))
        Fail(ExitCode::kUsage, "\"{}\" is a column neither of the reader nor of the catalogue",
             column);
      Add(column);
    }
    if (columns_.items.empty()) {
      if (!told_by.empty())
        Fail(ExitCode::kUsage,
             "{}: {} is of the reader alone: name a column that tells items apart, too", file_,
             fmt::join(told_by, ", "));
      Fail(ExitCode::kData,
           "{}: it has no column that tells items apart: it needs one that the model reads and the "
           "catalogue has too",
           file_);
    }
  }

  std::vector<std::string> columns() const {
    std::vector<std::string> names;
    for (const std::vector<std::size_t>& columns : {columns_.readers, columns_.items}) {
      for (const std::size_t column : columns) names.push_back(table_.columns()[column]);
    }
    return names;
  }

  std::vector<std::vector<std::size_t>> Of(const std::vector<ReaderTexts>& readers) const {
    std::unordered_map<std::string, std::vector<std::size_t>> readers_by_text;
    std::vector<std::string_view> picked;
    std::string key;
    const auto pick = [&](const std::vector<std::string_view>& from,
                          const std::vector<std::size_t>& places) {
      picked.clear();
      for (const std::size_t place : places) picked.push_back(from[place]);
    };
    for (std::size_t r = 0; r < readers.size(); ++r) {
      pick(readers[r], columns_.reader_slots);
      JoinTexts(picked, &key);
      readers_by_text[key].push_back(r);
    }
    const ItemIndex index(catalogue_.text(), columns_.item_texts);
    std::vector<std::vector<std::size_t>> seen(readers.size());
    table_.ForEach([&](const std::vector<std::string_view>& texts, std::uint64_t) {
      pick(texts, columns_.readers);
      JoinTexts(picked, &key);
      const auto of = readers_by_text.find(key);
      if (of == readers_by_text.end()) return;
      pick(texts, columns_.items);
      const auto items = index.Find(picked);
      for (const std::size_t reader : of->second)
        seen[reader].insert(seen[reader].end(), items.begin(), items.end());
    });
    for (auto& items : seen) {
      std::sort(items.begin(), items.end());
      items.erase(std::unique(items.begin(), items.end()), items.end());
    }
    return seen;
  }

 private:
  std::vector<std::string> Wanted(const std::vector<std::string>& reader_columns) const {
    std::vector<std::string> wanted = reader_columns;
    for (const std::string& column : catalogue_.text().columns()) {
      if (IsOfModel(column)) wanted.push_back(column);
    }
    return wanted;
  }

  bool IsOfModel(const std::string& column) const {
    const auto& inputs = catalogue_.scorer().inputs();
    return std::any_of(inputs.begin(), inputs.end(), [&](const ScoringInput& input) {
      return input.required && input.name == column;
    });
  }

  bool IsOfCatalogue(const std::string& column) const {
    return Holds(catalogue_.text().columns(), column);
  }

  void Add(const std::string& column) {
    const auto at = static_cast<std::size_t>(
        std::find(table_.columns().begin(), table_.columns().end(), column) -
        table_.columns().begin());
    if (IsOfCatalogue(column)) {
      columns_.items.push_back(at);
      columns_.item_texts.push_back(catalogue_.text().Column(column));
    } else {
      columns_.readers.push_back(at);
      columns_.reader_slots.push_back(catalogue_.scorer().schema().Slot(column));
    }
  }

  std::string file_;
  const Catalogue& catalogue_;
  TextTable table_;
  SeenColumns columns_;
};

}  // namespace

SeenItems ReadSeen(const std::filesystem::path& file, const Catalogue& catalogue,
                   const std::vector<ReaderTexts>& readers,
                   const std::vector<std::string>& reader_columns,
                   const std::vector<std::string>& told_by) {
  const SeenFile seen(file, catalogue, reader_columns, told_by);
  return {.columns = seen.columns(), .places = seen.Of(readers)};
}

}  // namespace fathom
