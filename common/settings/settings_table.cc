#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <utility>

#include "common/config/data_check.h"
#include "common/settings/setting_entry.h"
#include "common/settings/settings.h"

namespace fathom {
namespace {

constexpr double kMaxCount = 1e15;
constexpr double kMaxUnusedSteps = 1e9;  // ages are told apart modulo 2^32

// Which transforms go with which kind of column.
std::string_view TransformHelp() {
  static const std::string help = [] {
    std::string text;
    for (std::size_t k = 0; k < NamesOf<ColumnKind>::kNames.size(); ++k) {
      text += fmt::format("{}{}: ", k == 0 ? "" : "; ", NamesOf<ColumnKind>::kNames[k]);
      const char* between = "";
      for (std::size_t t = 0; t < NamesOf<TransformKind>::kNames.size(); ++t) {
        if (!GoesWith(static_cast<TransformKind>(t), static_cast<ColumnKind>(k))) continue;
        text += fmt::format("{}{}", between, NamesOf<TransformKind>::kNames[t]);
        between = ", ";
      }
    }
    return text;
  }();
  return help;
}

// A help text that begins with the formats that a setting of data goes with.
std::string OfNamedFields(std::string_view help) {
  return fmt::format("{}: {}", FormatsWith(FormatTrait::kNamedFields), help);
}

// How the text is read and kept.
void AddData(DataConfig& d, std::vector<Setting>* out) {
  static const std::string header = OfNamedFields("the first line of each file names the columns");
  static const std::string names = OfNamedFields("without header: the columns' names");
  static const std::string trim = OfNamedFields("strip blanks around fields");
  static const std::string separator = OfNamedFields(
      "what stands between fields, any text, as \"::\"; blanks: any run of blanks and tabs; "
      "empty: a comma or a tab, by the format");
  static const std::string quote = OfNamedFields(
      "double: a field that begins with a quote ends with one (RFC 4180); none: a quote is a "
      "character like others");
  out->insert(
      out->end(),
      {
          Text("data.dir", &d.dir,
               "Folder that the file names below start from; relative to the config file"),
          Word("data.format", &d.format,
               "Form of the input text; generated: no text, the examples are made on the fly"),
          Plain("data.header", &d.header, header),
          Plain("data.names", &d.names, names),
          Text("data.separator", &d.separator, separator),
          Word("data.quote", &d.quote, quote),
          Plain("data.trim", &d.trim, trim),
          Plain("data.missing", &d.missing,
                "Fields that mean that the value is not known; an empty field always does, listed "
                "or not"),
          Plain("data.train", &d.train,
                "Files to train on; * ? [] are wildcards, - is standard input; gzip and zstd are "
                "decompressed"),
          Plain("data.test", &d.test,
                "Files to test on; empty: split the training files by test_fraction"),
          Text("data.packed_dir", &d.packed_dir,
               "Where the packed examples are kept; empty: <output.dir>/packed"),
          Number("data.packed_keep", &d.packed_keep, 1, kMaxCount,
                 "So many packed forms stay there; those that were not used for longest are "
                 "removed"),
          Number("data.max_bad_lines", &d.max_bad_lines, 0, kMaxCount,
                 "This many bad lines are skipped, counted and reported; one more stops the run"),
          Text("data.duckdb", &d.duckdb,
               "data.format = \"parquet\": path of libduckdb.so; empty: $FATHOM_DUCKDB, else where "
               "the system's loader finds it"),
      });
}

// What of it are examples, and of which part.
void AddExamples(DataConfig& d, std::vector<Setting>* out) {
  out->insert(
      out->end(),
      {
          Text("data.label", &d.label,
               "The label: a column of 0 and 1, or a test: COLUMN OP VALUE, OP one of == != < <= > "
               ">=; == takes VALUE|VALUE"),
          Plain("data.label_negative", &d.label_negative,
                "If given: a label that is neither positive nor one of these is a bad line"),
          Text("data.weight", &d.weight,
               "Column of the examples' weights, numbers from 0: they count in loss, gradients and "
               "every metric; empty: each example counts once"),
          Positive("data.negative_rate", &d.negative_rate, 1,
                   "Share of the negatives that the files of data.train have kept: each of theirs "
                   "counts 1 / rate times, so that the model predicts the rate before negatives "
                   "were dropped (McMahan et al. 2013); 1: none were"),
          Plain("data.filter", &d.filter,
                "Tests on columns, as data.label has one: a line that does not pass them all is "
                "left out and counted"),
          Word("data.split_order", &d.split_order,
               "hash: which part a line belongs to is drawn by data.split_by; time: the lines with "
               "the latest values of the one column in data.split_by are the test part, those "
               "before them the validation part"),
          Plain("data.split_by", &d.split_by,
                "Columns whose hash decides which part a line belongs to; empty: file name and "
                "line number"),
          Number("data.test_fraction", &d.test_fraction, 0, 0.99,
                 "Share of the training files that becomes the test part, when data.test is empty"),
          Number("data.validation_fraction", &d.validation_fraction, 0, 0.99,
                 "Share of the rest that is held out: by it the run keeps its best model "
                 "(evaluate.best), and settings are chosen"),
          Number("data.split_seed", &d.split_seed, 0, kMaxCount,
                 "Another seed makes another split"),
      });
}

void AddGenerated(GeneratedConfig& g, std::vector<Setting>* out) {
  out->insert(
      out->end(),
      {
          Number("generated.examples", &g.examples, 1, kMaxCount,
                 "data.format = \"generated\": examples to train on"),
          Number("generated.test_examples", &g.test_examples, 0, kMaxCount,
                 "Examples to test on; 0: no evaluation"),
          Number("generated.values", &g.values, 1, kMaxCount,
                 "Distinct values of a categorical column that gives none itself"),
          Number("generated.skew", &g.skew, 0, 4,
                 "Value number v comes with a probability that falls as v^-skew; 0: all alike"),
          Number("generated.seed", &g.seed, 0, kMaxCount, "Another seed makes another log"),
      });
}

Setting OfLayout(Setting setting) {
  setting.of_layout = true;
  return setting;
}

void AddTraining(Config& c, std::vector<Setting>* out) {
  out->insert(
      out->end(),
      {
          Plain("model.hidden", &c.model.hidden,
                "Widths of the ReLU layers; empty: the embeddings go straight to the output"),
          Number("model.embedding_dim", &c.model.embedding_dim, 1, kMaxEmbeddingDim,
                 "Floats in an embedding, unless the column gives dim"),
          Number("model.init_stddev", &c.model.init_stddev, 0, 10,
                 "Standard deviation of a new embedding's elements (uniform)"),
          Word("model.initial_bias", &c.model.initial_bias,
               "What the bias begins with: zero, or base_rate: the logit of the training part's "
               "(weighted) share of positives. A warm start begins with its model's bias"),
#define FATHOM_MODEL_PART(kind, name)
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) \
  Plain("model." name, &c.model.parts[static_cast<std::size_t>(ModelPartKind::kind)], help),
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART
          OfLayout(Number("train.batch_size", &c.train.batch_size, 1, 1 << 26,
                          "Examples in a global batch, over all workers")),
          Number("train.slice_size", &c.train.slice_size, 1, 1 << 20,
                 "Examples in a slice, the unit of compute; part of the model's definition"),
          Number("train.epochs", &c.train.epochs, 1, 1e6, "Passes over the training data"),
          Number("train.patience", &c.train.patience, 0, 1e6,
                 "So many evaluations on the validation part without a better one end the run; 0: "
                 "all epochs are trained"),
          Word("train.schedule", &c.train.schedule,
               "Learning rates of adagrad, adam and sgd: constant, or linear: they rise over "
               "warmup_steps and then fall to final_rate at the last step. ftrl's own rate falls "
               "with each coordinate's gradients"),
          Number("train.warmup_steps", &c.train.warmup_steps, 0, kMaxCount,
                 "linear: steps over which the learning rate rises to its value"),
          Number("train.final_rate", &c.train.final_rate, 0, 1,
                 "linear: share of the learning rate that the last step has"),
          Plain("train.shuffle", &c.train.shuffle, "Another order of the examples each epoch"),
          Number("train.shuffle_window", &c.train.shuffle_window, 1, 1e12,
                 "Examples are shuffled within windows of this many, and the windows are shuffled"),
          Word("train.consistency", &c.train.consistency,
               "sync: the same bits for any number of servers, workers and threads; bounded: each "
               "batch by one worker, on rows that may lack the last `staleness` batches; async: on "
               "rows as they are"),
          Number("train.staleness", &c.train.staleness, 0, 1 << 20,
                 "bounded: how many of the batches before it may be missing from the rows that a "
                 "batch is computed on; 0 is sync, one batch after another"),
          Word("train.row_format", &c.train.row_format,
               "How rows and their gradients travel; bfloat16 halves the bytes and rounds to 8 "
               "bits, alike for any layout. The servers keep float32"),
          Plain("train.trace", &c.train.trace,
                "Write a timeline of every rank's work to <output.dir>/trace.json, for "
                "ui.perfetto.dev"),
          Plain("train.watch", &c.train.watch,
                "Rows whose life is written to <output.dir>/logs/watch.*.jsonl: \"FIELD=TEXT\", as "
                "\"reader=58\" or \"reader x genres=58,fantasy\", the text as in the data; "
                "\"dense=layer 1 weights\": the norm of a block"),
          Plain("train.digests", &c.train.digests,
                "sync: keep what each step has changed as one number in <output.dir>/digests.txt, "
                "by which `fathom compare` finds the step in which two runs part; takes 1 to 3 % "
                "of the "
                "time"),
      });
}

// A setting's name and help are made once and stay.
std::string_view Kept(std::string text) {
  static std::mutex mutex;
  static std::set<std::string> texts;
  const std::lock_guard lock(mutex);
  return *texts.insert(std::move(text)).first;
}

// The rules that a part may use, and the settings of them all.
void AddOptimizer(OptimizerConfig* c, std::string_view of, std::vector<Setting>* out) {
  const std::string_view part = NameOf(c->part());
  Setting optimizer = Word(Kept(fmt::format("{}.optimizer", part)), &c->optimizer,
                           Kept(fmt::format("Update rule of {}", of)));
  std::erase_if(optimizer.choices, [&](std::string_view name) {
    return !TraitsOf(*KindNamed<UpdateRuleKind>(name)).GoesWith(c->part());
  });
  optimizer.dumped = c->optimizer != DefaultRule(c->part());
  out->push_back(std::move(optimizer));
  for (const PartSetting& of_part : SettingsOfPart(c->part())) {
    const RuleSetting& setting = *of_part.setting;
    std::string rules, defaults;
    for (const UpdateRuleKind rule : of_part.rules) {
      const RuleSetting& own = *TraitsOf(rule).Find(c->part(), setting.name);
      const char* const comma = rules.empty() ? "" : ", ";
      rules += fmt::format("{}{}", comma, NameOf(rule));
      defaults += fmt::format("{}{} with {}", comma,
                              own.initial[static_cast<std::size_t>(c->part())], NameOf(rule));
    }
    if (of_part.rules.size() > 1) defaults.insert(0, ". Default: ");
    out->push_back({.key = Kept(fmt::format("{}.{}", part, setting.name)),
                    .value = RuleSettingPlace{.optimizer = c, .setting = &setting},
                    .help = Kept(fmt::format("{}: {}{}", rules, setting.help,
                                             of_part.rules.size() > 1 ? defaults : "")),
                    .low = 0,
                    .high = setting.type == RuleSettingType::kFlag ? 0 : setting.high,
                    .above_low = setting.type == RuleSettingType::kAboveZero,
                    .choices = {},
                    .dumped = c->Has(setting.name)});
  }
}

void AddOptimizers(Config& c, std::vector<Setting>* out) {
  AddOptimizer(&c.wide, "the rows' wide weights. Gradients are sums over the batch's examples",
               out);
  out->push_back(
      Number("wide.l2", &c.wide.l2, 0, 1e6, "L2 on the wide weights that a batch touches"));
  AddOptimizer(&c.deep, "the rows' embeddings. Gradients are sums over the batch's examples", out);
  out->push_back(
      Word("deep.precision", &c.deep.precision,
           "How the servers keep embeddings; bfloat16 takes half the memory, rounded at random "
           "by (seed, table, key, step), alike for any layout"));
  out->push_back(
      Number("deep.l2", &c.deep.l2, 0, 1e6, "L2 on the embeddings that a batch touches"));
  AddOptimizer(&c.dense,
               "layers, bias and numeric wide weights. Gradients are means over the batch", out);
  out->push_back(Positive("dense.init_scale", &c.dense.init_scale, 100,
                          "Initial weights of the layers: so many times He's standard deviation, "
                          "sqrt(2 / inputs); 0.41 is what PyTorch starts from"));
  out->push_back(Number("dense.l2", &c.dense.l2, 0, 1e6, "L2 on the dense parameters"));
}

void AddEvaluationAndStart(Config& c, std::vector<Setting>* out) {
  out->insert(
      out->end(),
      {
          Number("evaluate.every_steps", &c.evaluate.every_steps, 0, kMaxCount,
                 "Evaluate every so many steps; 0: only at the end of each epoch"),
          Word("evaluate.on", &c.evaluate.on,
               "Which part to evaluate on. Where the best model is kept, evaluations are on the "
               "validation part while the run trains, and test evaluates the kept model at the "
               "end"),
          Word("evaluate.best", &c.evaluate.best,
               "Where the data have a validation part: keep the model of the evaluation on it that "
               "is best by this metric; none: the last step's"),
          Text("evaluate.group_by", &c.evaluate.group_by,
               "Column for the per-group AUC (GAUC); empty: none"),
          Number("checkpoint.every_steps", &c.checkpoint.every_steps, 0, kMaxCount,
                 "Write a checkpoint every so many steps; 0: only when the run is asked to stop"),
          Number("checkpoint.keep", &c.checkpoint.keep, 1, 1000,
                 "So many complete checkpoints stay; older ones are removed"),
          Text("warm_start.model", &c.warm_start.model,
               "Begin with what this model has learnt, as far as its columns and layers are found "
               "again by name and shape; empty: begin with initial values"),
          Plain("warm_start.optimizer_state", &c.warm_start.optimizer_state,
                "Take over the update rules' state too, as FTRL's and AdaGrad's sums; false: "
                "values only, "
                "state as if new. Where a rule has changed, its state is new in any case; under "
                "other settings of ftrl the weights stay as they are"),
          Word("warm_start.statistics", &c.warm_start.statistics,
               "Means, deviations and quantiles of the model's columns: keep: as the model has "
               "them; update: learnt anew from this run's data. Vocabularies always grow: the "
               "model's values and the new ones"),
      });
}

void AddServer(ServerConfig& s, std::vector<Setting>* out) {
  out->insert(
      out->end(),
      {
          Number("server.partitions", &s.partitions, Partitions::kFewest, Partitions::kMost,
                 "Parts that each table is cut into, a power of two: at least as many as servers; "
                 "one holds 33 million rows of a table. It decides where rows lie. What is trained "
                 "depends on it only with memory_limit or admission_count, whose memory is shared "
                 "out among the partitions"),
          Plain("server.huge_pages", &s.huge_pages,
                "Keep rows in pages of 2 MiB where the kernel gives them: a random row is reached "
                "in half the time; small tables take a little more memory"),
          Plain("server.memory_limit", &s.memory_limit,
                "Memory of all servers' tables together, as 8GB or 512MiB; empty: no limit"),
          Text("server.cold_tier", &s.cold_tier,
               "Folder on a local disk of each server's host: rows beyond memory_limit lie there, "
               "in "
               "a file without a name that is gone with the process, and none is evicted or "
               "refused; empty: none"),
          Word("server.at_limit", &s.at_limit,
               "What a partition of rows does that is full: evict the tenth of its rows that was "
               "trained least (sum of squared gradients, or adam's mean of them), whose weights "
               "are smallest, or that were "
               "named longest ago; or refuse: new keys get no row"),
          Number(
              "server.evict_unused_steps", &s.evict_unused_steps, 0, kMaxUnusedSteps,
              "Rows that no push has named for so many steps are evicted, at most 63 steps later; "
              "0: none. It and evict_oldest keep 4 B more a row, the step of its last update"),
          Positive("server.admission_probability", &s.admission_probability, 1,
                   "A key without a row gets one with this probability in each step that names it "
                   "(Poisson inclusion, McMahan et al. 2013); below 1, rare keys get none"),
          Number("server.admission_count", &s.admission_count, 1, 15,
                 "A key without a row gets one once so many steps have named it (Bloom filter "
                 "inclusion, McMahan et al. 2013); 1: at once"),
          Plain("server.admission_filter", &s.admission_filter,
                "Memory of the counters of admission_count, all servers' together, as 8GB or "
                "512MiB; half a byte a counter, four counters a key"),
      });
}

void AddCluster(ClusterConfig& c, std::vector<Setting>* out) {
  const std::vector<Setting> settings = {
      Number("cluster.servers", &c.servers, 0, Partitions::kMost,
             "Ranks that serve (in one process: threads), at most server.partitions; 0: one for "
             "every three of the ranks but rank 0, at least one"),
      Number("cluster.workers", &c.workers, 0, 1024,
             "One process: worker threads; 0: one. Under mpirun the remaining ranks work"),
      Number("cluster.threads", &c.threads, 1, 256, "Compute threads of each worker"),
      Word("cluster.transport", &c.transport,
           "auto: in process for one process, tcp between processes"),
      Text("cluster.interface", &c.interface,
           "Network interfaces between hosts, as eth0, or networks that they are in, as "
           "10.0.0.0/16 or fd00::/8, between commas; empty: the network that all hosts are in, "
           "of several that of rank 0's default route; else by each host's route to rank 0"),
      Plain("cluster.tls", &c.tls,
            "Over TCP: encrypt what travels between ranks (TLS 1.3, its key from the run's "
            "secret)"),
      Positive("cluster.timeout_seconds", &c.timeout_seconds, 86400,
               "Seconds without a word after which a rank counts as lost; some waits last two "
               "or four times as long (docs/errors.md)"),
  };
  std::transform(settings.begin(), settings.end(), std::back_inserter(*out), OfLayout);
}

}  // namespace

