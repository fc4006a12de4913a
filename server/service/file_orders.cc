#include "server/service/file_orders.h"

#include <chrono>

#include "common/error.h"
#include "common/message/failure_frames.h"

namespace fathom {
namespace {

// While it waits, the others are told this often that the server is alive.
constexpr auto kAlivePeriod = std::chrono::milliseconds(200);

}  // namespace

void FileOrders::Send(const FileOrder& order) {
  Await(kMaxUnanswered - 1);
  if (!failure_.empty()) {
    Settle();
    throw Error(ExitCode::kModel, failure_);
  }
  peers_.Send(FrameType::kFileOrder, context_.layout.coordinator(), step_, EncodeFileOrder(order));
  ++unanswered_;
}

bool FileOrders::Ask(const FileOrder& order) {
  Send(order);
  Await(0);
  if (!failure_.empty()) throw Error(ExitCode::kModel, failure_);
  return done_;
}

void FileOrders::Settle() { Await(0); }

// Until no more than so many are on their way.
void FileOrders::Await(int unanswered) {
  while (unanswered_ > unanswered) {
    const FileAnswer answer = Take();
    --unanswered_;
    done_ = answer.done;
    if (failure_.empty()) failure_ = answer.failure;
  }
}

FileAnswer FileOrders::Take() {
  const RoleId coordinator = context_.layout.coordinator();
  const auto wanted = [&](const Frame& frame) {
    return frame.type == FrameType::kFailed ||
           (frame.source == coordinator &&
            (frame.type == FrameType::kFileAnswer || frame.type == FrameType::kPeerLost));
  };
  const double patience = 2 * context_.config.cluster.timeout_seconds;
  for (const auto began = Clock::now(); Seconds(Clock::now() - began) < patience;) {
    alive_();
    const auto frame = inbox_.TakeWanted(Clock::now() + kAlivePeriod, wanted);
    if (!frame) continue;
    if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
    if (frame->type == FrameType::kFileAnswer) return DecodeFileAnswer(frame->payload.bytes());
    Fail(ExitCode::kPeer, "{}: lost {} while its files of step {} went there{}", peers_.Name(),
         peers_.NameOf(coordinator), step_, LossReason(*frame));
  }
  Fail(ExitCode::kPeer,
       "{}: {} has not written what was sent of step {} for {} s; see its log and its disk, or "
       "raise cluster.timeout_seconds",
       peers_.Name(), peers_.NameOf(coordinator), step_, patience);
}

}  // namespace fathom
