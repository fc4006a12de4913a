#include "launcher/coordinator/trace_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/log_line.h"

namespace fathom {
namespace {

// A host's name may hold anything.
std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The format counts in microseconds; the digits after the point keep the nanoseconds.
std::string Microseconds(std::int64_t ns) {
  const char* sign = ns < 0 ? "-" : "";
  const std::int64_t size = ns < 0 ? -ns : ns;
  return fmt::format("{}{}.{:03}", sign, size / 1000, size % 1000);
}

std::string ThreadName(const Layout& layout, const ThreadProfile& thread) {
  const std::string role = RoleName(layout.roles.at(thread.role));
  return thread.thread.empty() ? role : role + ", " + thread.thread;
}

std::string ProcessName(const Layout& layout, int rank) {
  std::string roles;
  for (const Role& role : layout.roles) {
    if (role.rank == rank) roles += (roles.empty() ? "" : ", ") + RoleName(role);
  }
  return fmt::format("rank {} on {}: {}", rank, layout.hosts.at(static_cast<std::size_t>(rank)),
                     roles);
}

}  // namespace

TraceFile::TraceFile(std::filesystem::path file, const Layout& layout, std::int64_t origin_ns)
    : file_(std::move(file), ExitCode::kTraining), layout_(layout), origin_ns_(origin_ns) {
  file_.out() << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
}

void TraceFile::Add(int rank, const ProfileMessage& message) {
  Metadata("process_name", rank, 0, ProcessName(layout_, rank));
  notes_.push_back(fmt::format(R"({{"rank":{},"clock_offset_ns":{},"clock_round_trip_ns":{}}})",
                               rank, message.clock_at_start.offset_ns,
                               message.clock_at_start.round_trip_ns));
  int number = 0;
  for (const ThreadProfile& thread : message.threads) {
    const std::string name = ThreadName(layout_, thread);
    Metadata("thread_name", rank, ++number, name);
    for (const TraceEvent& event : thread.events) Event(rank, number, thread.role, message, event);
    if (thread.dropped_events == 0) continue;
    dropped_ += thread.dropped_events;
    notes_.push_back(fmt::format(R"({{"rank":{},"thread":{},"dropped_events":{}}})", rank,
                                 JsonString(name), thread.dropped_events));
    LogWarning("trace: {} of rank {} dropped {} events after the first {}", name, rank,
               thread.dropped_events, thread.events.size());
  }
}

void TraceFile::Metadata(const char* what, int rank, int thread, const std::string& name) {
  Put(fmt::format(R"({{"ph":"M","name":"{}","pid":{},"tid":{},"args":{{"name":{}}}}})", what, rank,
                  thread, JsonString(name)));
}

void TraceFile::Event(int rank, int thread, RoleId role, const ProfileMessage& message,
                      const TraceEvent& event) {
  // Both ends, so that a span that ends where another begins still does on a clock that drifts.
  const auto duration_ns = static_cast<std::int64_t>(event.duration_ns);
  const std::int64_t begin_ns = message.OnFirstRank(event.begin_ns) - origin_ns_;
  const std::int64_t end_ns = message.OnFirstRank(event.begin_ns + duration_ns) - origin_ns_;
  const char* name = StageName(event.stage);
  const std::string args =
      event.step == kNoStep ? "{}" : fmt::format(R"({{"step":{}}})", event.step);
  if (!Overlaps(event.stage)) {
    Put(fmt::format(R"({{"ph":"X","name":"{}","pid":{},"tid":{},"ts":{},"dur":{},"args":{}}})",
                    name, rank, thread, Microseconds(begin_ns), Microseconds(end_ns - begin_ns),
                    args));
    return;
  }
  const auto end = [&](const char* phase, std::int64_t ns) {
    Put(fmt::format(
        R"({{"ph":"{}","cat":"{}","name":"{}","id":"{}.{}","pid":{},"tid":{},"ts":{},"args":{}}})",
        phase, name, name, role, event.step, rank, thread, Microseconds(ns), args));
  };
  end("b", begin_ns);
  end("e", end_ns);
}

void TraceFile::Put(const std::string& event) {
  file_.out() << (first_ ? "\n" : ",\n") << event;
  first_ = false;
}

void TraceFile::Finish() {
  file_.out() << fmt::format("\n],\"otherData\":{{\"dropped_events\":{},\"ranks\":[\n{}\n]}}}}\n",
                             dropped_, fmt::join(notes_, ",\n"));
  file_.Finish();
}

}  // namespace fathom
