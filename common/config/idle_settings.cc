#include "common/config/idle_settings.h"

#include <algorithm>
#include <string_view>

#include "common/error.h"

namespace fathom {
namespace {

enum class Verdict {
  kTell,
  kRefuse,
  kRefuseAlways,  // whoever wrote it: what would be missing is more than a convenience
};

// `idle` says whether the key has no effect. A key that ends in a dot stands for all below it.
struct Rule {
  std::string_view key;
  bool (*idle)(const Config& config, const Placement& placement);
  std::string_view because;
  Verdict verdict = Verdict::kTell;
};

struct ColumnRule {
  std::string_view key;
  bool (*idle)(const Config& config, const ColumnConfig& column);
  std::string_view because;
  Verdict verdict = Verdict::kTell;
};

struct CrossRule {
  std::string_view key;
  bool (*idle)(const CrossConfig& cross);
  std::string_view because;
};

template <typename Uses>
bool HasSparse(const Config& config, const Uses& uses) {
  return std::any_of(config.columns.begin(), config.columns.end(),
                     [&](const ColumnConfig& column) {
                       return column.kind != ColumnKind::kNumeric && uses(column.use);
                     }) ||
         std::any_of(config.crosses.begin(), config.crosses.end(),
                     [&](const CrossConfig& cross) { return uses(cross.use); });
}

bool NoWideRows(const Config& c, const Placement&) { return !HasSparse(c, UsesWide); }

bool NoEmbeddings(const Config& c, const Placement&) { return !HasSparse(c, UsesDeep); }

bool NoDeepPart(const Config& c, const Placement&) {
  return !HasSparse(c, UsesDeep) &&
         std::none_of(c.columns.begin(), c.columns.end(),
                      [](const ColumnConfig& column) { return UsesDeep(column.use); });
}

bool IsGenerated(const Config& c, const Placement&) {
  return c.data.format == DataFormat::kGenerated;
}

bool IsNotSeparated(const Config& c) {
  return c.data.format != DataFormat::kCsv && c.data.format != DataFormat::kTsv;
}

bool NothingIsSplitOff(const Config& c, const Placement&) {
  return c.data.test_fraction == 0 && c.data.validation_fraction == 0;
}

bool NothingToEvaluateOn(const Config& c, const Placement&) {
  if (c.data.format == DataFormat::kGenerated) return c.generated.test_examples == 0;
  return c.evaluate.on == EvaluationPart::kTest && c.data.test.empty() && c.data.test_fraction == 0;
}

// In one process "tcp" has a transport for each role, over the loopback.
bool NoFrameLeaves(const Config& c, const Placement& at) {
  return at.processes == 1 && c.cluster.transport != TransportKind::kTcp;
}

const Rule kRules[] = {
    {"cluster.workers", [](const Config&, const Placement& at) { return at.processes > 1; },
     "under mpirun the ranks that do not coordinate or serve work"},
    {"cluster.tls",
     [](const Config& c, const Placement&) {
       return c.cluster.tls && c.cluster.transport == TransportKind::kMpi;
     },
     "cluster.transport = \"mpi\" sends in clear text; encrypt with \"tcp\", or set tls = false",
     Verdict::kRefuseAlways},
    {"cluster.tls",
     [](const Config& c, const Placement&) {
       return c.cluster.tls && c.cluster.transport == TransportKind::kInProcess;
     },
     "cluster.transport = \"inprocess\" sends nothing", Verdict::kRefuseAlways},
    {"cluster.tls",
     [](const Config& c, const Placement& at) { return c.cluster.tls && NoFrameLeaves(c, at); },
     "one process sends nothing over a network"},
    {"cluster.interface", [](const Config&, const Placement& at) { return at.hosts == 1; },
     "all is on one host"},
    {"cluster.interface",
     [](const Config& c, const Placement& at) {
       return at.hosts > 1 && c.cluster.transport == TransportKind::kMpi;
     },
     "with cluster.transport = \"mpi\" it is MPI that chooses"},
    {"data.label", IsGenerated, "generated data have their own"},
    {"data.missing", IsGenerated, "no text is read"},
    {"data.max_bad_lines", IsGenerated, "no text is read"},
    {"data.header", [](const Config& c, const Placement&) { return IsNotSeparated(c); },
     "only csv and tsv have a line of names"},
    {"data.trim",
     [](const Config& c, const Placement&) { return IsNotSeparated(c) && c.joins.empty(); },
     "only fields of csv and tsv are trimmed"},
    {"data.split_by", NothingIsSplitOff, "no part is split off: give data.test_fraction"},
    {"data.split_seed", NothingIsSplitOff, "no part is split off: give data.test_fraction"},
    {"generated.",
     [](const Config& c, const Placement&) { return c.data.format != DataFormat::kGenerated; },
     "data.format is not \"generated\"", Verdict::kRefuse},
    {"model.hidden", NoDeepPart, "no column is used by the deep part"},
    {"model.embedding_dim", NoEmbeddings, "no column has an embedding"},
    {"model.init_stddev", NoEmbeddings, "no column has an embedding"},
    {"wide.", NoWideRows, "no categorical column or cross is used by the wide part"},
    {"deep.", NoEmbeddings, "no categorical column or cross is used by the deep part"},
    {"train.staleness",
     [](const Config& c, const Placement&) { return c.train.consistency != Consistency::kBounded; },
     "train.consistency is not \"bounded\""},
    {"train.shuffle_window", [](const Config& c, const Placement&) { return !c.train.shuffle; },
     "train.shuffle is false"},
    {"evaluate.every_steps", NothingToEvaluateOn,
     "there is nothing to evaluate on: give data.test"},
    {"evaluate.group_by", NothingToEvaluateOn, "there is nothing to evaluate on: give data.test"},
    {"server.at_limit",
     [](const Config& c, const Placement&) { return !c.server.memory_limit.given(); },
     "server.memory_limit sets no limit"},
    {"server.at_limit",
     [](const Config& c, const Placement&) {
       return c.server.memory_limit.given() && !c.server.cold_tier.empty();
     },
     "rows beyond the limit go to server.cold_tier"},
    {"server.admission_filter",
     [](const Config& c, const Placement&) { return c.server.admission_count == 1; },
     "server.admission_count = 1 counts no keys"},
    {"warm_start.optimizer_state",
     [](const Config& c, const Placement&) { return c.warm_start.model.empty(); },
     "warm_start.model names no model"},
};

const ColumnRule kColumnRules[] = {
    {"separator",
     [](const Config&, const ColumnConfig& column) {
       return column.kind != ColumnKind::kMultivalent;
     },
     "kind is not \"multivalent\"", Verdict::kRefuse},
    {"separator",
     [](const Config& c, const ColumnConfig& column) {
       return column.kind == ColumnKind::kMultivalent &&
              (c.data.format == DataFormat::kLibsvm || c.data.format == DataFormat::kLibffm ||
               c.data.format == DataFormat::kGenerated);
     },
     "this data.format has no separator within a field"},
    {"quantiles",
     [](const Config&, const ColumnConfig& column) {
       return column.transform != TransformKind::kQuantiles;
     },
     "transform is not \"quantiles\"", Verdict::kRefuse},
    {"pooling",
     [](const Config&, const ColumnConfig& column) {
       return column.kind != ColumnKind::kMultivalent || !UsesDeep(column.use);
     },
     "only embeddings of a multivalent column are pooled"},
    {"dim",
     [](const Config&, const ColumnConfig& column) {
       return column.kind == ColumnKind::kNumeric || !UsesDeep(column.use);
     },
     "the column has no embedding"},
};

const CrossRule kCrossRules[] = {
    {"dim", [](const CrossConfig& cross) { return !UsesDeep(cross.use); },
     "use is \"wide\": the cross has no embedding"},
    {"pooling", [](const CrossConfig& cross) { return !UsesDeep(cross.use); },
     "use is \"wide\": the cross has no embedding"},
};

bool Covers(std::string_view rule_key, std::string_view key) {
  return rule_key.ends_with('.') ? key.starts_with(rule_key) : key == rule_key;
}

// Collects what is to be told, and throws for what is refused.
class Findings {
 public:
  explicit Findings(const std::string& origin) : origin_(origin) {}

