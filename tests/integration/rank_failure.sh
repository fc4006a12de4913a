#!/usr/bin/env bash
# A rank that throws or dies ends the whole job, with a message, and nobody hangs.
source "$(dirname "$0")/mpi.sh"

generated_config 20000
train=("$fathom" train "$scratch/config.toml" output.dir="$scratch/out")
"${train[@]}" >/dev/null

# One worker meets a damaged block of packed data: all end with its message and its exit code.
packed=$(ls -d "$scratch"/out/packed/*)
printf '\377' | dd of="$packed/train.fpk" bs=1 seek=5000 conv=notrunc status=none
must_fail 3 "was altered (checksum)" ranks 4 "${train[@]}"
rm -rf "$packed"

# A config that no rank can use.
must_fail 2 "cluster.servers = 3, but 4 ranks allow at most 2" ranks 4 "${train[@]}" cluster.servers=3

# A transport that this job has no use for.
must_fail 2 "needs mpirun" "${train[@]}" cluster.transport=mpi

# kill -9 of a worker and of a server, in the middle of a long run.
for victim in "1 tcp" "3 tcp" "1 mpi" "3 mpi"; do
  read -r rank transport <<<"$victim"
  : >"$scratch/killed.txt"  # not the one before
  ranks 4 "${train[@]}" train.epochs=1000000 cluster.transport="$transport" output.progress_seconds=1 >"$scratch/killed.txt" 2>&1 &
  job=$!
  for ((i = 0; i < 300; ++i)); do
    grep -q "step " "$scratch/killed.txt" && break
    sleep 0.1
  done
  grep -q "step " "$scratch/killed.txt" || { cat "$scratch/killed.txt" >&2; fail "the run did not start"; }
  for pid in $(pgrep -f -- "$scratch/config.toml"); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$rank"; then kill -9 "$pid"; fi
  done
  code=0
  wait "$job" || code=$?
  [ "$code" -ne 0 ] || fail "the job ended well without rank $rank over $transport"
  pgrep -f -- "$scratch/config.toml" >/dev/null && fail "processes were left behind" || true
done
# A rank that leaves by itself, with 0 or not, and says nothing.
cat >"$scratch/leave.c" <<'C'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static void Leave(int number) { (void)number, _exit(atoi(getenv("LEAVE_WITH"))); }
__attribute__((constructor)) static void Listen(void) { signal(SIGUSR2, Leave); }
C
cc -shared -fPIC -o "$scratch/leave.so" "$scratch/leave.c"
preload=$scratch/leave.so
sanitizer=$(ldd "$fathom" | sed -n 's/.*=> \(.*lib[at]san[^ ]*\) .*/\1/p')
[ -z "$sanitizer" ] || preload=$sanitizer:$preload
for victim in "1 0 tcp" "3 0 mpi" "3 7 tcp"; do
  read -r rank with transport <<<"$victim"
  : >"$scratch/left.txt"
  ranks 4 env LD_PRELOAD="$preload" LEAVE_WITH="$with" "${train[@]}" train.epochs=1000000 cluster.transport="$transport" \
    cluster.timeout_seconds=5 output.progress_seconds=1 >"$scratch/left.txt" 2>&1 &
  job=$!
  for ((i = 0; i < 300; ++i)); do
    grep -q "step " "$scratch/left.txt" && break
    sleep 0.1
  done
  for pid in $(pgrep -f -- "$scratch/config.toml"); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$rank"; then kill -USR2 "$pid"; fi
  done
  code=0
  wait "$job" || code=$?
  [ "$code" -ne 0 ] || { cat "$scratch/left.txt" >&2; fail "the job ended well although rank $rank left with $with over $transport"; }
  grep -q "lost\|without" "$scratch/left.txt" || { cat "$scratch/left.txt" >&2; fail "nobody said that rank $rank had left"; }
  pgrep -f -- "$scratch/config.toml" >/dev/null && fail "processes were left behind" || true
done
echo "every failure ended the job"
