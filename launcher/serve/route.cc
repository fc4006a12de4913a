#include "launcher/serve/route.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace fathom {
namespace {

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// The parts between slashes, decoded. Nothing: a % that begins no code.
std::optional<std::vector<std::string>> PartsOf(std::string_view target) {
  std::vector<std::string> parts;
  const std::string_view path = target.substr(0, target.find('?'));
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '/') {
      parts.emplace_back();
      continue;
    }
    if (parts.empty()) return std::nullopt;
    char byte = path[i];
    if (byte == '%') {
      const int high = i + 2 < path.size() ? HexDigit(path[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(path[i + 2]) : -1;
      if (low < 0) return std::nullopt;
      byte = static_cast<char>(high * 16 + low);
      i += 2;
    }
    parts.back().push_back(byte);
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

std::optional<Call> CallOfModel(const std::string& dialect, const std::string& word) {
  if (dialect == "v2" && word.empty()) return Call::kMetadata;
  if (dialect == "v2" && word == "ready") return Call::kModelReady;
  if (dialect == "v2" && word == "infer") return Call::kInfer;
  if (dialect == "v1" && word.empty()) return Call::kStatus;
  if (dialect == "v1" && word == "metadata") return Call::kV1Metadata;
  if (dialect == "v1" && word == ":predict") return Call::kPredict;
  if (dialect == "v1" && word == ":recommend") return Call::kRecommend;
  return std::nullopt;
}

// /DIALECT/models/M[/versions/V][/WORD], where v1 has [:WORD] behind M or V.
std::optional<Route> RouteOfModel(std::vector<std::string> parts) {
  Route route;
  std::string word;
  std::string& last = parts.back();
  const std::size_t colon = last.rfind(':');
  if (parts[0] == "v1" && colon != std::string::npos) {
    word = last.substr(colon);
    last.resize(colon);
  }
  route.model = parts[2];
  std::size_t next = 3;
  if (parts.size() > 4 && parts[3] == "versions") {
    route.version = parts[4];
    next = 5;
  }
  if (parts.size() == next + 1 && word.empty()) word = parts[next++];
  const auto call = CallOfModel(parts[0], word);
  if (parts.size() != next || !call) return std::nullopt;
  route.call = *call;
  return route;
}

}  // namespace

bool IsPost(Call call) {
  return call == Call::kInfer || call == Call::kIndex || call == Call::kLoad ||
         call == Call::kPredict || call == Call::kRecommend;
}

std::optional<Route> RouteOf(std::string_view target) {
  const auto found = PartsOf(target);
  if (!found || found->empty()) return std::nullopt;
  const std::vector<std::string>& parts = *found;
  const auto is = [&](std::initializer_list<const char*> words) {
    return std::equal(parts.begin(), parts.end(), words.begin(), words.end());
  };
  if (is({"v2"})) return Route{.call = Call::kServer};
  if (is({"v2", "health", "live"})) return Route{.call = Call::kLive};
  if (is({"v2", "health", "ready"})) return Route{.call = Call::kReady};
  if (is({"v2", "repository", "index"})) return Route{.call = Call::kIndex};
  if (is({"v1", "models"})) return Route{.call = Call::kModels};
  if (is({"metrics"})) return Route{.call = Call::kMetrics};
  const bool of_repository = parts.size() == 5 && parts[0] == "v2" && parts[1] == "repository";
  if (of_repository && parts[2] == "models" && parts[4] == "load")
    return Route{.call = Call::kLoad, .model = parts[3]};
  const bool of_model = parts.size() > 2 && (parts[0] == "v1" || parts[0] == "v2");
  if (of_model && parts[1] == "models") return RouteOfModel(parts);
  return std::nullopt;
}

}  // namespace fathom
