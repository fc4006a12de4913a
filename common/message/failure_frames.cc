#include "common/message/failure_frames.h"

#include "common/error.h"
#include "common/message/failed_message.h"

namespace fathom {

void ThrowFailure(const Frame& failed) {
  const FailedMessage message = DecodeFailed(failed.payload.bytes());
  throw Error(static_cast<ExitCode>(message.exit_code), message.what);
}

}  // namespace fathom
