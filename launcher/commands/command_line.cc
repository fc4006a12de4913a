#include "launcher/commands/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "common/error.h"
#include "common/settings/settings.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/completion.h"

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

constexpr const char* kModelOrBundle =
    "Folder of the model, the output folder above it, or a bundle";

void AddModel(CLI::App* command, std::filesystem::path* model, const char* help) {
  command->add_option("--model", *model, help)->required();
}

// Commands that start processes of their own, which must not take themselves for ranks of this job.
void RefuseRanks(const char* command) {
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr) return;
  Fail(ExitCode::kUsage,
       "fathom {} runs once, and starts what it runs with as many ranks as it is told: start it "
       "without mpirun",
       command);
}

// What the parser fills in, and what a command ends with.
struct CommandLine {
  ConfigArguments config;
  std::filesystem::path model, a, b;
  JoinsFrom joins = JoinsFrom::kModel;
  PredictArguments predict;
  RecommendArguments recommend;
  GenerateArguments generate;
  ExportRequest exported;
  SplitArguments split;
  PlanArguments plan;
  ServeArguments serve;
  TuneArguments tune;
  LaunchRequest launch;
  bool markdown = false;
  int exit_code = 0;
};

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

void AddJoinsFromData(CLI::App* command, JoinsFrom* joins) {
  command->add_flag_callback(
      "--joins-from-data", [joins] { *joins = JoinsFrom::kData; },
      "Read the joined tables from data.dir as they are now, not those that the model keeps");
}

void AddEvaluate(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const evaluate = app->add_subcommand(
      "evaluate", "Metrics of a model on the evaluation part of a config's data");
  AddConfig(evaluate, &line->config);
  AddModel(evaluate, &line->model, "Folder of the model, or the output folder above it");
  AddJoinsFromData(evaluate, &line->joins);
  evaluate->callback(
      [line, &mpi] { EvaluateCommand(line->config, line->model, line->joins, mpi); });
}

void AddPredict(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const predict =
      app->add_subcommand("predict", "Score the lines of a file, one score a line in input order");
  AddModel(predict, &line->predict.model_dir, kModelOrBundle);
  predict
      ->add_option("--input", line->predict.input,
                   "File with the columns of the training data, of which the label may be absent; "
                   "-: standard input. A pipe is scored line by line as it comes")
      ->required();
  predict->add_option("--output", line->predict.output, "File to write; -: standard output")
      ->required();
  predict->add_flag("--logits", line->predict.logits, "Write logits instead of probabilities");
  predict->add_flag("--metrics", line->predict.metrics,
                    "Print the metrics that evaluate would print; the label must be there");
  AddJoinsFromData(predict, &line->predict.joins);
  predict->add_option("key=value", line->predict.overrides,
                      "Overrides of the model's config, as data.dir=...");
  predict->callback([line, &mpi] { PredictCommand(line->predict, mpi); });
}

void AddServeLimits(CLI::App* serve, ServeArguments* arguments) {
  serve->add_option("--max-body", arguments->max_body, "The largest body of a request, up to 1GiB")
      ->capture_default_str();
  serve->add_option("--max-rows", arguments->max_rows, "The most rows of a request")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000000}))
      ->capture_default_str();
  serve
      ->add_option("--max-values", arguments->max_values,
                   "The most values in a request's JSON, names of members counted")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000000}))
      ->capture_default_str();
  serve
      ->add_option("--max-connections", arguments->max_connections,
                   "More are turned away with status 503")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  const auto seconds = [&](const char* name, int* value, const char* help) {
    serve->add_option(name, *value, help)->check(CLI::Range(1, 86400))->capture_default_str();
  };
  seconds("--idle-seconds", &arguments->idle_seconds,
          "A connection without a request is closed after so long");
  seconds("--header-seconds", &arguments->header_seconds,
          "The longest that a request's header, or agreeing on TLS, may take");
  seconds("--body-seconds", &arguments->body_seconds,
          "The longest that a request's body, or taking the answer, may take");
  seconds("--stop-seconds", &arguments->stop_seconds,
          "On SIGTERM and SIGINT: how long requests that have begun may take to end");
}

