// The commands of the `fathom` program. Each returns when it is done and throws Error where it
// fails. Results and log lines go to standard output; calibration's progress, launch's own lines
// and errors go to standard error. Thread rule: the main thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/export/export_request.h"
#include "launcher/launch/mpirun_line.h"
#include "launcher/recommend/recommendation_lines.h"
#include "launcher/synthetic/synthetic_log.h"
#include "worker/predict/trained_model.h"

namespace fathom {

struct ConfigArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;  // key=value
};

// Returns the exit code: 0, or 128 + the number of the signal that ended it in order.
int TrainCommand(const ConfigArguments& arguments, MpiSession& mpi);

void EvaluateCommand(const ConfigArguments& arguments, const std::filesystem::path& model_dir,
                     JoinsFrom joins, MpiSession& mpi);

// Scores every line of `input` (same columns as the training data, the label may be absent; "-":
// standard input), one score a line in input order, an empty line where the input's is blank or
// bad. What comes through a pipe is scored as it comes. In one process. Throws Error(kData), the
// scores being written, where more lines are bad than data.max_bad_lines.
struct PredictArguments {
  std::filesystem::path model_dir;
  std::string input;
  std::filesystem::path output;
  bool logits = false;   // instead of probabilities
  bool metrics = false;  // print them too: the label must be there
  JoinsFrom joins = JoinsFrom::kModel;
  std::vector<std::string> overrides;
};
void PredictCommand(const PredictArguments& arguments, MpiSession& mpi);

// Prints the best items of a catalogue for each reader (docs/recommend.md). In one process.
struct RecommendArguments {
  std::filesystem::path model_dir;
  std::filesystem::path catalogue;
  std::vector<std::string> user;     // COLUMN=VALUE, of every reader
  std::filesystem::path users;       // a reader a line; empty: there is one
  std::filesystem::path seen;        // what readers have already; empty: nothing is left out
  std::vector<std::string> seen_by;  // columns that tell readers and items of it apart
  std::vector<std::string> show;     // columns of an item
  std::size_t n = 10;
  bool why = false;
  bool logits = false;  // instead of probabilities
  RecommendationForm form = RecommendationForm::kTable;
};
void RecommendCommand(const RecommendArguments& arguments, MpiSession& mpi);

// Prints what each value of an example adds to its logit (docs/debugging.md). In one process.
struct ExplainArguments {
  std::filesystem::path model;
  std::filesystem::path against;  // another model, of the same columns; empty: there is none
  std::filesystem::path input;    // "-": standard input
  std::uint64_t line = 0;         // of the input; 0: each that has an example
  bool json = false;              // a line an example
};
void ExplainCommand(const ExplainArguments& arguments, MpiSession& mpi);

// Returns whether the models are identical; prints the first difference where they are not.
bool CompareCommand(const std::filesystem::path& a, const std::filesystem::path& b);

// Prints the logs of all ranks of a run as one, by time.
struct LogsArguments {
  std::filesystem::path dir;  // the output folder
  bool earlier = false;       // of earlier starts too
  bool warnings = false;      // and errors alone
};
void LogsCommand(const LogsArguments& arguments);

// Writes the model in a form that others read, and prints what was written (docs/export.md).
void ExportCommand(const ExportRequest& request);

// Prints what a model holds, what a caller must send to have it score, and its config; with `keys`
// ("FIELD=TEXT") these rows instead.
void InspectCommand(const std::filesystem::path& model_dir, const std::vector<std::string>& keys);

// Runs `train` under mpirun and starts it again from its last checkpoint when it fails
// (docs/faults.md). Returns the exit code of the job, or 128 + the number of the signal that ended
// it.
int LaunchCommand(const LaunchRequest& request);

// Runs `train` at every point of the config's [sweep], one after another, and makes the table and
// the report (docs/scaling.md). What is done already is not run again. Returns 0, or 1 where a run
// failed.
int SweepCommand(const ConfigArguments& arguments);

// Searches for good settings on the validation part, by random search with successive halving, and
// writes the best ones as a config (docs/tuning.md). What is done already is not run again.
struct TuneArguments {
  int points = 18;
  std::int64_t seed = 1;
  std::int64_t epochs = 0;  // at most, of the last rung; 0: train.epochs, at least 9
};
void TuneCommand(const ConfigArguments& arguments, const TuneArguments& tune);

// Prints what `train` of this config will take: memory, traffic, time (docs/scaling.md). Calibrates
// the machine first where that was not done yet. In one process.
struct PlanArguments {
  int hosts = 1;
  int cores = 0;                   // of each host; 0: as this one
  int ranks = 0;                   // 0: one; on several hosts one a core
  std::string network = "25Gbps";  // between hosts
  std::string memory;              // of a host, as 24GB; empty: not asked
  double rows = 0;                 // instead of what the data tell
  bool calibrate = false;          // again
};
void PlanCommand(const ConfigArguments& config, PlanArguments arguments, MpiSession& mpi);

// Writes the parts of a config's data as text files (worker/ingest/text_split.h) and prints how
// many lines each has.
struct SplitArguments {
  std::filesystem::path out;
  std::vector<std::string> parts;  // empty: all that the data have
};
void SplitCommand(const ConfigArguments& config, const SplitArguments& arguments);

// Answers requests for scores over HTTP (docs/serving.md) until a signal ends it in order. Returns
// 0.
struct ServeArguments {
  std::vector<std::string> models;  // PATH or NAME=PATH
  std::string listen = "127.0.0.1:8080";
  int threads = 0;                      // 0: one a processor
  std::vector<std::string> catalogues;  // NAME=FILE
  bool verify = false;
  std::filesystem::path tls_certificate, tls_key;  // both or none
  std::string max_body = "64MiB";
  std::uint64_t max_rows = 100000;
  std::uint64_t max_values = 2000000;
  std::uint64_t max_connections = 1000;
  int idle_seconds = 60;
  int header_seconds = 10;
  int body_seconds = 30;
  int stop_seconds = 10;
};
int ServeCommand(const ServeArguments& arguments);

struct GenerateArguments {
  SyntheticLog log = SyntheticLog::kBooks;
  std::uint64_t rows = 1000000;
  std::uint64_t test_rows = 0;  // criteo; 0: a tenth of rows
  std::uint64_t seed = 1;
  std::filesystem::path out;
};
void GenerateCommand(const GenerateArguments& arguments);

}  // namespace fathom
