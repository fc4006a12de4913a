// The options of the commands that use a trained model.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/commands/command_options.h"

namespace fathom {
namespace {

constexpr const char* kModelOrBundle =
    "Folder of the model, the output folder above it, or a bundle";

void AddModel(CLI::App* command, std::filesystem::path* model, const char* help) {
  command->add_option("--model", *model, help)->required();
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
  predict->add_flag(
      "--metrics", line->predict.metrics,
      "Print the metrics that evaluate would print; the label must be there, and the model is "
      "a folder");
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

// An option whose value is one of these words.
template <typename Value>
CLI::Option* AddChoice(CLI::App* command, const char* name, Value* into, const char* help,
                       const std::vector<std::pair<std::string, Value>>& words) {
  const auto take = [=](const std::string& word) {
    std::string known;
    for (const auto& [each, value] : words) {
      if (each == word) {
        *into = value;
        return;
      }
      known += (known.empty() ? "" : ", ") + each;
    }
    throw CLI::ValidationError(name, "\"" + word + "\" is none of: " + known);
  };
  return command->add_option_function<std::string>(name, take, help);
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
  AddChoice(recommend, "--output", &to->form,
            "table, tsv or json (a line a reader); default: table",
            {{"table", RecommendationForm::kTable},
             {"tsv", RecommendationForm::kTsv},
             {"json", RecommendationForm::kJson}});
  recommend->callback([to, &mpi] { RecommendCommand(*to, mpi); });
}

void AddExplain(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  ExplainArguments* const to = &line->explain;
  CLI::App* const explain = app->add_subcommand(
      "explain", "A score taken apart: what each value of an example adds to its logit");
  AddModel(explain, &to->model, kModelOrBundle);
  explain->add_option("--input", to->input, "File as for predict; -: standard input")->required();
  explain
      ->add_option("--line", to->line,
                   "The example in this line of the file, counted from 1, the header too; default: "
                   "all")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  explain->add_option("--against", to->against,
                      "Another model that reads the same columns: both side by side");
  AddChoice(explain, "--output", &to->json, "table, or json (a line an example); default: table",
            {{"table", false}, {"json", true}});
  explain->callback([to, &mpi] { ExplainCommand(*to, mpi); });
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
  inspect->add_option("DIR", line->model, "Folder of a model or of a checkpoint, or a bundle")
      ->required();
  inspect
      ->add_option("--key", line->keys,
                   "FIELD=TEXT: show this row instead, as \"reader=58\" or \"reader x "
                   "genres=58,fantasy\"; may be given again")
      ->allow_extra_args(false);
  inspect->callback([line, &mpi] {
    mpi.OnFirst([line] {
      InspectCommand(line->model, line->keys);
      return 0;
    });
  });
}

// An option whose value is one of the words of a kind.
template <typename Kind, typename Target>
CLI::Option* AddWord(CLI::App* command, const char* name, Target* into, const char* help) {
  std::vector<std::pair<std::string, Target>> words;
  for (const std::string_view word : NamesOf<Kind>::kNames)
    words.emplace_back(word, *KindNamed<Kind>(word));
  return AddChoice(command, name, into, help, words);
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

}  // namespace

void AddModelCommands(CLI::App* app, CommandLine* line, MpiSession& mpi) {
  AddEvaluate(app, line, mpi);
  AddPredict(app, line, mpi);
  AddServe(app, line);
  AddRecommend(app, line, mpi);
  AddExplain(app, line, mpi);
  AddCompare(app, line, mpi);
  AddInspect(app, line, mpi);
  AddExport(app, line, mpi);
}

}  // namespace fathom
