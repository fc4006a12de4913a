#include "launcher/recommend/recommendation_lines.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/text_columns.h"
#include "common/utf8.h"

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostCharacters = 48;  // of a text in a table

// Cut where it is long; line ends and tabs, which would break the table, as blanks.
std::string Cell(const std::string& text) { return TableCell(text, kMostCharacters); }

std::string TermText(const WideTerm& term) {
  return fmt::format("{}: {:+.3g}", term.name, term.value);
}

std::string Terms(const std::vector<WideTerm>& terms) {
  std::string text;
  for (const WideTerm& term : terms) text += (text.empty() ? "" : "; ") + TermText(term);
  return text;
}

std::string Near(const std::vector<NearItem>& items, bool cut) {
  std::string text;
  for (const NearItem& item : items) {
    std::string name;
    for (const std::string& part : item.texts) {
      const std::string shown = cut ? Cell(part) : part;
      if (!shown.empty()) name += (name.empty() ? "" : " ") + shown;
    }
    text += fmt::format("{}{} ({:.2f})", text.empty() ? "" : "; ", name, item.cosine);
  }
  return text;
}

std::string Table(const RecommendationHead& head, const std::vector<std::string>& reader,
                  const std::vector<RecommendationLine>& lines) {
  std::vector<std::vector<std::string>> rows = {{"", head.score}};
  rows.front().insert(rows.front().end(), head.shown.begin(), head.shown.end());
  for (const RecommendationLine& line : lines) {
    rows.push_back({std::to_string(rows.size()), fmt::format("{:.5f}", line.score)});
    for (const std::string& text : line.texts) rows.back().push_back(Cell(text));
  }
  std::string text;
  for (std::size_t c = 0; head.many && c < reader.size(); ++c)
    text += fmt::format("{}{} = {}", c == 0 ? "" : ", ", head.reader[c], reader[c]);
  if (head.many) text += '\n';
  const std::string indent(std::to_string(lines.size()).size() + 4, ' ');
  const auto aligned = AlignedLines(rows, [](std::size_t c) { return c == 0; });
  for (std::size_t r = 0; r < rows.size(); ++r) {
    text += aligned[r] + '\n';
    if (r == 0) continue;
    const RecommendationLine& line = lines[r - 1];
    if (!line.wide.empty()) text += indent + "  " + Terms(line.wide) + '\n';
    if (!line.near.empty()) text += indent + "  near: " + Near(line.near, true) + '\n';
    if (!line.near_seen.empty())
      text += indent + "  near what was seen: " + Near(line.near_seen, true) + '\n';
  }
  return head.many ? text + '\n' : text;
}

std::string Quoted(const std::string& text) {
  if (text.find_first_of("\t\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char byte : text) quoted += byte == '"' ? std::string("\"\"") : std::string(1, byte);
  return quoted + '"';
}

std::string TsvLine(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields)
    line += (&field == &fields.front() ? "" : "\t") + Quoted(field);
  return line + '\n';
}

std::string Tsv(const RecommendationHead& head, const std::vector<std::string>& reader,
                const std::vector<RecommendationLine>& lines) {
  std::string text;
  for (const RecommendationLine& line : lines) {
    std::vector<std::string> fields;
    if (head.many) fields = reader;
    fields.push_back(fmt::format("{:.9g}", line.score));
    fields.insert(fields.end(), line.texts.begin(), line.texts.end());
    if (head.reasons) {
      fields.push_back(Terms(line.wide));
      fields.push_back(Near(line.near, false));
      if (head.seen) fields.push_back(Near(line.near_seen, false));
    }
    text += TsvLine(fields);
  }
  return text;
}

Json Named(const std::vector<std::string>& names, const std::vector<std::string>& texts) {
  Json named = Json::object();
  for (std::size_t i = 0; i < names.size(); ++i) named[names[i]] = texts[i];
  return named;
}

Json NearJson(const RecommendationHead& head, const std::vector<NearItem>& items) {
  Json all = Json::array();
  for (const NearItem& item : items)
    all.push_back({{"cosine", item.cosine}, {"item", Named(head.shown, item.texts)}});
  return all;
}

std::string JsonLine(const RecommendationHead& head, const std::vector<std::string>& reader,
                     const std::vector<RecommendationLine>& lines) {
  Json items = Json::array();
  for (const RecommendationLine& line : lines) {
    Json item = {{head.score, line.score}, {"item", Named(head.shown, line.texts)}};
    if (head.reasons) {
      item["wide"] = Json::array();
      for (const WideTerm& term : line.wide)
        item["wide"].push_back({{"term", term.name}, {"value", term.value}});
      item["near"] = NearJson(head, line.near);
      if (head.seen) item["near_seen"] = NearJson(head, line.near_seen);
    }
    items.push_back(std::move(item));
  }
  const Json answer = {{"user", Named(head.reader, reader)}, {"items", std::move(items)}};
  // Bytes that are no UTF-8, which JSON cannot hold, become its replacement character.
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string RecommendationHeader(const RecommendationHead& head, RecommendationForm form) {
  if (form != RecommendationForm::kTsv) return {};
  std::vector<std::string> names;
  if (head.many) names = head.reader;
  names.push_back(head.score);
  names.insert(names.end(), head.shown.begin(), head.shown.end());
  if (head.reasons) {
    names.insert(names.end(), {"wide", "near"});
    if (head.seen) names.push_back("near_seen");
  }
  return TsvLine(names);
}

std::string RecommendationText(const RecommendationHead& head, RecommendationForm form,
                               const std::vector<std::string>& reader,
                               const std::vector<RecommendationLine>& lines) {
  if (form == RecommendationForm::kJson) return JsonLine(head, reader, lines);
  return form == RecommendationForm::kTsv ? Tsv(head, reader, lines) : Table(head, reader, lines);
}

}  // namespace fathom
