#include "common/model/manifest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/file/replaced_file.h"
#include "common/model/checked_file.h"
#include "common/model/dense_file.h"
#include "common/model/feature_name.h"
#include "common/model/manifest_text.h"
#include "common/model/model_text.h"
#include "common/model/partition_file.h"
#include "common/whole_number.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kOwnChecksum = "xxh3";  // of all other members, as TextOf writes them
constexpr std::uint64_t kManifestVersion = 4;
constexpr std::uint64_t kMaxTables = 1024;
constexpr std::uint64_t kMaxDim = 1 << 16;
constexpr std::uint64_t kMaxFileDenseFloats = std::numeric_limits<std::int32_t>::max();

std::string Hex(std::uint64_t checksum) { return fmt::format("{:016x}", checksum); }

Json ToJson(const ModelFileEntry& file) {
  Json json{{"name", file.name},
            {"bytes", file.bytes},
            {"xxh3", Hex(file.checksum)},
            {"blocks", Json::array()},
            {"rows", file.rows}};
  for (const std::uint64_t block : file.blocks) json["blocks"].push_back(Hex(block));
  if (!file.added.empty()) json["added"] = file.added;
  return json;
}

// JSON has no NaN: a metric that is not defined is null.
Json MetricToJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json ToJson(const EvaluatedModel& model) {
  return {{"step", model.step},
          {"epoch", model.epoch},
          {"logloss", MetricToJson(model.logloss)},
          {"auc", MetricToJson(model.auc)},
          {"gauc", MetricToJson(model.gauc)}};
}

Json ToJson(const BestSoFar& best) {
  return {{"by", NameOf(best.by)},
          {"best", ToJson(best.best)},
          {"last", ToJson(best.last)},
          {"without_better", best.without_better},
          {"xxh3", Hex(best.digest)}};
}

Json ToJson(const Manifest& manifest) {
  Json root = Json::object();
  root["format"] = kModelSeal.word;
  root["version"] = kManifestVersion;
  root["step"] = manifest.step;
  root["seed"] = manifest.seed;
  root["origin"] = {{"program", manifest.origin.program},
                    {"data", manifest.origin.data},
                    {"warm_start", manifest.origin.warm_start}};
  root["dense_floats"] = manifest.dense_floats;
  root["dense_rule"] = NameOf(manifest.dense_rule);
  root["partitions"] = manifest.partitions.count();
  root["tables"] = Json::array();
  for (const TableSpec& table : manifest.tables) {
    root["tables"].push_back({{"name", table.name},
                              {"wide", table.wide},
                              {"dim", table.dim},
                              {"row_wise", table.row_wise},
                              {"precision", NameOf(table.precision)},
                              {"last_step", table.last_step},
                              {"wide_rule", NameOf(table.wide_rule)},
                              {"deep_rule", NameOf(table.deep_rule)}});
  }
  root["files"] = Json::array();
  for (const ModelFileEntry& file : manifest.files) root["files"].push_back(ToJson(file));
  if (manifest.progress) {
    root["progress"] = {{"examples", manifest.progress->examples},
                        {"loss_sum", manifest.progress->loss_sum}};
    if (manifest.progress->weight_sum != static_cast<double>(manifest.progress->examples))
      root["progress"]["weight_sum"] = manifest.progress->weight_sum;
  }
  if (manifest.best) root["best"] = ToJson(*manifest.best);
  return root;
}

std::string TextOf(const Json& root) { return root.dump(1) + "\n"; }

[[noreturn]] void Wrong(const std::string& what) { throw std::runtime_error(what); }

// nlohmann converts any number to any other; here it must be one without sign and fraction.
std::uint64_t Unsigned(const Json& value, const char* name, std::uint64_t limit) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > limit) {
    Wrong(fmt::format("\"{}\" is no whole number from 0 to {}", name, limit));
  }
  return value.get<std::uint64_t>();
}

std::uint64_t Member(const Json& object, const char* name, std::uint64_t limit = UINT64_MAX) {
  return Unsigned(object.at(name), name, limit);
}

const Json& Array(const Json& object, const char* name) {
  const Json& array = object.at(name);
  if (!array.is_array()) Wrong(fmt::format("\"{}\" is no array", name));
  return array;
}

std::uint64_t Checksum(const std::string& text) {
  const auto checksum = WholeNumber<std::uint64_t>(text, 16);
  if (text.size() != 16 || !checksum) {
    Wrong(fmt::format("\"xxh3\" is not 16 hexadecimal digits: \"{}\"", text));
  }
  return *checksum;
}

Precision PrecisionFrom(const std::string& name) {
  const auto precision = KindNamed<Precision>(name);
  if (!precision) Wrong("a table's \"precision\" is not known: \"" + name + "\"");
  return *precision;
}

