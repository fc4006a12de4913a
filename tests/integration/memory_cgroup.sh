#!/usr/bin/env bash
# A rank that the kernel kills at a memory limit: the job ends, its last checkpoint goes on elsewhere.
source "$(dirname "$0")/mpi.sh"

group=/sys/fs/cgroup/memory/fathom-test-$$
files=(memory.limit_in_bytes memory.max_usage_in_bytes)
if ! mkdir "$group" 2>/dev/null || [ ! -e "$group/${files[0]}" ]; then
  rmdir "$group" 2>/dev/null || true
  group=/sys/fs/cgroup/fathom-test-$$
  files=(memory.max memory.peak)
  mkdir "$group" 2>/dev/null && [ -w "$group/${files[0]}" ] && [ -e "$group/${files[1]}" ] || { rmdir "$group" 2>/dev/null; echo "no memory cgroup can be made here"; exit 77; }
fi
trap 'rmdir "$group"' EXIT

in_group() { (echo "$BASHPID" >"$group/cgroup.procs" && exec "$@"); }

generated_config 60000
train=(train "$scratch/config.toml" data.packed_dir="$scratch/packed" train.epochs=1 train.batch_size=512
  column.reader.dim=4096 column.book.dim=4096 checkpoint.every_steps=10 cluster.timeout_seconds=10)
launch=("$fathom" launch -n 3 -- "${train[@]}")
in_group "${launch[@]}" output.dir="$scratch/reference" >/dev/null 2>&1
most=$(cat "$group/${files[1]}")

code=0
echo $((most * 7 / 10)) >"$group/${files[0]}"
in_group timeout 120 "${launch[@]}" output.dir="$scratch/killed" >"$scratch/killed.log" 2>&1 || code=$?
[ "$code" -ne 0 ] && [ "$code" -ne 124 ] || { cat "$scratch/killed.log" >&2; fail "exit code $code at $((most * 7 / 10)) of $most bytes"; }
grep -q "signal 9\|Killed\|no memory" "$scratch/killed.log" || { cat "$scratch/killed.log" >&2; fail "why, was not said"; }
ls -d "$scratch"/killed/checkpoints/step-* >/dev/null || fail "no checkpoint was kept"
"$fathom" "${train[@]}" output.dir="$scratch/killed" resume=auto >"$scratch/resumed.log" 2>&1
grep -qF "going on from step" "$scratch/resumed.log" || fail "the run did not go on from its checkpoint"
"$fathom" compare "$scratch/reference" "$scratch/killed" || fail "the models differ"
echo "killed for memory, gone on elsewhere"
