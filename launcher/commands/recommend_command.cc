#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/metrics/metrics.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/recommend/reader_list.h"
#include "launcher/recommend/recommendation_lines.h"
#include "launcher/run/model_use.h"
#include "worker/predict/recommender.h"
#include "worker/recommend/item_neighbours.h"
#include "worker/recommend/seen_items.h"
#include "worker/recommend/shown_columns.h"

namespace fathom {
namespace {

constexpr std::size_t kReasons = 3;  // of each kind, for an item

// The columns that the command line gives of the reader, which a catalogue in the model's own
// format must not be asked for.
std::vector<std::string> GivenColumns(const std::vector<std::string>& pairs) {
  std::vector<std::string> columns;
  for (const std::string& pair : pairs) columns.push_back(pair.substr(0, pair.find('=')));
  return columns;
}

class Recommendations {
 public:
  Recommendations(const RecommendArguments& arguments, const Catalogue& catalogue)
      : arguments_(arguments),
        readers_(catalogue, arguments.user, arguments.users),
        texts_(readers_.BySlot()),
        shown_(catalogue, arguments.show),
        recommender_(catalogue),
        items_(catalogue.items()),
        seen_{.columns = {}, .places = std::vector<std::vector<std::size_t>>(readers_.size())} {
    if (!arguments.seen.empty())
      seen_ = ReadSeen(arguments.seen, catalogue, texts_, readers_.columns(), arguments.seen_by);
    if (arguments.why) {
      wide_.emplace(catalogue);
      neighbours_.emplace(catalogue);
    }
    head_ = {.score = arguments.logits ? "logit" : "score",
             .reader = readers_.columns(),
             .shown = shown_.names(),
             .reasons = arguments.why,
             .seen = !arguments.seen.empty(),
             .many = !arguments.users.empty()};
  }

  void Print() {
    std::fputs(RecommendationHeader(head_, arguments_.form).c_str(), stdout);
    for (std::size_t reader = 0; reader < readers_.size(); ++reader) {
      recommender_.SetReader(texts_[reader]);
      std::vector<RecommendationLine> lines;
      for (const Recommended& item : recommender_.Top(arguments_.n, seen_.places[reader]))
        lines.push_back(Line(reader, item));
      const std::string text =
          RecommendationText(head_, arguments_.form, readers_.texts(reader), lines);
      std::fwrite(text.data(), 1, text.size(), stdout);
    }
  }

  // Of one reader, whom somebody looks at.
  void WarnOfUnknown() {
    if (head_.many) return;
    recommender_.SetReader(texts_.front());
    for (const std::string& column : recommender_.UnknownColumns()) {
      Terminal::Errors().Write(
          fmt::format("fathom: warning: column {}: the model has no row for what --user gives: it "
                      "ranks by the rest\n",
                      column));
    }
  }

  void WarnOfSeen() const {
    if (arguments_.seen.empty()) return;
    const auto has_all = [&](const auto& of) { return of.size() == items_; };
    const auto without = std::count_if(seen_.places.begin(), seen_.places.end(), has_all);
    if (without > 0) {
      Terminal::Errors().Write(
          fmt::format("fathom: warning: {}: all {} items of the catalogue are left out for {} of "
                      "{} readers, whose "
                      "lines are told by {}: name other columns with --seen-by\n",
                      arguments_.seen.string(), items_, without, seen_.places.size(),
                      fmt::join(seen_.columns, ", ")));
    }
    if (head_.many || !seen_.places.front().empty()) return;
    Terminal::Errors().Write(fmt::format(
        "fathom: warning: {}: no line of it names an item of the catalogue that this reader has\n",
        arguments_.seen.string()));
  }

 private:
  RecommendationLine Line(std::size_t reader, const Recommended& of) {
    RecommendationLine line;
    line.score = arguments_.logits ? double{of.logit} : Sigmoid(of.logit);
    line.texts = Shown(of.item);
    if (!arguments_.why) return line;
    line.wide = wide_->Of(texts_[reader], of.item, kReasons);
    line.near = Near(neighbours_->Nearest(of.item, kReasons));
    line.near_seen = Near(neighbours_->Nearest(of.item, kReasons, seen_.places[reader]));
    return line;
  }

  std::vector<std::string> Shown(std::size_t item) {
    const std::vector<std::string_view> texts = shown_.Of(item);
    return {texts.begin(), texts.end()};
  }

  std::vector<NearItem> Near(const std::vector<Neighbour>& neighbours) {
    std::vector<NearItem> items;
    for (const Neighbour& near : neighbours) items.push_back({near.cosine, Shown(near.item)});
    return items;
  }

  const RecommendArguments& arguments_;
  ReaderList readers_;
  std::vector<ReaderTexts> texts_;
  ShownColumns shown_;
  Recommender recommender_;
  std::size_t items_;
  SeenItems seen_;
  std::optional<WideTerms> wide_;
  std::optional<ItemNeighbours> neighbours_;
  RecommendationHead head_;
};

}  // namespace

void RecommendCommand(const RecommendArguments& arguments, MpiSession& mpi) {
  if (mpi.ranks() > 1)
    Fail(ExitCode::kUsage, "fathom recommend runs in one process: start it without mpirun");
  if (arguments.seen.empty() && !arguments.seen_by.empty())
    Fail(ExitCode::kUsage, "--seen-by tells how to read --seen, which is not given");
  const auto scorer = OpenForTexts(arguments.model_dir, "recommend from");
  const Catalogue catalogue(
      *scorer, ReadCatalogue(arguments.catalogue, *scorer, GivenColumns(arguments.user)));
  Recommendations recommendations(arguments, catalogue);
  recommendations.WarnOfUnknown();
  recommendations.WarnOfSeen();
  recommendations.Print();
}

}  // namespace fathom
