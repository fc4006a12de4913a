// The lines of frame_types.def, to be gone through.
#pragma once

#include <span>
#include <string_view>

#include "common/net/frame.h"

namespace fathom::testing {

struct FrameTypeLine {
  FrameType type;
  std::string_view name;
  std::string_view route;    // from and to, as "worker -> server"
  std::string_view payload;  // a file of common/message, or "none"
};

inline std::span<const FrameTypeLine> FrameTypes() {
  static constexpr FrameTypeLine kLines[] = {
#define FATHOM_FRAME(kind, number, name, route, payload) {FrameType::kind, name, route, payload},
#include "common/net/frame_types.def"
#undef FATHOM_FRAME
  };
  return kLines;
}

}  // namespace fathom::testing
