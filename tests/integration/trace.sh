#!/usr/bin/env bash
# train.trace under mpirun: trace.json holds every rank and role on one clock, also where a rank's
# clock is another one; the final line says where the time went; the model stays the same.
source "$(dirname "$0")/mpi.sh"

check_trace() {  # folder of the run, error of the clocks in microseconds
  if command -v python3 >/dev/null; then
    python3 "$source_dir/tests/integration/trace_check.py" "$1/trace.json" "$2" || fail "$1/trace.json"
  else
    not_tried "reading $1/trace.json: no python3"
  fi
}

generated_config 100000
ranks 3 "$fathom" train "$scratch/config.toml" output.dir="$scratch/plain" >"$scratch/plain.txt"
[ ! -e "$scratch/plain/trace.json" ] || fail "a trace was written unasked"
final=$(tail -n 1 "$scratch/plain/metrics.jsonl")
for member in stages pull_p50_ms pull_p99_ms push_p50_ms push_p99_ms bytes_per_example_sent bytes_per_example_received cpu_cores_used '"workers":1' '"servers":1' '"threads":1' pull_wait row_gradients find; do
  grep -qF -- "$member" <<<"$final" || fail "the final line has no $member: $final"
done
grep -q "^worker time: .*compute [0-9]* %" "$scratch/plain.txt" || fail "no line says where the workers' time went"
grep -q "^server time: .*idle [0-9]* %" "$scratch/plain.txt" || fail "no line says where the servers' time went"

# Half the steps are of another process: what this one sent is divided by the examples it trained on.
bytes() { sed -n "s/.*\"bytes_per_example_$1\":\([0-9.]*\).*/\1/p" <<<"$2"; }
"$fathom" train "$scratch/config.toml" output.dir="$scratch/whole" checkpoint.every_steps=1 checkpoint.keep=1000 >/dev/null
whole=$(tail -n 1 "$scratch/whole/metrics.jsonl")
middle=$(ls -d "$scratch/whole/checkpoints/"step-* | awk '{ name[NR] = $0 } END { print name[int(NR / 2)] }')
"$fathom" train "$scratch/config.toml" output.dir="$scratch/rest" resume="$middle" >/dev/null
rest=$(tail -n 1 "$scratch/rest/metrics.jsonl")
for way in sent received; do
  awk -v a="$(bytes $way "$whole")" -v b="$(bytes $way "$rest")" 'BEGIN { exit !(a > 10 && b > 0.9 * a && b < 1.1 * a) }' ||
    fail "after a resume $(bytes $way "$rest") B an example were $way, $(bytes $way "$whole") B in the whole run"
done

traced=(train "$scratch/config.toml" train.trace=true cluster.threads=2)
ranks 3 "$fathom" "${traced[@]}" output.dir="$scratch/traced" >/dev/null
check_trace "$scratch/traced" 0
"$fathom" compare "$scratch/plain" "$scratch/traced" >/dev/null || fail "a traced run trains another model"
cmp -s "$scratch/plain/model/config.toml" "$scratch/traced/model/config.toml" || fail "train.trace is in the model's config"

# The third rank in a host name and a clock of its own, as on another machine. By MPI: over TCP two hosts of one address are refused.
elsewhere=(unshare --uts --time --monotonic 5000 --fork)
if "${elsewhere[@]}" hostname elsewhere 2>/dev/null; then
  mpirun --oversubscribe --bind-to none --timeout 120 \
    -np 2 "$fathom" "${traced[@]}" cluster.transport=mpi output.dir="$scratch/elsewhere" : \
    -np 1 "${elsewhere[@]}" sh -c 'hostname elsewhere; exec "$@"' sh "$fathom" "${traced[@]}" cluster.transport=mpi output.dir="$scratch/elsewhere" >/dev/null
  grep -qE '"rank":2,"clock_offset_ns":-(4999|5000)[0-9]{9},' "$scratch/elsewhere/trace.json" || fail "the third rank's clock was not found to be 5000 s ahead"
  check_trace "$scratch/elsewhere" 500
else
  not_tried "clocks of several hosts: no rights to give a rank another one"
fi
finish "the trace holds what it should"