  void Add(std::string_view key, std::string_view because, Verdict verdict) {
    std::string text = fmt::format("{}: {} has no effect: {}", origin_, key, because);
    if (verdict != Verdict::kTell) Fail(ExitCode::kUsage, "{}", text);
    told_.push_back(std::move(text));
  }

  std::vector<std::string> Take() { return std::move(told_); }

 private:
  const std::string& origin_;
  std::vector<std::string> told_;
};

}  // namespace

std::vector<std::string> IdleSettings(const Config& config, const GivenKeys& given,
                                      const Placement& placement, const std::string& origin) {
  Findings findings(origin);
  for (const Rule& rule : kRules) {
    if (!rule.idle(config, placement)) continue;
    if (rule.verdict == Verdict::kRefuseAlways) findings.Add(rule.key, rule.because, rule.verdict);
    for (const std::string& key : given) {
      if (Covers(rule.key, key)) findings.Add(key, rule.because, rule.verdict);
    }
  }
  for (const ColumnConfig& column : config.columns) {
    for (const ColumnRule& rule : kColumnRules) {
      const std::string key = fmt::format("{}.{}", PathOf(column), rule.key);
      if (given.contains(key) && rule.idle(config, column))
        findings.Add(key, rule.because, rule.verdict);
    }
  }
  for (const CrossConfig& cross : config.crosses) {
    for (const CrossRule& rule : kCrossRules) {
      const std::string key = fmt::format("{}.{}", PathOf(cross), rule.key);
      if (given.contains(key) && rule.idle(cross)) findings.Add(key, rule.because, Verdict::kTell);
    }
  }
  return findings.Take();
}

}  // namespace fathom