std::vector<Setting> SettingsOf(Config& c) {
  std::vector<Setting> out = {
      Number("seed", &c.seed, 0, kMaxCount,
             "Seed of the initial values and of the order of the examples"),
      Text("resume", &c.resume,
           "no: train from the start, refused where output.dir has checkpoints; restart: put these "
           "aside and train from the start; auto: go on from the newest complete checkpoint of "
           "output.dir, where there is one; or a checkpoint's folder"),
      Text("output.dir", &c.output.dir,
           "Folder for all that a run writes: config.toml, metrics.jsonl, model/, checkpoints/, "
           "packed/, "
           "logs/; relative to where fathom is started"),
      Word("output.shared", &c.output.shared,
           "Whether all ranks see rank 0's output.dir; auto: they look. Servers that do not see it "
           "send their files of checkpoints and of the model to rank 0"),
      Number("output.progress_seconds", &c.output.progress_seconds, 0, 86400,
             "A progress line at most this often"),
      Word("output.side_tables", &c.output.side_tables,
           "Columns of the joined tables that the model keeps, so that it scores without them; "
           "used: those that the config asks for; all: the others too, as titles"),
      Plain("output.names", &c.output.names,
            "Keep the text of every value beside the model, so that exports and reports show "
            "features by name; takes memory while the data are packed"),
  };
  AddData(c.data, &out);
  AddExamples(c.data, &out);
  AddGenerated(c.generated, &out);
  AddTraining(c, &out);
  AddOptimizers(c, &out);
  AddEvaluationAndStart(c, &out);
  AddServer(c.server, &out);
  AddCluster(c.cluster, &out);
  return out;
}

