#include <cstdio>
#include <memory>
#include <string>

#include "common/error.h"
#include "common/utf8.h"
#include "launcher/commands/commands.h"
#include "launcher/predict/opened_input.h"
#include "launcher/run/model_use.h"
#include "launcher/summary/explanation_lines.h"
#include "worker/explain/explanation.h"
#include "worker/explain/explanation_json.h"

namespace fathom {
namespace {

// The second model reads the same columns by their names: what it has besides is looked up in its
// own tables, or is missing.
class OtherModel {
 public:
  OtherModel(const std::filesystem::path& path, const Scorer& first)
      : scorer_(OpenForTexts(path, "explain")), explainer_(*scorer_) {
    for (const InputSchema::Source& source : scorer_->schema().sources()) {
      std::size_t place = first.inputs().size();
      for (std::size_t i = 0; i < first.inputs().size(); ++i) {
        if (first.inputs()[i].name == source.column) place = i;
      }
      const bool joined = source.join >= 0;
      if (place == first.inputs().size() && !joined) {
        Fail(ExitCode::kUsage,
             "{}: it reads the column {}, which the model of --model does not: they cannot be "
             "compared on the same lines",
             path.string(), source.column);
      }
      places_.push_back(joined ? first.inputs().size() : place);
    }
  }

  Explanation Explain(const std::vector<std::string_view>& texts) {
    std::vector<std::string_view> own;
    for (const std::size_t place : places_)
      own.push_back(place < texts.size() ? texts[place] : std::string_view());
    return explainer_.ExplainGiven(own);
  }

 private:
  std::unique_ptr<const Scorer> scorer_;
  Explainer explainer_;
  std::vector<std::size_t> places_;  // by its slot: the first model's slot
};

class Explained {
 public:
  explicit Explained(const ExplainArguments& arguments)
      : arguments_(arguments),
        scorer_(OpenForTexts(arguments.model, "explain")),
        explainer_(*scorer_) {
    if (!arguments.against.empty())
      other_ = std::make_unique<OtherModel>(arguments.against, *scorer_);
  }

  void Print() {
    const OpenedInput input(arguments_.input, scorer_->config().data.format);
    std::unique_ptr<BlockSource> text;
    const DataRecords records = input.Read(scorer_->schema(), &text);
    RecordReader reader(scorer_->schema());
    TextBlock block;
    while (!is_over_ && text->Next(&block)) {
      records.ForEach(
          reader, block,
          [&](const Record& record, const std::string& error) {
            if (is_over_ || (arguments_.line != 0 && record.line < arguments_.line)) return;
            if (arguments_.line != 0 && record.line > arguments_.line) {
              is_over_ = true;
              return;
            }
            ++lines_;
            const std::string where = fmt::format("{}:{}", records.FileOf(block).name, record.line);
            if (!error.empty()) Fail(ExitCode::kData, "{}: {}", where, Printable(error));
            PrintLine(where, reader.values());
          },
          [](std::uint64_t) {});
    }
    if (lines_ == 0 && arguments_.line != 0)
      Fail(ExitCode::kUsage, "{}: there is no example in line {}", input.name(), arguments_.line);
    if (lines_ == 0) Fail(ExitCode::kData, "{}: there is no example in it", input.name());
  }

 private:
  void PrintLine(const std::string& where, const std::vector<std::string_view>& texts) {
    try {
      const Explanation explained = explainer_.Explain(texts);
      const std::string text = other_ ? TextOfTwo(where, explained, other_->Explain(texts))
                                      : TextOfOne(where, explained);
      std::fwrite(text.data(), 1, text.size(), stdout);
    } catch (const Error& error) {
      Fail(error.code(), "{}: {}", where, Printable(error.what()));
    }
  }

  std::string TextOfOne(const std::string& where, const Explanation& explained) const {
    if (arguments_.json) return ExplanationJson(explained) + '\n';
    return ExplanationLines(where, explained) + (arguments_.line == 0 ? "\n" : "");
  }

  std::string TextOfTwo(const std::string& where, const Explanation& first,
                        const Explanation& second) const {
    if (arguments_.json)
      return "[" + ExplanationJson(first) + "," + ExplanationJson(second) + "]\n";
    return ComparisonLines(where, first, second) + (arguments_.line == 0 ? "\n" : "");
  }

  const ExplainArguments& arguments_;
  std::unique_ptr<const Scorer> scorer_;
  Explainer explainer_;
  std::unique_ptr<OtherModel> other_;
  std::uint64_t lines_ = 0;
  bool is_over_ = false;
};

}  // namespace

void ExplainCommand(const ExplainArguments& arguments, MpiSession& mpi) {
  if (mpi.ranks() > 1)
    Fail(ExitCode::kUsage, "fathom explain runs in one process: start it without mpirun");
  Explained(arguments).Print();
}

}  // namespace fathom
