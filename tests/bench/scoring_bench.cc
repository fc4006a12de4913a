// The C library on a model and lines of the user's: FATHOM_MODEL is the model's folder,
// FATHOM_LINES a CSV file whose header names the model's columns.
//
//   FATHOM_MODEL=run/demo FATHOM_LINES=run/demo-data/ratings.csv build/bench/tests/bench/scoring_bench
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "worker/library/fathom_predict.h"

namespace {

constexpr std::size_t kMostLines = 100000;

const char* ModelPath() { return std::getenv("FATHOM_MODEL"); }

// A model and texts to score with it, [rows x columns].
struct Examples {
  fathom_model* model = nullptr;
  std::size_t columns = 0, rows = 0;
  std::vector<std::string> texts;
  std::vector<fathom_text> values;
};

std::vector<std::string> Fields(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream text(line);
  for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
  return fields;
}

bool Read(Examples* examples) {
  const char* const lines = std::getenv("FATHOM_LINES");
  if (ModelPath() == nullptr || lines == nullptr) return false;
  if (fathom_open(ModelPath(), 0, &examples->model, nullptr, 0) != FATHOM_OK) return false;
  examples->columns = fathom_columns(examples->model);
  std::ifstream file(lines);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = Fields(line);
  std::vector<std::size_t> places;
  for (std::size_t c = 0; c < examples->columns; ++c) {
    fathom_column_info info{sizeof(info), nullptr, 0};
    fathom_column(examples->model, c, &info);
    std::size_t place = 0;
    while (place < names.size() && names[place] != info.name) ++place;
    places.push_back(place);
  }
  for (; examples->rows < kMostLines && std::getline(file, line); ++examples->rows) {
    const std::vector<std::string> fields = Fields(line);
    for (const std::size_t place : places)
      examples->texts.push_back(place < fields.size() ? fields[place] : std::string());
  }
  for (std::size_t i = 0; i < examples->texts.size(); ++i) {
    const bool given = places[i % examples->columns] < names.size();
    const std::string& text = examples->texts[i];
    examples->values.push_back({given ? text.data() : nullptr, text.size()});
  }
  return examples->rows > 1000;
}

const Examples* TheExamples() {
  static Examples examples;
  static const bool read = Read(&examples);
  return read ? &examples : nullptr;
}

// So many examples a call, wherever they stand in the lines.
void ScoreText(benchmark::State& state) {
  const Examples* const examples = TheExamples();
  if (examples == nullptr) return state.SkipWithError("set FATHOM_MODEL and FATHOM_LINES");
  const auto rows = static_cast<std::size_t>(state.range(0));
  std::vector<float> scores(rows);
  std::size_t at = 0;
  for (auto _ : state) {
    fathom_score_text(examples->model, examples->values.data() + at * examples->columns, rows, 0,
                      scores.data(), nullptr, 0);
    benchmark::DoNotOptimize(scores.data());
    at = (at + 7919) % (examples->rows - rows);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ScoreText)->Arg(1)->Arg(8)->Arg(200)->Arg(1000);

// The best ten of a catalogue of so many lines for the first of them, whose first column is the
// reader's.
void TopTen(benchmark::State& state) {
  const Examples* const examples = TheExamples();
  if (examples == nullptr) return state.SkipWithError("set FATHOM_MODEL and FATHOM_LINES");
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::size_t columns = examples->columns;
  std::vector<fathom_text> candidates(
      examples->values.begin(),
      examples->values.begin() + static_cast<std::ptrdiff_t>(count * columns));
  for (std::size_t c = 0; c < count; ++c) candidates[c * columns] = {nullptr, 0};
  std::vector<fathom_text> reader(columns, {nullptr, 0});
  reader[0] = examples->values[0];
  fathom_catalogue* catalogue = nullptr;
  char error[200];
  if (fathom_catalogue_open(examples->model, candidates.data(), count, &catalogue, error,
                            sizeof(error)) != FATHOM_OK)
    return state.SkipWithError(error);
  std::size_t places[10], found = 0;
  float scores[10];
  for (auto _ : state) {
    fathom_recommend(catalogue, reader.data(), nullptr, 0, 10, 0, places, scores, &found, nullptr,
                     0);
    benchmark::DoNotOptimize(places);
  }
  fathom_catalogue_close(catalogue);
}
BENCHMARK(TopTen)->Arg(200)->Unit(benchmark::kMicrosecond);

void Open(benchmark::State& state) {
  if (ModelPath() == nullptr) return state.SkipWithError("set FATHOM_MODEL");
  for (auto _ : state) {
    fathom_model* model = nullptr;
    fathom_open(ModelPath(), 0, &model, nullptr, 0);
    fathom_close(model);
  }
}
BENCHMARK(Open)->Unit(benchmark::kMillisecond);

}  // namespace
