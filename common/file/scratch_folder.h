// A folder of this process that is removed in the end, whatever happens.
//
// Its name holds a process mark (process_mark.h): nobody can guess it, no process on another host
// or in another container has the same, and what a killed process left is known as such: the next
// one in the same place removes it. Those of processes that cannot be seen from here stay.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

class ScratchFolder {
 public:
  // Empty, within `parent`, which is made; `purpose` is a part of its name. Throws Error(kUsage)
  // where it cannot be made.
  ScratchFolder(const std::filesystem::path& parent, const std::string& purpose);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Where the scratch of a process goes: TMPDIR, or /tmp where there is no such folder, which is
// logged.
std::filesystem::path TemporaryFolder();

// Removes what dead processes of this host left in `parent`: entries whose names end with `infix`
// and the mark of a process.
void RemoveLeftOvers(const std::filesystem::path& parent, const std::string& infix);

}  // namespace fathom