std::vector<Setting> SettingsOf(ColumnConfig& c) {
  return {
      Text("name", &c.name, "The column's name in the model"),
      Text("source", &c.source, "The column of the input; empty: the same as name"),
      Text("extract", &c.extract,
           "Regular expression (RE2): the value is what its first group matches in the field, or "
           "without a group all that it matches; where it matches nothing the value is missing"),
      Word("kind", &c.kind, "What its fields hold"),
      Word("use", &c.use, "Part of the model that uses it; none: only for split_by and group_by"),
      Text("separator", &c.separator, "multivalent: what stands between values, one character"),
      Plain("weighted", &c.weighted, "multivalent: each value is written value:weight"),
      Word("transform", &c.transform, TransformHelp()),
      Word("missing_as", &c.missing_as,
           "numeric: what a missing number becomes: zero, before the transform; or neutral, after "
           "it: 0 (so the mean, if standardised), the middle of the quantiles"),
      Number("min_count", &c.min_count, 1, kMaxCount,
             "vocabulary: values seen less often in the training part share one key"),
      Number("hash_buckets", &c.hash_buckets, 0, kMaxCount,
             "Fold the values into this many classes; 0: one key for each value"),
      Plain("boundaries", &c.boundaries,
            "buckets: ascending boundaries; class i holds boundaries[i-1] <= x < boundaries[i]"),
      Number("quantiles", &c.quantiles, 2, 65536, "quantiles: into how many classes"),
      Number("folds", &c.folds, 2, 100,
             "target_mean: into how many folds training lines are dealt; a line's mean is that of "
             "the other folds"),
      Number("prior", &c.prior, 0, 1e9,
             "target_mean: so many examples of the overall mean are added to each value's"),
      Number("dim", &c.dim, 0, kMaxEmbeddingDim, "Floats in its embedding; 0: model.embedding_dim"),
      Word("pooling", &c.pooling,
           "multivalent: how the values' embeddings become one; mean divides their wide weights "
           "too"),
      Number("values", &c.values, 0, kMaxCount,
             "data.format = \"generated\": distinct values; 0: generated.values"),
  };
}

