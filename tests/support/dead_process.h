// The mark of a process of this host that has just ended.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "common/process/process_mark.h"

namespace fathom::testing {

inline ProcessMark MarkOfDeadProcess() {
  int gate[2];
  if (pipe(gate) != 0) _exit(1);
  const pid_t child = fork();
  if (child == 0) {
    close(gate[1]);
    char none;
    _exit(read(gate[0], &none, 1) == 0 ? 0 : 1);
  }
  ProcessMark mark = ProcessMark::OfThisProcess();
  mark.pid = child;
  mark.start = StartOf(child).value_or(0);
  close(gate[0]);
  close(gate[1]);
  waitpid(child, nullptr, 0);
  return mark;
}

}  // namespace fathom::testing
