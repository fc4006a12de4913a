// What a request's path asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom {

enum class Call {
  kServer,      // /v2
  kLive,        // /v2/health/live
  kReady,       // /v2/health/ready
  kMetadata,    // /v2/models/M[/versions/V]
  kModelReady,  // /v2/models/M[/versions/V]/ready
  kInfer,       // /v2/models/M[/versions/V]/infer
  kIndex,       // /v2/repository/index
  kLoad,        // /v2/repository/models/M/load
  kModels,      // /v1/models
  kStatus,      // /v1/models/M[/versions/V]
  kV1Metadata,  // /v1/models/M[/versions/V]/metadata
  kPredict,     // /v1/models/M[/versions/V]:predict
  kRecommend,   // /v1/models/M[/versions/V]:recommend
  kMetrics,     // /metrics
};

struct Route {
  Call call = Call::kServer;
  std::string model = {};
  std::string version = {};  // empty: whichever is served
};

// Whether the call is a POST; else it is a GET.
bool IsPost(Call call);

// `target`: of the request line; %XX is decoded and what follows a ? is left out. Nothing: there is
// no such path.
std::optional<Route> RouteOf(std::string_view target);

}  // namespace fathom
