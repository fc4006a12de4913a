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

# A long run over a transport, in the background: $job, $log.
start() {  # name, setting ...
  out=$scratch/$1 log=$scratch/$1.log
  shift
  : >"$log"
  ranks 4 env LD_PRELOAD="$preload" LEAVE_WITH="$with" "$fathom" train "$scratch/config.toml" data.packed_dir="$scratch/packed" \
    output.dir="$out" train.epochs=1000000 cluster.timeout_seconds=5 output.progress_seconds=1 "$@" >"$log" 2>&1 &
  job=$!
  await 60 "$log" "step "
}

# One rank is sent a signal: the job ends soon, not well, and says why.
ends_without() {  # rank, signal, words
  local pid code=0 began=$SECONDS
  pid=$(rank_pid "$out" "$1") || { cat "$log" >&2; fail "there is no rank $1"; }
  kill "-$2" "$pid"
  wait "$job" || code=$?
  [ "$code" -ne 0 ] || { cat "$log" >&2; fail "the job ended well without rank $1"; }
  [ $((SECONDS - began)) -le 30 ] || { cat "$log" >&2; fail "the job ended $((SECONDS - began)) s after its rank $1"; }
  grep -q -- "$3" "$log" || { cat "$log" >&2; fail "nobody said that rank $1 was gone"; }
  nobody_left "$out"
}

# kill -9 of a server and of a worker, in the middle of a long run.
preload= with=
for victim in "1 tcp" "3 tcp" "1 mpi" "3 mpi"; do
  read -r rank transport <<<"$victim"
  start "killed-$rank-$transport" cluster.transport="$transport"
  ends_without "$rank" KILL "rank $rank .*signal 9\|lost .*rank $rank "
done
# A rank that leaves by itself, with 0 or not, and says nothing; and one whose MPI fails.
cat >"$scratch/leave.c" <<'C'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static volatile sig_atomic_t broken;
static void Leave(int number) {
  (void)number;
  if (*getenv("LEAVE_WITH") == 'm') broken = 1;
  else _exit(atoi(getenv("LEAVE_WITH")));
}
int PMPI_Improbe(int, int, void*, int*, void*, void*);
int MPI_Improbe(int source, int tag, void* comm, int* there, void* message, void* status) {
  return broken ? 16 : PMPI_Improbe(source, tag, comm, there, message, status);
}
__attribute__((constructor)) static void Listen(void) { signal(SIGUSR2, Leave); }
C
cc -shared -fPIC -o "$scratch/leave.so" "$scratch/leave.c"
preload=$scratch/leave.so
sanitizer=$(ldd "$fathom" | sed -n 's/.*=> \(.*lib[at]san[^ ]*\) .*/\1/p')
[ -z "$sanitizer" ] || preload=$sanitizer:$preload
for victim in "1 0 tcp" "3 0 mpi" "3 7 tcp"; do
  read -r rank with transport <<<"$victim"
  start "left-$rank-$with-$transport" cluster.transport="$transport"
  ends_without "$rank" USR2 "$([ "$transport" = tcp ] && echo "lost .*rank $rank " || echo "lost\|without")"
done
with=mpi
start "broken" cluster.transport=mpi
ends_without 2 USR2 "MPI_Improbe failed with code 16 (MPI_ERR_OTHER"
finish "every failure ended the job"
