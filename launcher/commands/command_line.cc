#include "launcher/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>

#include "common/error.h"
#include "common/settings/settings.h"
#include "launcher/commands/commands.h"

namespace fathom {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 training failed (compare: the models differ; sweep: a run failed); 2 "
    "usage or config; 3 data;\n"
    "4 checkpoint or model file; 5 peer or network lost; 6 refused (secret); 7 numeric; 128 + n: "
    "stopped in order\n"
    "by signal n.\n"
    "The settings that a config may hold, with their ranges and defaults: fathom settings";

void AddConfig(CLI::App* command, ConfigArguments* arguments) {
  command
      ->add_option("CONFIG", arguments->file, "TOML file; `fathom settings` lists what it may say")
      ->required();
  command->add_option("key=value", arguments->overrides,
                      "Overrides of settings by dotted path, as train.epochs=2");
}

// Commands that start mpirun themselves.
void RefuseRanks(const char* command, const MpiSession& mpi) {
  if (mpi.ranks() == 1) return;
  Fail(ExitCode::kUsage,
       "fathom {} runs once, and starts what it runs with as many ranks as it is told: start it "
       "without mpirun",
       command);
}

int Usage(CLI::App& app, const CLI::ParseError& error, bool speaks) {
  if (!speaks) return error.get_exit_code() == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
}

}  // namespace

