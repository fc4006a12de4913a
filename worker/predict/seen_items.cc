#include "worker/predict/seen_items.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "common/error.h"
#include "worker/predict/text_table.h"

namespace fathom {
namespace {

using Places = std::unordered_map<std::string, std::vector<std::size_t>>;

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
      Fail(ExitCode::kData,
           "{}: it has no column that tells items apart: it needs one that the model reads and the "
           "catalogue has too",
           file_);
    }
  }

  std::vector<std::vector<std::size_t>> Of(const std::vector<ReaderTexts>& readers) const {
    Places readers_by_text, items_by_text;
    std::string key;
    for (std::size_t r = 0; r < readers.size(); ++r) {
      JoinTexts(
          columns_.reader_slots, [&](std::size_t slot) { return readers[r][slot]; }, &key);
      readers_by_text[key].push_back(r);
    }
    for (std::size_t item = 0; item < catalogue_.items(); ++item) {
      JoinTexts(
          columns_.item_texts, [&](std::size_t c) { return catalogue_.text().At(item, c); }, &key);
      items_by_text[key].push_back(item);
    }
    std::vector<std::vector<std::size_t>> seen(readers.size());
    table_.ForEach([&](const std::vector<std::string_view>& texts, std::uint64_t) {
      const auto text = [&](std::size_t column) { return texts[column]; };
      JoinTexts(columns_.readers, text, &key);
      const auto of = readers_by_text.find(key);
      if (of == readers_by_text.end()) return;
      JoinTexts(columns_.items, text, &key);
      const auto items = items_by_text.find(key);
      if (items == items_by_text.end()) return;
      for (const std::size_t reader : of->second)
        seen[reader].insert(seen[reader].end(), items->second.begin(), items->second.end());
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

  // The texts with their sizes: no two lists of texts are joined to the same.
  template <typename TextOf>
  static void JoinTexts(const std::vector<std::size_t>& places, TextOf text_of,
                        std::string* joined) {
    joined->clear();
    for (const std::size_t place : places) {
      const std::string_view text = text_of(place);
      *joined += std::to_string(text.size());
      *joined += ' ';
      *joined += text;
    }
  }

  std::string file_;
  const Catalogue& catalogue_;
  TextTable table_;
  SeenColumns columns_;
};

}  // namespace

std::vector<std::vector<std::size_t>> ReadSeen(const std::filesystem::path& file,
                                               const Catalogue& catalogue,
                                               const std::vector<ReaderTexts>& readers,
                                               const std::vector<std::string>& reader_columns,
                                               const std::vector<std::string>& told_by) {
  return SeenFile(file, catalogue, reader_columns, told_by).Of(readers);
}

}  // namespace fathom
