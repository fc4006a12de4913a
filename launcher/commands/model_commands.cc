#include <cstdio>

#include "common/model/manifest.h"
#include "common/model/model_compare.h"
#include "common/run/model_identity.h"
#include "common/run/step_digests.h"
#include "launcher/commands/commands.h"
#include "launcher/run/model_difference.h"
#include "launcher/summary/model_input_lines.h"
#include "launcher/summary/row_lines.h"
#include "worker/explain/named_feature.h"
#include "worker/predict/scorer.h"
#include "worker/predict/trained_model.h"

namespace fathom {

namespace {

std::uint64_t TotalRows(const Manifest& manifest) {
  std::uint64_t rows = 0;
  for (std::size_t table = 0; table < manifest.tables.size(); ++table) rows += manifest.Rows(table);
  return rows;
}

// Of the run that wrote the model into its output folder, up to the model's step.
std::vector<StepDigestLine> DigestsOf(const TrainedModel& model) {
  const std::filesystem::path folder = model.dir.parent_path();
  for (const std::filesystem::path& output : {folder, folder.parent_path()}) {  // a checkpoint's
    std::vector<StepDigestLine> lines = ReadStepDigests(output / kDigestsFile);
    std::erase_if(lines,
                  [&](const StepDigestLine& line) { return line.step > model.manifest.step; });
    if (!lines.empty()) return lines;
  }
  return {};
}

// In which step two models that differ have come apart; empty where their folders do not tell.
std::string DescribeParting(const TrainedModel& a, const TrainedModel& b) {
  const Parting parting = FindParting(DigestsOf(a), DigestsOf(b));
  if (parting.step && parting.same_through == 0)
    return *parting.step == 1
               ? "the runs part in step 1\n"
               : fmt::format(
                     "the runs part in step {} or before, the first whose digest both have\n",
                     *parting.step);
  if (parting.step)
    return fmt::format("the runs are the same through step {} and part in step {}\n",
                       parting.same_through, *parting.step);
  if (parting.same_through == 0) return {};
  return fmt::format("the runs are the same through step {}, the last whose digest both have\n",
                     parting.same_through);
}

}  // namespace

bool CompareCommand(const std::filesystem::path& a, const std::filesystem::path& b) {
  TrainedModel first, second;
  std::string difference;
  ReadOneModel({a, b}, [&] {
    first = OpenModel(a);
    second = OpenModel(b);
    difference = CompareModels(first.dir, second.dir);
    // It reads the manifests again: what is said below must be of the same models.
    CheckIdentity(first.dir, IdentityOf(first.manifest));
    CheckIdentity(second.dir, IdentityOf(second.manifest));
  });
  if (!difference.empty()) {
    std::printf("the models differ: %s\n%s%s", difference.c_str(),
                DescribeParting(first, second).c_str(), ExplainDifference(first, second).c_str());
    return false;
  }
  std::printf("identical: step %llu, %llu rows in %zu tables, %llu dense parameters\n",
              static_cast<unsigned long long>(first.manifest.step),
              static_cast<unsigned long long>(TotalRows(first.manifest)),
              first.manifest.tables.size(),
              static_cast<unsigned long long>(first.manifest.dense_floats));
  return true;
}

namespace {

void PrintEvaluated(const char* which, const EvaluatedModel& model) {
  std::printf("%s     step %llu, epoch %llu: log loss %.6f, AUC %.6f, GAUC %.6f\n", which,
              static_cast<unsigned long long>(model.step),
              static_cast<unsigned long long>(model.epoch), model.logloss, model.auc, model.gauc);
}

// On the validation part, of a run that keeps its best model.
void PrintBest(const Manifest& manifest) {
  if (!manifest.best) return;
  std::printf("best by  %s on the validation part\n", NameOf(manifest.best->by).data());
  PrintEvaluated("best", manifest.best->best);
  PrintEvaluated("last", manifest.best->last);
}

void PrintRows(const std::filesystem::path& model_dir, const std::vector<std::string>& keys) {
  std::string lines;
  ReadOneModel({model_dir}, [&] {
    const auto scorer = Scorer::Open(model_dir, false);  // a row of a large model in no time
    FeatureReader reader(scorer->schema(), scorer->spec(), scorer->transforms());
    lines.clear();
    for (const std::string& key : keys) lines += RowLines(*scorer, reader.Read(key));
  });
  std::fputs(lines.c_str(), stdout);
}

}  // namespace

void InspectCommand(const std::filesystem::path& model_dir, const std::vector<std::string>& keys) {
  if (!keys.empty()) return PrintRows(model_dir, keys);
  TrainedModel model;
  std::string config;
  ReadOneModel({model_dir}, [&] {
    model = OpenModel(model_dir);
    config = ReadModelText(model, kConfigFile);
  });
  const Manifest& manifest = model.manifest;
  std::uint64_t bytes = 0;
  for (const ModelFileEntry& file : manifest.files) bytes += file.bytes;
  std::printf(
      "model    %s\nstep     %llu\nseed     %llu\nfiles    %zu, %.1f MB, %d partitions\nrows     "
      "%llu\ndense    "
      "%llu parameters, %s\n",
      model.dir.c_str(), static_cast<unsigned long long>(manifest.step),
      static_cast<unsigned long long>(manifest.seed), manifest.files.size(),
      static_cast<double>(bytes) / 1e6, manifest.partitions.count(),
      static_cast<unsigned long long>(TotalRows(manifest)),
      static_cast<unsigned long long>(manifest.dense_floats),
      std::string(NameOf(manifest.dense_rule)).c_str());
  PrintBest(manifest);
  std::printf("\n%-16s %12s %8s %6s %8s %12s %10s %12s\n", "table", "rows", "wide", "dim", "deep",
              "state floats", "last step", "bytes a row");
  for (std::size_t i = 0; i < manifest.tables.size(); ++i) {
    const TableSpec& table = manifest.tables[i];
    const std::string wide(table.wide ? NameOf(table.wide_rule) : "no");
    const std::string deep(table.dim > 0 ? NameOf(table.deep_rule) : "no");
    std::printf("%-16s %12llu %8s %6d %8s %12d %10s %12d\n", table.name.c_str(),
                static_cast<unsigned long long>(manifest.Rows(i)), wide.c_str(), table.dim,
                deep.c_str(), table.rule_state_floats(), table.last_step ? "yes" : "no",
                table.row_bytes());
  }
  std::printf("\n%s\n%s", ModelInputLines(model).c_str(), config.c_str());
}

}  // namespace fathom
