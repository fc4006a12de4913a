#include "common/profile/stage.h"

namespace fathom {
namespace {

struct Names {
  const char* name;
  const char* title;
};

// By Stage.
constexpr Names kNames[] = {
    {"order_wait", "waiting for orders"},
    {"batch_wait", "waiting for batches"},
    {"pull_wait", "waiting for rows"},
    {"compute", "compute"},
    {"row_gradients", "row gradients"},
    {"push", "push"},
    {"evaluation", "evaluation"},
    {"stop_wait", "waiting for the end"},
    {"pull", "pull"},
    {"slice", "slice"},
    {"make_batch", "making batches"},
    {"send_pull", "sending pulls"},
    {"decode", "decode"},
    {"find", "find"},
    {"encode", "encode"},
    {"update", "update"},
    {"save", "save"},
    {"idle", "idle"},
    {"metrics", "metrics"},
};
static_assert(sizeof(kNames) / sizeof(kNames[0]) == kStages);

}  // namespace

const char* StageName(Stage stage) { return kNames[static_cast<std::size_t>(stage)].name; }
const char* StageTitle(Stage stage) { return kNames[static_cast<std::size_t>(stage)].title; }

}  // namespace fathom
