#!/usr/bin/env bash
# A rank that the kernel kills at a memory limit: the job ends, its last checkpoint goes on elsewhere.
source "$(dirname "$0")/mpi.sh"

group=/sys/fs/cgroup/memory/fathom-test-$$
limit=memory.limit_in_bytes
if ! mkdir "$group" 2>/dev/null || [ ! -e "$group/$limit" ]; then
  rmdir "$group" 2>/dev/null || true
  group=/sys/fs/cgroup/fathom-test-$$
  limit=memory.max
  mkdir "$group" 2>/dev/null && [ -w "$group/$limit" ] || { rmdir "$group" 2>/dev/null; echo "skipped: no memory cgroup can be made here"; exit 77; }
fi
# What was killed may take a moment to leave the group.
remove_group() {
  for ((i = 0; i < 100; ++i)); do
    rmdir "$group" 2>/dev/null && return
    sleep 0.05
  done
  echo "$group is left behind"
}
trap remove_group EXIT

in_group() { (echo "$BASHPID" >"$group/cgroup.procs" && exec "$@"); }

# Tables that grow with every step until the end.
train=(train "$source_dir/configs/scale.toml" generated.skew=0 generated.values=2000000 generated.examples=600000
  generated.test_examples=1000 checkpoint.every_steps=30 cluster.timeout_seconds=10)
launch=("$fathom" launch -n 3 -- "${train[@]}")
"${launch[@]}" output.dir="$scratch/reference" >/dev/null 2>&1
most=$(metric "$scratch/reference" peak_rss_bytes)

code=0
echo $((most * 6 / 10)) >"$group/$limit"
in_group timeout 120 "${launch[@]}" output.dir="$scratch/killed" >"$scratch/killed.log" 2>&1 || code=$?
[ "$code" -ne 0 ] && [ "$code" -ne 124 ] || { cat "$scratch/killed.log" >&2; fail "exit code $code at $((most * 6 / 10)) of $most bytes"; }
grep -q "signal 9\|Killed\|no memory" "$scratch/killed.log" || { cat "$scratch/killed.log" >&2; fail "why, was not said"; }
ls -d "$scratch"/killed/checkpoints/step-????????????/ >/dev/null || { cat "$scratch/killed.log" >&2; fail "no checkpoint was kept"; }
"$fathom" "${train[@]}" output.dir="$scratch/killed" resume=auto >"$scratch/resumed.log" 2>&1
grep -qF "going on from step" "$scratch/resumed.log" || fail "the run did not go on from its checkpoint"
"$fathom" compare "$scratch/reference" "$scratch/killed" || fail "the models differ"
finish "killed for memory, gone on elsewhere"
