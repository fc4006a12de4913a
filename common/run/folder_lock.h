// One writer at a time for an output folder.
//
// <output.dir>/run.lock is a folder with one file, whose name says who holds it (process_mark.h).
//
//   taken      such a folder is made under another name and renamed to run.lock. The rename fails
//              where run.lock holds a file: so the lock appears whole, and one of several gets it
//   alive      the holder writes a counter into its file every two seconds
//   released   the file is removed, then the folder; an empty run.lock is free
//   taken over the dead holder's file is renamed to one's own name: of several that try, one
//              succeeds, because the old name is then gone
//
// Only rename, mkdir and unlink are asked of the file system, which NFS, Lustre and FUSE do in one
// step at the server; fcntl and flock are not used, because some of these refuse them or keep them
// within one host. A holder on this host (same boot, same namespace of process ids) is dead if its
// process is gone. One elsewhere is watched: it is dead if its file does not change for 30 s by
// the steady clock of the one who waits. No two clocks are compared.
//
// A holder that was stopped for 30 s may have been replaced meanwhile: its Check throws.
// Thread rule: one thread calls; a thread of the lock's own writes the counter. Failure:
// Error(kUsage).
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace fathom {

class FolderLock {
 public:
  struct Timing {
    std::chrono::milliseconds beat{2000};
    std::chrono::milliseconds dead_after{30000};  // without a change, of a holder elsewhere
    std::chrono::milliseconds poll{250};          // between two looks at its file
  };

  // Takes it, for `command` ("train"), which the message to others names. Throws Error(kUsage) that
  // names the holder where there is one. `waiting` is called every Timing::poll while a holder
  // elsewhere is watched.
  FolderLock(const std::filesystem::path& output_dir, const std::string& command,
             const std::function<void()>& waiting, Timing timing);
  FolderLock(const std::filesystem::path& output_dir, const std::string& command,
             const std::function<void()>& waiting);
  ~FolderLock();  // releases it
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // Throws Error(kUsage) where another run has taken it over. To be called before anything is
  // published.
  void Check() const;

 private:
  class Holding;
  std::unique_ptr<Holding> holding_;
};

}  // namespace fathom