UpdateRuleKind RuleFrom(const Json& json, OptimizerPart part, const char* member) {
  const std::string name = json.at(member);
  const auto rule = KindNamed<UpdateRuleKind>(name);
  if (!rule || !TraitsOf(*rule).GoesWith(part))
    Wrong(fmt::format("\"{}\" is not known: \"{}\"", member, name));
  return *rule;
}

Partitions PartitionsFrom(const Json& json) {
  const auto count = static_cast<std::int64_t>(Member(json, "partitions", Partitions::kMost));
  if (!Partitions::MayBe(count))
    Wrong(fmt::format("\"partitions\" is {}, not a power of two from {} to {}", count,
                      Partitions::kFewest, Partitions::kMost));
  return Partitions(count);
}

TableSpec TableFromJson(const Json& json) {
  TableSpec table{.name = json.at("name"),
                  .wide = json.at("wide"),
                  .dim = static_cast<int>(Member(json, "dim", kMaxDim)),
                  .row_wise = json.at("row_wise"),
                  .precision = PrecisionFrom(json.at("precision")),
                  .last_step = json.at("last_step"),
                  .wide_rule = RuleFrom(json, OptimizerPart::kWide, "wide_rule"),
                  .deep_rule = RuleFrom(json, OptimizerPart::kDeep, "deep_rule")};
  if (!table.wide && table.dim == 0) Wrong("table " + table.name + " is neither wide nor deep");
  return table;
}

std::uint64_t BlocksOf(std::uint64_t bytes) {
  return bytes / kBlockBytes + (bytes % kBlockBytes > 0 ? 1 : 0);
}

TrainingProgress ProgressFromJson(const Json& json) {
  if (!json.at("loss_sum").is_number() || !std::isfinite(json["loss_sum"].get<double>()))
    Wrong("\"loss_sum\" is no number");
  TrainingProgress progress{.examples = Member(json, "examples"), .loss_sum = json["loss_sum"]};
  progress.weight_sum = static_cast<double>(progress.examples);
  if (!json.contains("weight_sum")) return progress;
  if (!json["weight_sum"].is_number() || !(json["weight_sum"].get<double>() >= 0))
    Wrong("\"weight_sum\" is no number from 0");
  progress.weight_sum = json["weight_sum"];
  return progress;
}

double MetricFromJson(const Json& json, const char* name) {
  const Json& value = json.at(name);
  if (value.is_null()) return NAN;
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    Wrong(fmt::format("\"{}\" is no number", name));
  return value.get<double>();
}

EvaluatedModel EvaluatedFromJson(const Json& json) {
  return {.step = Member(json, "step"),
          .epoch = Member(json, "epoch"),
          .logloss = MetricFromJson(json, "logloss"),
          .auc = MetricFromJson(json, "auc"),
          .gauc = MetricFromJson(json, "gauc")};
}

BestSoFar BestFromJson(const Json& json) {
  const std::string name = json.at("by");
  const auto by = KindNamed<BestBy>(name);
  if (!by) Wrong(fmt::format("\"by\" is not known: \"{}\"", name));
  return {.by = *by,
          .best = EvaluatedFromJson(json.at("best")),
          .last = EvaluatedFromJson(json.at("last")),
          .without_better = Member(json, "without_better"),
          .digest = Checksum(json.at("xxh3"))};
}

ModelFileEntry FileFromJson(const Json& json, std::size_t tables) {
  ModelFileEntry file{.name = json.at("name"),
                      .bytes = Member(json, "bytes"),
                      .checksum = Checksum(json.at("xxh3"))};
  if (!IsModelFileName(file.name)) Wrong(fmt::format("\"{}\" is no plain file name", file.name));
  for (const Json& block : Array(json, "blocks")) file.blocks.push_back(Checksum(block));
  if (!file.blocks.empty() && file.blocks.size() != BlocksOf(file.bytes))
    Wrong(fmt::format("{} has {} blocks in {} bytes", file.name, file.blocks.size(), file.bytes));
  for (const Json& rows : Array(json, "rows"))
    file.rows.push_back(Unsigned(rows, "rows", UINT64_MAX));
  if (json.contains("added")) {
    for (const Json& rows : Array(json, "added"))
      file.added.push_back(Unsigned(rows, "added", UINT64_MAX));
    if (file.added.size() != file.rows.size()) Wrong(file.name + " adds rows of other tables");
  }
  if (!file.rows.empty() && file.rows.size() != tables) {
    Wrong(file.name + " has rows of another number of tables");
  }
  return file;
}