void AddServe(CLI::App* app, CommandLine* line) {
  CLI::App* const serve = app->add_subcommand(
      "serve",
      "Score and recommend over HTTP: Open Inference Protocol V2, TensorFlow Serving's V1");
  ServeArguments* const arguments = &line->serve;
  serve
      ->add_option("MODEL", arguments->models,
                   "Folder of a model, or the output folder above it, or NAME=FOLDER; several are "
                   "served by their names. A new model in the same place is taken up")
      ->required();
  serve
      ->add_option("--listen", arguments->listen,
                   "[host:]port; without a host only this machine is answered; port 0: one that is "
                   "free, which the log tells")
      ->capture_default_str();
  serve
      ->add_option("--threads", arguments->threads,
                   "Threads that read, score and answer; 0: one a processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  serve
      ->add_option(
          "--catalogue", arguments->catalogues,
          "NAME=FILE: the items that :recommend of the model NAME chooses from where a request has "
          "no candidates, as for fathom recommend; may be given again")
      ->allow_extra_args(false);
  serve->add_flag("--verify", arguments->verify,
                  "Compare all checksums of each model before it is served");
  CLI::Option* const certificate = serve->add_option(
      "--tls-cert", arguments->tls_certificate, "Certificate chain in PEM: the server speaks TLS");
  serve->add_option("--tls-key", arguments->tls_key, "Its key in PEM, not encrypted")
      ->needs(certificate);
  AddServeLimits(serve, arguments);
  serve->footer("SIGHUP: look for new models now. SIGTERM, SIGINT: end in order, exit code 0.");
  serve->callback([line] {
    RefuseRanks("serve");
    line->exit_code = ServeCommand(line->serve);
  });
}

void AddRecommend(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  RecommendArguments* const to = &line->recommend;
  CLI::App* const recommend = app->add_subcommand(
      "recommend", "The best items of a catalogue for a reader, by exact scores");
  AddModel(recommend, &to->model_dir, kModelOrBundle);
  recommend
      ->add_option("--catalogue", to->catalogue,
                   "File of the items to choose from: any columns of the model's input, and others "
                   "to show, as titles")
      ->required();
  recommend
      ->add_option("--user", to->user,
                   "COLUMN=VALUE: what the model reads of the reader; may be given again")
      ->allow_extra_args(false);
  recommend->add_option("--users", to->users, "File of readers, one a line: an answer for each");
  recommend->add_option("-n,--items", to->n, "So many items")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str();
  recommend->add_option("--seen", to->seen,
                        "File of what is left out, as the training log: lines of the reader, or of "
                        "any reader where it does not name them");
  recommend
      ->add_option("--seen-by", to->seen_by,
                   "Columns that tell readers and items of --seen apart, as user_id,book_id")
      ->delimiter(',')
      ->allow_extra_args(false);
  recommend
      ->add_option("--show", to->show,
                   "Columns to show of an item, of the catalogue or of the model's joined tables")
      ->delimiter(',')
      ->allow_extra_args(false);
  recommend->add_flag("--why", to->why,
                      "Show the largest wide terms of each item, and the items that are nearest to "
                      "it by their embeddings");
  recommend->add_flag("--logits", to->logits, "Show logits instead of probabilities");
  const std::map<std::string, RecommendationForm> forms = {{"table", RecommendationForm::kTable},
                                                           {"tsv", RecommendationForm::kTsv},
                                                           {"json", RecommendationForm::kJson}};
  recommend
      ->add_option("--output", to->form, "table, tsv or json (a line a reader); default: table")
      ->transform(CLI::CheckedTransformer(forms));
  recommend->callback([to, &mpi] { RecommendCommand(*to, mpi); });
}

void AddCompare(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const compare = app->add_subcommand(
      "compare", "Exit 0 if two models are identical to the bit, else 1 and the first difference");
  compare->add_option("A", line->a, "Folder of a model")->required();
  compare->add_option("B", line->b, "Folder of a model")->required();
  compare->callback([line, &mpi] {
    line->exit_code = mpi.OnFirst([line] { return CompareCommand(line->a, line->b) ? 0 : 1; });
  });
}

void AddInspect(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const inspect = app->add_subcommand(
      "inspect",
      "What a model holds, and what a caller must send: tables, rows, input columns, config");
  inspect->add_option("DIR", line->model, "Folder of a model")->required();
  inspect->callback([line, &mpi] {
    mpi.OnFirst([line] {
      InspectCommand(line->model);
      return 0;
    });
  });
}

// An option whose value is one of the words of a kind.
template <typename Kind, typename Target>
CLI::Option* AddWord(CLI::App* command, const char* name, Target* into, const char* help) {
  const auto take = [name, into](const std::string& word) {
    const auto kind = KindNamed<Kind>(word);
    if (kind) {
      *into = *kind;
      return;
    }
    std::string known;
    for (const std::string_view each : NamesOf<Kind>::kNames)
      known += (known.empty() ? "" : ", ") + std::string(each);
    throw CLI::ValidationError(name, "\"" + word + "\" is none of: " + known);
  };
  return command->add_option_function<std::string>(name, take, help);
}

void AddExport(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  CLI::App* const exported = app->add_subcommand(
      "export", "Write a model in a form that others read: one file, ONNX, NumPy, text");
  ExportRequest& request = line->exported;
  AddModel(exported, &request.model, kModelOrBundle);
  AddWord<ExportFormat>(exported, "--format", &request.format,
                        "bundle: one file to score with. onnx: for ONNX Runtime. npz: for NumPy. "
                        "tsv: a line a feature. projector: for TensorBoard")
      ->required();
  exported->add_option("--out", request.out, "File to write; of onnx and projector a folder")
      ->required();
  AddWord<Precision>(
      exported, "--precision", &request.precision,
      "bundle, onnx: the embeddings as float32 or bfloat16; default: as the model's");
  exported->add_option("--field", request.field,
                       "tsv, projector: the rows of this column or cross only");
  exported->callback([line, &mpi] {
    mpi.OnFirst([line] {
      ExportCommand(line->exported);
      return 0;
    });
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
  AddEvaluate(&app, &line, mpi);
  AddPredict(&app, &line, mpi);
  AddServe(&app, &line);
  AddRecommend(&app, &line, mpi);
  AddCompare(&app, &line, mpi);
  AddInspect(&app, &line, mpi);
  AddExport(&app, &line, mpi);
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
