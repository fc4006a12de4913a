#!/usr/bin/env bash
# fathom sweep: killed and begun again, the table has the same points; a run that fails stops nothing.
source "$(dirname "$0")/mpi.sh"

sed -e "s|^dir = .*|dir = \"$scratch/sweep\"|" -e 's/^examples = .*/examples = 200000/' -e 's/^test_examples = .*/test_examples = 5000/' \
  -e 's/^every_steps = .*/every_steps = 50/' "$source_dir/configs/sweep.toml" >"$scratch/config.toml"
sweep=("$fathom" sweep "$scratch/config.toml" 'sweep.generated.values=[100, 1000]' 'sweep.model.embedding_dim=[4, 8]' 'sweep.ranks=[1, 3]')

"${sweep[@]}" output.dir="$scratch/whole" >"$scratch/whole.log"
[ "$(grep -c "examples/s" "$scratch/whole.log")" -eq 8 ] || { cat "$scratch/whole.log" >&2; fail "not eight runs"; }
[ "$(wc -l <"$scratch/whole/sweep.csv")" -eq 9 ] || fail "not eight points"
grep -q "<svg" "$scratch/whole/report.html" || fail "no plots"

# What does not depend on time: points, AUC, log loss, rows.
stable() {
  python3 - "$1" <<'PY'
import csv, sys
for row in csv.DictReader(open(sys.argv[1])):
    print([row[c] for c in ("generated.values", "model.embedding_dim", "ranks", "runs", "failed", "auc", "logloss", "rows", "unique_keys_per_batch")])
PY
}

"${sweep[@]}" output.dir="$scratch/killed" >"$scratch/killed.log" 2>&1 &
job=$!
for ((i = 0; i < 600; ++i)); do
  [ "$(cat "$scratch/killed/sweep.jsonl" 2>/dev/null | wc -l)" -ge 3 ] && break
  sleep 0.02
done
kill -9 "$job"
wait "$job" 2>/dev/null || true
before=$(wc -l <"$scratch/killed/sweep.jsonl")
[ "$before" -lt 8 ] || fail "it was over before it was killed"
for ((i = 0; i < 100; ++i)); do
  pgrep -f -- "$scratch/killed/runs" >/dev/null || break
  sleep 0.05
done
pgrep -fa -- "$scratch/killed/runs" && fail "a run was left behind"
"${sweep[@]}" output.dir="$scratch/killed" >"$scratch/resumed.log"
[ "$(grep -c "done before" "$scratch/resumed.log")" -eq "$before" ] || { cat "$scratch/resumed.log" >&2; fail "not $before runs were done before"; }
[ "$(stable "$scratch/whole/sweep.csv")" = "$(stable "$scratch/killed/sweep.csv")" ] || fail "the tables differ"

# Sync mode: the AUC does not depend on the ranks.
[ "$(stable "$scratch/whole/sweep.csv" | sed "s/'[13]', '1', '0'/ranks/" | cut -d, -f1-5 | sort -u | wc -l)" -eq 4 ] || fail "ranks change the AUC"

must_fail 1 "1 runs failed" "$fathom" sweep "$scratch/config.toml" output.dir="$scratch/failing" \
  'sweep.generated.values=[100]' 'sweep.model.embedding_dim=[4]' 'sweep.cluster.transport=["inprocess", "mpi"]'
grep -q "FAILED: .*needs mpirun" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "the reason is missing"; }
[ "$(wc -l <"$scratch/failing/sweep.csv")" -eq 3 ] || fail "the failed point is missing"
echo "a sweep is the same table, killed or not"
