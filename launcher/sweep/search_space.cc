#include "launcher/sweep/search_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/config/sparse_uses.h"
#include "common/elementary.h"
#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

bool HasWide(const Config& c) { return HasSparse(c, UsesWide); }
bool HasEmbeddings(const Config& c) { return HasSparse(c, UsesDeep); }
bool HasLayers(const Config& c) {
  return std::any_of(c.columns.begin(), c.columns.end(),
                     [](const ColumnConfig& column) { return UsesDeep(column.use); }) ||
         HasEmbeddings(c);
}

// Three digits, so that a person can read and type it.
std::string Text(double value) { return fmt::format("{:.3g}", value); }

// Evenly on a logarithmic scale.
std::string LogUniform(double low, double high, double u) { return Text(low * Pow(high / low, u)); }

template <std::size_t kCount>
std::string OneOf(const char* const (&values)[kCount], double u) {
  return values[static_cast<std::size_t>(u * kCount)];
}

// A third of the points have none.
std::string NoneOr(double low, double high, double u) {
  return u < 1.0 / 3 ? "0" : LogUniform(low, high, (u - 1.0 / 3) * 1.5);
}

// A rule's rates lie around its default.
std::string RateAround(const OptimizerConfig& config, double u) {
  const char* const name = config.Has("alpha") ? "alpha" : "learning_rate";
  const RuleSetting& setting = *config.traits().Find(config.part(), name);
  const double usual = setting.initial[static_cast<std::size_t>(config.part())];
  constexpr double kReach = 5;
  return LogUniform(usual / kReach, usual * kReach, u);
}

std::string RateNow(const OptimizerConfig& config) {
  return Text(config[config.Has("alpha") ? "alpha" : "learning_rate"]);
}

struct SearchSetting {
  const char* key;
  bool (*applies)(const Config&);
  std::string (*now)(const Config&);
  std::string (*draw)(const Config&, double u);  // of u in [0, 1)
};

std::string Listed(const std::vector<std::int64_t>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

// Smaller batches are more steps an epoch, and so take longer: not below an eighth.
std::string BatchSize(const Config& c, double u) {
  constexpr std::int64_t kLeast = 64;
  const std::int64_t size = c.train.batch_size >> static_cast<int>(u * 4);
  return fmt::format("{}", std::max(size, std::min(c.train.batch_size, kLeast)));
}

const SearchSetting kSettings[] = {
    {"train.batch_size", [](const Config&) { return true; },
     [](const Config& c) { return fmt::format("{}", c.train.batch_size); }, BatchSize},
    {"wide.alpha", [](const Config& c) { return HasWide(c) && c.wide.Has("alpha"); },
     [](const Config& c) { return RateNow(c.wide); },
     [](const Config& c, double u) { return RateAround(c.wide, u); }},
    {"wide.learning_rate",
     [](const Config& c) { return HasWide(c) && c.wide.Has("learning_rate"); },
     [](const Config& c) { return RateNow(c.wide); },
     [](const Config& c, double u) { return RateAround(c.wide, u); }},
    {"wide.l2", HasWide, [](const Config& c) { return Text(c.wide.l2); },
     [](const Config&, double u) { return NoneOr(0.01, 10, u); }},
    {"deep.learning_rate", HasEmbeddings, [](const Config& c) { return RateNow(c.deep); },
     [](const Config& c, double u) { return RateAround(c.deep, u); }},
    {"deep.l2", HasEmbeddings, [](const Config& c) { return Text(c.deep.l2); },
     [](const Config&, double u) { return NoneOr(0.001, 0.3, u); }},
    {"deep.row_wise",
     [](const Config& c) {
       return HasEmbeddings(c) && c.deep.optimizer == UpdateRuleKind::kAdaGrad;
     },
     [](const Config& c) { return fmt::format("{}", c.deep["row_wise"] != 0); },
     [](const Config&, double u) {
       return OneOf({"true", "false"}, u);
     }},
    {"dense.learning_rate", HasLayers, [](const Config& c) { return RateNow(c.dense); },
     [](const Config& c, double u) { return RateAround(c.dense, u); }},
    {"model.embedding_dim", HasEmbeddings,
     [](const Config& c) { return fmt::format("{}", c.model.embedding_dim); },
     [](const Config&, double u) {
       return OneOf({"4", "8", "16", "32"}, u);
     }},
    {"model.hidden", HasLayers, [](const Config& c) { return Listed(c.model.hidden); },
     [](const Config&, double u) {
       return OneOf({"[64]", "[64, 32]", "[128, 64]", "[256, 128]", "[256, 128, 64]"}, u);
     }},
};

bool IsFixed(const std::string& key, const std::vector<std::string>& fixed) {
  return std::any_of(fixed.begin(), fixed.end(),
                     [&](const std::string& begin) { return key.starts_with(begin); });
}

}  // namespace

SearchPoint DrawPoint(const Config& base, const std::vector<std::string>& fixed, std::uint64_t seed,
                      std::uint64_t index) {
  SearchPoint point;
  for (const SearchSetting& setting : kSettings) {
    const std::string key = setting.key;
    if (!setting.applies(base) || IsFixed(key, fixed)) continue;
    const std::uint64_t random = Mix64(Mix64(seed, index), Xxh3(key));
    point.emplace_back(key,
                       index == 0 ? setting.now(base) : setting.draw(base, UnitDouble(random)));
  }
  return point;
}

}  // namespace fathom
