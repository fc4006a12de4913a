#include "tests/serve/served_books.h"

#include "common/file/published_folder.h"
#include "common/model/manifest.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom::testing {
namespace {

struct TrainedBooks {
  TrainedBooks() {
    GenerateBooks(1000, 1, dir.path() / "data");
    Train("first", "train.epochs=1");
    Train("second", "train.epochs=2");
  }
  void Train(const char* name, const char* epochs) {
    TrainEmbedded(BooksConfig(dir.path() / "data", {epochs}), dir.path() / "packed",
                  dir.path() / name);
  }

  ScratchDir dir;
  std::filesystem::path data = dir.path() / "data", first = dir.path() / "first",
                        second = dir.path() / "second";
};

const TrainedBooks& Trained() {
  static const TrainedBooks books;
  return books;
}

}  // namespace

const std::filesystem::path& FirstModel() { return Trained().first; }
const std::filesystem::path& SecondModel() { return Trained().second; }
const std::filesystem::path& BooksData() { return Trained().data; }

void Publish(const std::filesystem::path& model, const std::filesystem::path& folder) {
  const PublishedFolder published(folder / "model", kModelSeal);
  std::filesystem::create_directories(folder);
  published.Start();
  std::filesystem::copy(model / "model", published.partial(),
                        std::filesystem::copy_options::recursive);
  published.Publish();
}

ModelPlace BooksServer::Books() {
  return {.name = "books", .path = FirstModel(), .catalogue = BooksData() / "books.csv"};
}

BooksServer::BooksServer(std::vector<ModelPlace> places, HttpLimits limits,
                         ServeLimits serve_limits, int threads)
    : shelf_(places, false, &metrics_),
      service_(serve_limits, shelf_, metrics_),
      server_({.listen = {}, .threads = threads, .limits = limits}, std::nullopt, service_) {
  server_.Start();
  shelf_.OpenAll();
}

float LogitOf(const Scorer& scorer, const Texts& row) {
  std::vector<std::string_view> values;
  for (const ScoringInput& input : scorer.inputs()) {
    values.emplace_back();
    for (const auto& [column, text] : row) {
      if (input.name == column) values.back() = text;
    }
  }
  ScoringSession session(scorer);
  session.AddGiven(values);
  float logit = 0;
  session.Score(&logit);
  return logit;
}

}  // namespace fathom::testing
