// The mpirun command line of a job. A pure function, so that it can be shown and tested.
#pragma once

#include <string>
#include <vector>

namespace fathom {

struct LaunchRequest {
  int ranks = 1;
  std::vector<std::string> hosts;        // as node1 or node1:4; empty: this host
  std::string hostfile;                  // of mpirun's format; empty: none
  std::vector<std::string> mpirun_args;  // passed on as they are, before the program
  int restarts = 10;
  bool dry_run = false;
  std::vector<std::string> command;  // train CONFIG [key=value ...]
};

// `resume`: with resume=auto, instead of what the command may say of it.
// `as_root`: Open MPI is told that this is meant.
std::vector<std::string> MpirunLine(const LaunchRequest& request, const std::string& program,
                                    bool resume, bool as_root);

// For people, and for pasting into a shell.
std::string ShellLine(const std::vector<std::string>& line);

}  // namespace fathom
