#include "launcher/commands/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "common/error.h"
#include "common/settings/settings.h"
#include "launcher/commands/command_options.h"
#include "launcher/commands/completion.h"

namespace fathom {

void AddConfig(CLI::App* command, ConfigArguments* arguments) {
  command
      ->add_option("CONFIG", arguments->file, "TOML file; `fathom settings` lists what it may say")
      ->required();
  command->add_option("key=value", arguments->overrides,
                      "Overrides of settings by dotted path, as train.epochs=2");
}

// Commands that start processes of their own, which must not take themselves for ranks of this job.
void RefuseRanks(const char* command) {
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr) return;
  Fail(ExitCode::kUsage,
       "fathom {} runs once, and starts what it runs with as many ranks as it is told: start it "
       "without mpirun",
       command);
}

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 training failed (compare: the models differ; sweep: a run failed); 2 "
    "usage or config; 3 data;\n"
    "4 checkpoint or model file; 5 peer or network lost; 6 refused (secret); 7 numeric; 128 + n: "
    "stopped in order\n"
    "by signal n.\n"
    "The settings that a config may hold, with their ranges and defaults: fathom settings";

void AddTrain(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const train = app->add_subcommand(
      "train", "Train a model. Alone: in this process. Under mpirun: on its ranks");
  AddConfig(train, &line->config);
  train->callback([line, &mpi] { line->exit_code = TrainCommand(line->config, mpi); });
}

void AddLaunch(CLI::App* app, CommandLine* line) {
  CLI::App* const launch =
      app->add_subcommand("launch",
                          "Run train under mpirun, and start it again from its last "
                          "checkpoint when a process or a host "
                          "fails");
  launch->add_option("-n,--ranks", line->launch.ranks, "Number of ranks")
      ->required()
      ->check(CLI::Range(1, 100000));
  launch->add_option("--hosts", line->launch.hosts, "Hosts with their slots, as node1:4,node2:4")
      ->delimiter(',');
  launch->add_option("--hostfile", line->launch.hostfile, "Hosts in a file of mpirun's format");
  launch
      ->add_option("--restarts", line->launch.restarts,
                   "Start again at most so often; earlier after three failures in a row without a "
                   "newer checkpoint")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  launch
      ->add_option("--mpirun-arg", line->launch.mpirun_args,
                   "Passed on to mpirun; may be given again")
      ->allow_extra_args(false);
  launch->add_flag("--dry-run", line->launch.dry_run, "Print the mpirun line and end");
  launch->add_option("command", line->launch.command, "-- train CONFIG [key=value ...]")
      ->required();
  launch->callback([line] {
    RefuseRanks("launch");
    line->exit_code = LaunchCommand(line->launch);
  });
}

void AddSweep(CLI::App* app, CommandLine* line) {
  CLI::App* const sweep = app->add_subcommand(
      "sweep", "Train at every point of the config's [sweep]: a table and plots of what it costs");
  AddConfig(sweep, &line->config);
  sweep->callback([line] {
    RefuseRanks("sweep");
    line->exit_code = SweepCommand(line->config);
  });
}

void AddTune(CLI::App* app, CommandLine* line) {
  CLI::App* const tune = app->add_subcommand(
      "tune", "Search for good settings on the validation part, and write them as a config");
  AddConfig(tune, &line->config);
  tune->add_option("--points", line->tune.points,
                   "So many combinations of settings are tried; the first is the config as it is")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  tune->add_option("--seed", line->tune.seed, "Another seed draws other points")
      ->capture_default_str();
  tune->add_option("--epochs", line->tune.epochs,
                   "At most, of the points that are left at the end; default: train.epochs, at "
                   "least 9")
      ->check(CLI::Range(1, 1000000));
  tune->callback([line] {
    RefuseRanks("tune");
    TuneCommand(line->config, line->tune);
  });
}

