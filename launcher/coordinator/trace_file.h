// trace.json: every rank's spans in the Chrome trace-event format, which ui.perfetto.dev and
// chrome://tracing open. Ranks are its processes, roles and their threads its threads.
//
// The file appears under its name when it is whole, so one that is there can be read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/file/replaced_file.h"
#include "common/message/profile_message.h"
#include "common/schedule/layout.h"

namespace fathom {

class TraceFile {
 public:
  // Times are written from `origin_ns` of rank 0's clock on. Throws Error(kTraining) where the file
  // cannot be written.
  TraceFile(std::filesystem::path file, const Layout& layout, std::int64_t origin_ns);

  // Writes what the rank's threads measured; says in the log what they dropped. The message's
  // roles must be the layout's.
  void Add(int rank, const ProfileMessage& message);

  // Throws Error(kTraining) where anything could not be written.
  void Finish();

 private:
  void Metadata(const char* what, int rank, int thread, const std::string& name);
  void Event(int rank, int thread, RoleId role, const ProfileMessage& message,
             const TraceEvent& event);
  void Put(const std::string& event);

  ReplacedFile file_;
  const Layout& layout_;
  std::int64_t origin_ns_;
  bool first_ = true;
  std::uint64_t dropped_ = 0;
  std::vector<std::string> notes_;  // JSON objects: a rank's clock, a thread's dropped events
};

}  // namespace fathom