// Nothing else sums up the manifest's own numbers and names. One that a program wrote without it is
// read too.
void CheckOwnChecksum(Json root) {
  if (!root.is_object() || !root.contains(kOwnChecksum)) return;
  const std::uint64_t claimed = Checksum(root[kOwnChecksum]);
  root.erase(kOwnChecksum);
  if (const std::uint64_t found = Xxh3(TextOf(root)); found != claimed)
    Wrong(fmt::format("it was altered: checksum {}, it says {}", Hex(found), Hex(claimed)));
}

Manifest FromJson(const Json& root) {
  CheckOwnChecksum(root);
  if (root.at("format") != kModelSeal.word)
    Wrong(fmt::format("\"format\" is not \"{}\"", kModelSeal.word));
  const std::uint64_t version = Member(root, "version");
  if (version != kManifestVersion) {
    Wrong(fmt::format("written by version {} of the format, this program reads {}", version,
                      kManifestVersion));
  }
  Manifest manifest;
  manifest.step = Member(root, "step");
  manifest.seed = Member(root, "seed");
  const Json& origin = root.at("origin");
  manifest.origin = {.program = origin.at("program"),
                     .data = origin.at("data"),
                     .warm_start = origin.at("warm_start")};
  manifest.dense_floats = Member(root, "dense_floats", kMaxFileDenseFloats);
  manifest.dense_rule = RuleFrom(root, OptimizerPart::kDense, "dense_rule");
  manifest.partitions = PartitionsFrom(root);
  if (Array(root, "tables").size() > kMaxTables) Wrong("there are too many tables");
  for (const Json& table : root["tables"]) manifest.tables.push_back(TableFromJson(table));
  std::set<std::string> names;
  for (const Json& json : Array(root, "files")) {
    manifest.files.push_back(FileFromJson(json, manifest.tables.size()));
    const std::string& name = manifest.files.back().name;
    if (!names.insert(name).second) Wrong(name + " is named twice");
  }
  if (root.contains("progress")) manifest.progress = ProgressFromJson(root["progress"]);
  if (root.contains("best")) manifest.best = BestFromJson(root["best"]);
  return manifest;
}

}  // namespace

std::uint64_t Manifest::Rows(std::size_t table) const {
  std::uint64_t rows = 0;
  for (const ModelFileEntry& file : files) {
    const auto& own = file.added.empty() ? file.rows : file.added;
    rows += table < own.size() ? own[table] : 0;
  }
  return rows;
}

bool IsModelFileName(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

bool IsFileOfAModel(std::string_view name) {
  constexpr std::string_view kPartial = ".partial";
  if (name.ends_with(kPartial)) name.remove_suffix(kPartial.size());
  for (const std::string_view ours :
       {std::string_view(kModelSeal.file), std::string_view(kConfigFile),
        std::string_view(kTransformsFile), std::string_view(kNamesFile),
        std::string_view(kDenseFile)}) {
    if (name == ours) return true;
  }
  return PartitionOfFile(name) || IsSideTableName(name);
}

void WriteManifest(const fs::path& dir, const Manifest& manifest) {
  Json root = ToJson(manifest);
  root[kOwnChecksum] = Hex(Xxh3(TextOf(root)));
  ReplaceDurably(dir / kModelSeal.file, TextOf(root));
}

Manifest ReadManifest(const fs::path& dir) {
  const fs::path file = dir / kModelSeal.file;
  std::error_code none;
  if (fs::is_regular_file(dir, none))
    Fail(ExitCode::kModel,
         "{}: a file, where a model's folder must stand: a bundle (fathom export) is only scored "
         "with; name the folder that it was exported from",
         dir.string());
  if (!fs::exists(file))
    Fail(ExitCode::kModel, "{}: no model: there is no {} in it", dir.string(), kModelSeal.file);
  return ParseManifest(ReadFile(file, kModelRemedy).bytes(), file);
}

Manifest ParseManifest(std::span<const std::byte> text, const fs::path& file) {
  const char* const begin = reinterpret_cast<const char*>(text.data());
  try {
    Manifest manifest = FromJson(Json::parse(begin, begin + text.size()));
    manifest.digest = Xxh3(text);
    return manifest;
  } catch (const std::exception& error) {
    Fail(ExitCode::kModel, "{}: the manifest is damaged ({}): {}", file.string(), error.what(),
         kModelRemedy);
  }
}

fs::path FindModel(const fs::path& dir) {
  if (dir.empty()) Fail(ExitCode::kUsage, "the model's path is empty: name a model's folder");
  const PublishedFolder inside(dir / "model", kModelSeal);
  if (inside.IsWhole() || inside.PartialIsWhole()) return inside.Find();
  return PublishedFolder(dir, kModelSeal).Find();
}

}  // namespace fathom
