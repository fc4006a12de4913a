#!/usr/bin/env bash
# Trains with two workers of which one is stopped half of the time, in each consistency mode, and
# without that: what a slow worker costs the others.
#
#   tests/bench/slow_worker.sh DATA [FATHOM]      DATA: a click log of fathom generate criteo, or one like it
set -euo pipefail

data=$(cd "$1" && pwd)
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
fathom=${2:-$source_dir/build/release/fathom}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

metric() { tail -n 1 "$scratch/out/metrics.jsonl" | sed -n "s/.*\"$1\":\(\[[^]]*\]\|[^,}]*\).*/\1/p"; }

# Rank 3 of this job: the second worker.
second_worker() {
  local pid
  for pid in $(pgrep -f -- "output.dir=$scratch/out"); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=3"; then echo "$pid"; fi
  done
}

# Stops it for 50 ms of every 100.
slow_down() {
  local pid
  until pid=$(second_worker) && [ -n "$pid" ]; do sleep 0.1; done
  while kill -STOP "$pid" 2>/dev/null; do
    sleep 0.05
    kill -CONT "$pid" 2>/dev/null || return 0
    sleep 0.05
  done
}

run() {  # title, slow or even, setting ...
  local title=$1 speed=$2 slowing=
  shift 2
  if [ "$speed" = slow ]; then slow_down & slowing=$!; fi
  mpirun --oversubscribe --bind-to none -np 4 "$fathom" train "$source_dir/configs/criteo.toml" data.dir="$data" \
    data.packed_dir="$scratch/packed" output.dir="$scratch/out" cluster.servers=1 "$@" >"$scratch/log" 2>&1 ||
    { tail -n 5 "$scratch/log" >&2; exit 1; }
  [ -z "$slowing" ] || wait "$slowing" || true
  printf '| %s | %s | %.0f | %.5f | %.5f | %s |\n' "$title" "$speed" "$(metric examples_per_second)" "$(metric auc)" "$(metric logloss)" "$(metric staleness)"
}

"$fathom" train "$source_dir/configs/criteo.toml" data.dir="$data" data.packed_dir="$scratch/packed" output.dir="$scratch/out" >/dev/null
echo "| mode | workers | examples/s | test AUC | log loss | batches by staleness 0, 1, ... |"
echo "|---|---|---|---|---|---|"
for speed in even slow; do
  run "sync" $speed
  run "bounded, staleness 1" $speed train.consistency=bounded train.staleness=1
  run "bounded, staleness 4" $speed train.consistency=bounded train.staleness=4
  run "async" $speed train.consistency=async
done