void AddPlan(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const plan = app->add_subcommand(
      "plan", "What a training will take, before it is run: memory, traffic, time, what bounds it");
  AddConfig(plan, &line->config);
  plan->add_option("--hosts", line->plan.hosts, "Hosts of the cluster")
      ->check(CLI::Range(1, 10000));
  plan->add_option("--cores", line->plan.cores,
                   "Cores of each host; default: as many as this one has")
      ->check(CLI::Range(1, 10000));
  plan->add_option("--ranks", line->plan.ranks,
                   "Processes under mpirun; default: one, or on several hosts one a core")
      ->check(CLI::Range(1, 100000));
  plan->add_option("--network", line->plan.network, "Between the hosts, each way, as 25Gbps")
      ->capture_default_str();
  plan->add_option("--memory", line->plan.memory,
                   "Memory of a host, as 24GB: does it fit, and what is the largest dimension?");
  plan->add_option("--rows", line->plan.rows, "Plan for so many rows instead of what the data tell")
      ->check(CLI::Range(1.0, 1e15));
  plan->add_flag("--calibrate", line->plan.calibrate,
                 "Calibrate this machine again: 1 to 2.5 minutes");
  plan->callback([line, &mpi] { PlanCommand(line->config, line->plan, mpi); });
}

void AddSplit(CLI::App* app, CommandLine* line) {
  CLI::App* const split = app->add_subcommand(
      "split", "Write the parts of a config's data as text files, each line as it is");
  AddConfig(split, &line->config);
  split->add_option("--out", line->split.out, "Folder to write to")->required();
  split
      ->add_option(
          "--parts", line->split.parts,
          "Which of train, validation, test, as train,test; default: all that the data have")
      ->delimiter(',')
      ->allow_extra_args(false);
  split->callback([line] {
    RefuseRanks("split");
    SplitCommand(line->config, line->split);
  });
}

void AddGenerate(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const generate = app->add_subcommand(
      "generate", "Make a synthetic click log whose best reachable AUC is known");
  std::map<std::string, SyntheticLog> logs;
  for (const SyntheticLog log : {SyntheticLog::kBooks, SyntheticLog::kCriteo})
    logs.emplace(NameOf(log), log);
  generate
      ->add_option("KIND", line->generate.log,
                   "books: readers, books, genres, ratings. criteo: a Criteo-like log")
      ->required()
      ->transform(CLI::CheckedTransformer(logs).description(
          fmt::format("{{{}}}", fmt::join(NamesOf<SyntheticLog>::kNames, ","))));
  generate->add_option("--rows", line->generate.rows, "Rows (criteo: training rows)")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  generate
      ->add_option("--test-rows", line->generate.test_rows,
                   "criteo: test rows; 0: a tenth of --rows")
      ->capture_default_str();
  generate->add_option("--seed", line->generate.seed, "Another seed makes another log")
      ->capture_default_str();
  generate->add_option("--out", line->generate.out, "Folder to write into")->required();
  generate->callback([line, &mpi] {
    mpi.OnFirst([line] {
      GenerateCommand(line->generate);
      return 0;
    });
  });
}

void AddLogs(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const logs =
      app->add_subcommand("logs", "The logs of all ranks of a run as one, by time");
  logs->add_option("DIR", line->logs.dir, "Output folder of the run")->required();
  logs->add_flag("--earlier", line->logs.earlier, "Those of the run's earlier starts too");
  logs->add_flag("--warnings", line->logs.warnings, "Warnings and errors alone");
  logs->callback([line, &mpi] {
    mpi.OnFirst([line] {
      LogsCommand(line->logs);
      return 0;
    });
  });
}

void AddSettings(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const settings =
      app->add_subcommand("settings", "Every setting of a config: type, range, default, meaning");
  settings->add_flag("--markdown", line->markdown, "As docs/config.md");
  settings->callback([line, &mpi] {
    mpi.OnFirst([line] {
      std::fputs((line->markdown ? SettingsMarkdown() : SettingsHelp()).c_str(), stdout);
      return 0;
    });
  });
}

void AddCompletion(CLI::App* app, MpiSession& mpi) {
  CLI::App* const completion = app->add_subcommand(
      "completion", "Completion of this command line for bash: source <(fathom completion)");
  completion->callback([app, &mpi] {
    mpi.OnFirst([app] {
      std::fputs(BashCompletion(*app).c_str(), stdout);
      return 0;
    });
  });
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

  CommandLine line;
  AddTrain(&app, &line, mpi);
  AddLaunch(&app, &line);
  AddSweep(&app, &line);
  AddTune(&app, &line);
  AddPlan(&app, &line, mpi);
  AddSplit(&app, &line);
  AddModelCommands(&app, &line, mpi);
  AddLogs(&app, &line, mpi);
  AddGenerate(&app, &line, mpi);
  AddSettings(&app, &line, mpi);
  AddCompletion(&app, mpi);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Usage(app, error, mpi.rank() == 0);
  }
  return line.exit_code;
}

}  // namespace fathom