int RunCommandLine(int argc, char** argv, MpiSession& mpi) {
  CLI::App app(
      "Fathom trains Wide & Deep models on parameter servers: alone, or on many ranks under "
      "mpirun,\n"
      "with the same bits everywhere.",
      "fathom");
  app.footer(kFooter);
  app.set_version_flag("--version", "fathom " FATHOM_VERSION);
  app.require_subcommand(1);

  ConfigArguments config;
  std::filesystem::path model, a, b, model_of_inspect;
  PredictArguments predict;
  GenerateArguments generate;
  PlanArguments plan;
  LaunchRequest job;
  int exit_code = 0;
  // Of what is not for ranks: one does it.
  const auto once = [&](const std::function<int()>& command) { exit_code = mpi.OnFirst(command); };

  auto* train = app.add_subcommand(
      "train", "Train a model. Alone: in this process. Under mpirun: on its ranks");
  AddConfig(train, &config);
  train->callback([&] { exit_code = TrainCommand(config, mpi); });

  auto* launch = app.add_subcommand("launch",
                                    "Run train under mpirun, and start it again from its last "
                                    "checkpoint when a process or a host "
                                    "fails");
  launch->add_option("-n,--ranks", job.ranks, "Number of ranks")
      ->required()
      ->check(CLI::Range(1, 100000));
  launch->add_option("--hosts", job.hosts, "Hosts with their slots, as node1:4,node2:4")
      ->delimiter(',');
  launch->add_option("--hostfile", job.hostfile, "Hosts in a file of mpirun's format");
  launch
      ->add_option("--restarts", job.restarts,
                   "Start again at most so often; earlier after three failures in a row without a "
                   "newer checkpoint")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  launch->add_option("--mpirun-arg", job.mpirun_args, "Passed on to mpirun; may be given again")
      ->allow_extra_args(false);
  launch->add_flag("--dry-run", job.dry_run, "Print the mpirun line and end");
  launch->add_option("command", job.command, "-- train CONFIG [key=value ...]")->required();
  launch->callback([&] {
    RefuseRanks("launch", mpi);
    exit_code = LaunchCommand(job);
  });

  auto* sweep = app.add_subcommand(
      "sweep", "Train at every point of the config's [sweep]: a table and plots of what it costs");
  AddConfig(sweep, &config);
  sweep->callback([&] {
    RefuseRanks("sweep", mpi);
    exit_code = SweepCommand(config);
  });

  auto* foresee = app.add_subcommand(
      "plan", "What a training will take, before it is run: memory, traffic, time, what bounds it");
  AddConfig(foresee, &config);
  foresee->add_option("--hosts", plan.hosts, "Hosts of the cluster")->check(CLI::Range(1, 10000));
  foresee->add_option("--cores", plan.cores, "Cores of each host; default: as many as this one has")
      ->check(CLI::Range(1, 10000));
  foresee
      ->add_option("--ranks", plan.ranks,
                   "Processes under mpirun; default: one, or on several hosts one a core")
      ->check(CLI::Range(1, 100000));
  foresee->add_option("--network", plan.network, "Between the hosts, each way, as 25Gbps")
      ->capture_default_str();
  foresee->add_option("--memory", plan.memory,
                      "Memory of a host, as 24GB: does it fit, and what is the largest dimension?");
  foresee->add_option("--rows", plan.rows, "Plan for so many rows instead of what the data tell")
      ->check(CLI::Range(1.0, 1e15));
  foresee->add_flag("--calibrate", plan.calibrate,
                    "Calibrate this machine again: 1 to 2.5 minutes");
  foresee->callback([&] { PlanCommand(config, plan, mpi); });

  auto* evaluate = app.add_subcommand(
      "evaluate", "Metrics of a model on the evaluation part of a config's data");
  AddConfig(evaluate, &config);
  evaluate->add_option("--model", model, "Folder of the model, or the output folder above it")
      ->required();
  evaluate->callback([&] { EvaluateCommand(config, model, mpi); });

  auto* score =
      app.add_subcommand("predict", "Score the lines of a file, one score a line in input order");
  score
      ->add_option("--model", predict.model_dir,
                   "Folder of the model, or the output folder above it")
      ->required();
  score
      ->add_option("--input", predict.input,
                   "File with the columns of the training data; the label may be absent")
      ->required();
  score->add_option("--output", predict.output, "File to write; -: standard output")->required();
  score->add_flag("--logits", predict.logits, "Write logits instead of probabilities");
  score->add_option("key=value", predict.overrides,
                    "Overrides of the model's config, as data.dir=...");
  score->callback([&] { PredictCommand(predict, mpi); });

  auto* compare = app.add_subcommand(
      "compare", "Exit 0 if two models are identical to the bit, else 1 and the first difference");
  compare->add_option("A", a, "Folder of a model")->required();
  compare->add_option("B", b, "Folder of a model")->required();
  compare->callback([&] { once([&] { return CompareCommand(a, b) ? 0 : 1; }); });

  auto* inspect =
      app.add_subcommand("inspect", "What a model holds: tables, rows, bytes a row, step, config");
  inspect->add_option("DIR", model_of_inspect, "Folder of a model")->required();
  inspect->callback([&] {
    once([&] {
      InspectCommand(model_of_inspect);
      return 0;
    });
  });

  auto* make = app.add_subcommand("generate",
                                  "Make a synthetic click log whose best reachable AUC is known");
  std::map<std::string, SyntheticLog> logs;
  for (const SyntheticLog log : {SyntheticLog::kBooks, SyntheticLog::kCriteo})
    logs.emplace(NameOf(log), log);
  make->add_option("KIND", generate.log,
                   "books: readers, books, genres, ratings. criteo: a Criteo-like log")
      ->required()
      ->transform(CLI::CheckedTransformer(logs));
  make->add_option("--rows", generate.rows, "Rows (criteo: training rows)")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  make->add_option("--test-rows", generate.test_rows, "criteo: test rows; 0: a tenth of --rows")
      ->capture_default_str();
  make->add_option("--seed", generate.seed, "Another seed makes another log")
      ->capture_default_str();
  make->add_option("--out", generate.out, "Folder to write into")->required();
  make->callback([&] {
    once([&] {
      GenerateCommand(generate);
      return 0;
    });
  });

  bool markdown = false;
  auto* settings =
      app.add_subcommand("settings", "Every setting of a config: type, range, default, meaning");
  settings->add_flag("--markdown", markdown, "As docs/config.md");
  settings->callback([&] {
    once([&] {
      return std::fputs((markdown ? SettingsMarkdown() : SettingsHelp()).c_str(), stdout) < 0;
    });
  });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Usage(app, error, mpi.rank() == 0);
  }
  return exit_code;
}

}  // namespace fathom
