#include "launcher/run/role_threads.h"

#include <chrono>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "common/error.h"
#include "common/message/failed_message.h"
#include "server/service/server.h"
#include "worker/train/worker.h"

namespace fathom {
namespace {

// The first failure among this process's roles; the later ones are its consequences.
class FirstFailure {
 public:
  void Set(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
  }
  void Rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr failure_;
};

// Those whom the role speaks with pass it on to the rest, as they end with it.
void TellFailure(const RunContext& context, const Role& role, int exit_code,
                 const std::string& what) {
  for (const Role& other : context.layout.roles) {
    if (other.id == role.id || !Speak(role.kind, other.kind)) continue;
    context.transport.Send({.type = FrameType::kFailed,
                            .source = role.id,
                            .destination = other.id,
                            .step = 0,
                            .payload = EncodeFailed({exit_code, what})});
  }
  context.transport.Flush(Clock::now() + std::chrono::seconds(1));
}

void Play(const RunContext& context, const Role& role, RoleInputs& inputs,
          CoordinatorResult* result) {
  switch (role.kind) {
    case RoleKind::kCoordinator:
      *result = Coordinator(context, std::move(inputs.coordinator)).Run();
      return;
    case RoleKind::kServer:
      Server(context, role.index).Run();
      return;
    case RoleKind::kWorker:
      Worker(context, role.index, inputs.train, inputs.evaluation).Run();
      return;
  }
}

// What ended a role, in words for people.
Error DescribeFailure(const RunContext& context, const Role& role, std::exception_ptr failure) {
  std::string what;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    what = kNoMemoryLeft;
  } catch (const std::exception& error) {
    what = error.what();
  }
  return Error(ExitCode::kTraining,
               fmt::format("{}: {}", RoleAndPlace(context.layout, role.id), what));
}

// Keeps the failure and tells it. Where memory is short that may fail too; the other roles
// give theirs back as they end, so it is tried for a while. Who is told nothing meets its deadline.
void Report(const RunContext& context, const Role& role, std::exception_ptr failure,
            FirstFailure* first) noexcept {
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    try {
      const Error error = DescribeFailure(context, role, failure);
      first->Set(std::make_exception_ptr(error));
      TellFailure(context, role, static_cast<int>(error.code()), error.what());
      return;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  first->Set(failure);
}

void PlayAndReport(const RunContext& context, const Role& role, RoleInputs& inputs,
                   CoordinatorResult* result, FirstFailure* failure) {
  try {
    Play(context, role, inputs, result);
    context.stages->CountTraffic(role.id, context.transport.traffic(role.id));
  } catch (...) {
    Report(context, role, std::current_exception(), failure);
  }
}

}  // namespace

CoordinatorResult PlayRoles(const RunFacts& facts, const RunTransports& here, RoleInputs inputs) {
  CoordinatorResult result;
  FirstFailure failure;
  std::deque<RunContext> contexts;  // a role's threads keep references to its own
  std::vector<std::thread> threads;
  threads.reserve(here.roles.size());
  for (const Role& role : here.roles) {
    contexts.push_back(RunContext{facts, here.of(role)});
    try {
      threads.emplace_back(PlayAndReport, std::cref(contexts.back()), role, std::ref(inputs),
                           &result, &failure);
    } catch (...) {  // no thread for it: the roles that run already must not wait for it
      Report(contexts.back(), role, std::current_exception(), &failure);
    }
  }
  for (std::thread& thread : threads) thread.join();
  failure.Rethrow();
  return result;
}

}  // namespace fathom
