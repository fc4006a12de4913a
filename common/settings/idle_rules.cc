#include "common/settings/idle_rules.h"

#include <algorithm>

#include "common/config/best_model.h"
#include "common/config/sparse_uses.h"

namespace fathom {
namespace {

bool NoWideRows(const Config& c, const Placement&) { return !HasSparse(c, UsesWide); }

bool NoEmbeddings(const Config& c, const Placement&) { return !HasSparse(c, UsesDeep); }

bool NoDeepPart(const Config& c, const Placement&) {
  return !HasSparse(c, UsesDeep) &&
         std::none_of(c.columns.begin(), c.columns.end(),
                      [](const ColumnConfig& column) { return UsesDeep(column.use); });
}

bool NothingIsSplitOff(const Config& c, const Placement&) {
  return c.data.test_fraction == 0 && c.data.validation_fraction == 0;
}

bool NothingToEvaluateOn(const Config& c, const Placement&) {
  if (Has(c.data.format, FormatTrait::kNoText)) return c.generated.test_examples == 0;
  return !KeepsBest(c) && c.evaluate.on == EvaluationPart::kTest && c.data.test.empty() &&
         c.data.test_fraction == 0;
}

bool HasConstantRates(const Config& c, const Placement&) {
  return c.train.schedule == RateSchedule::kConstant;
}

// In one process "tcp" has a transport for each role, over the loopback.
bool NoFrameLeaves(const Config& c, const Placement& at) {
  return at.processes == 1 && c.cluster.transport != TransportKind::kTcp;
}

constexpr IdleRule kRules[] = {
    {"cluster.workers", [](const Config&, const Placement& at) { return at.processes > 1; },
     "under mpirun the ranks that do not coordinate or serve work"},
    {"cluster.tls",
     [](const Config& c, const Placement&) {
       return c.cluster.tls && c.cluster.transport == TransportKind::kMpi;
     },
     "cluster.transport = \"mpi\" sends in clear text; encrypt with \"tcp\", or set tls = false",
     IdleVerdict::kRefuseAlways},
    {"cluster.tls",
     [](const Config& c, const Placement&) {
       return c.cluster.tls && c.cluster.transport == TransportKind::kInProcess;
     },
     "cluster.transport = \"inprocess\" sends nothing", IdleVerdict::kRefuseAlways},
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
    {"output.shared", [](const Config&, const Placement& at) { return at.processes == 1; },
     "all is in one process"},
    {"output.names",
     [](const Config& c, const Placement&) { return Has(c.data.format, FormatTrait::kNoText); },
     "generated data have no texts"},
    {"data.split_by", NothingIsSplitOff, "no part is split off: give data.test_fraction"},
    {"data.split_seed", NothingIsSplitOff, "no part is split off: give data.test_fraction"},
    {"data.duckdb",
     [](const Config& c, const Placement&) { return c.data.format != DataFormat::kParquet; },
     "data.format is not \"parquet\""},
    {"data.split_seed",
     [](const Config& c, const Placement& at) {
       return !NothingIsSplitOff(c, at) && c.data.split_order == SplitOrder::kTime;
     },
     "data.split_order = \"time\" draws nothing"},
    {"data.split_order", NothingIsSplitOff, "no part is split off: give data.test_fraction"},
    {"generated.",
     [](const Config& c, const Placement&) { return !Has(c.data.format, FormatTrait::kNoText); },
     "data.format is not \"generated\"", IdleVerdict::kRefuse},
    {"model.hidden", NoDeepPart, "no column is used by the deep part"},
    {"model.embedding_dim", NoEmbeddings, "no column has an embedding"},
    {"model.init_stddev", NoEmbeddings, "no column has an embedding"},
    {"wide.", NoWideRows, "no categorical column or cross is used by the wide part"},
    {"deep.", NoEmbeddings, "no categorical column or cross is used by the deep part"},
    {"train.digests",
     [](const Config& c, const Placement&) {
       return c.train.digests && c.train.consistency != Consistency::kSync;
     },
     "train.consistency is not \"sync\""},
    {"train.staleness",
     [](const Config& c, const Placement&) { return c.train.consistency != Consistency::kBounded; },
     "train.consistency is not \"bounded\""},
    {"train.shuffle_window", [](const Config& c, const Placement&) { return !c.train.shuffle; },
     "train.shuffle is false"},
    {"evaluate.every_steps", NothingToEvaluateOn,
     "there is nothing to evaluate on: give data.test"},
    {"evaluate.group_by", NothingToEvaluateOn, "there is nothing to evaluate on: give data.test"},
    {"evaluate.best",
     [](const Config& c, const Placement&) {
       return c.evaluate.best != BestBy::kNone && !KeepsBest(c);
     },
     "there is no validation part: give data.validation_fraction"},
    {"train.warmup_steps", HasConstantRates, "train.schedule is \"constant\""},
    {"train.final_rate", HasConstantRates, "train.schedule is \"constant\""},
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
    {"warm_start.statistics",
     [](const Config& c, const Placement&) { return c.warm_start.model.empty(); },
     "warm_start.model names no model"},
    {"model.initial_bias",
     [](const Config& c, const Placement&) { return !c.warm_start.model.empty(); },
     "training begins with the bias of warm_start.model"},
    {"warm_start.optimizer_state",
     [](const Config& c, const Placement&) { return c.warm_start.model.empty(); },
     "warm_start.model names no model"},
};

constexpr IdleColumnRule kColumnRules[] = {
    {"pooling", [](const ColumnConfig& column) { return !UsesDeep(column.use); },
     "the column has no embedding"},
    {"missing_as",
     [](const ColumnConfig& column) { return column.transform == TransformKind::kTargetMean; },
     "a missing value says nothing, which is 0 in any case"},
};

constexpr IdleCrossRule kCrossRules[] = {
    {"pooling", [](const CrossConfig& cross) { return !UsesDeep(cross.use); },
     "use is \"wide\": the cross has no embedding"},
};

}  // namespace

std::span<const IdleRule> IdleRules() { return kRules; }

std::span<const IdleColumnRule> IdleColumnRules() { return kColumnRules; }

std::span<const IdleCrossRule> IdleCrossRules() { return kCrossRules; }

}  // namespace fathom
