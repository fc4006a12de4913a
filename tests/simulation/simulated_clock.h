// The steady clock of this program (it is linked in its place): it stands still but for a
// microsecond a look, and goes ahead when the simulator says so. A deadline of minutes passes in no
// time.
#pragma once

#include "common/net/mailbox.h"

namespace fathom::simulation {

// Goes ahead to that time; never back.
void AdvanceClock(Clock::time_point to);

}  // namespace fathom::simulation