std::vector<Setting> SettingsOf(CrossConfig& c) {
  return {
      Plain("columns", &c.columns,
            "Two or more categorical or multivalent columns: one feature for each combination of "
            "their values"),
      Word("use", &c.use, "Part of the model that uses it", std::optional(Use::kNone)),
      Number("hash_buckets", &c.hash_buckets, 0, kMaxCount,
             "Fold the combinations into this many classes; 0: one key for each"),
      Number("dim", &c.dim, 0, kMaxEmbeddingDim, "Floats in its embedding; 0: model.embedding_dim"),
      Word("pooling", &c.pooling,
           "How the combinations' embeddings become one; mean divides their wide weights too"),
  };
}

std::vector<Setting> SettingsOf(JoinConfig& c) {
  return {
      Text("file", &c.file, "Side table: CSV with a header, under data.dir"),
      Text("key", &c.key, "Column of the data by which its columns are looked up"),
      Text("on", &c.on, "Column of the side table that holds the key; empty: the same as key"),
      Text("separator", &c.separator,
           "What stands between its fields, any text; blanks: any run of blanks and tabs"),
      Word("quote", &c.quote, "Whether its fields may be quoted, as data.quote"),
  };
}

std::vector<Setting> SettingsOf(SweepConfig& s) {
  return {
      Number("repeats", &s.repeats, 1, 1000,
             "Runs of each point; repeat r has seed + r. The table has the medians"),
      Number("target_auc", &s.target_auc, 0, 1,
             "The table's seconds_to_auc: training time until an evaluation reaches this; 0: none"),
      Plain("keep_models", &s.keep_models, "Keep each run's model; else it is removed after it"),
  };
}

}  // namespace fathom
