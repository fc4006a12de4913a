#!/usr/bin/env bash
# fathom sweep: killed and begun again, the table has the same points; a run that fails stops nothing.
source "$(dirname "$0")/mpi.sh"

command -v python3 >/dev/null || { echo "skipped: no python3 to read the table and the plots"; exit 77; }

sed -e "s|^dir = .*|dir = \"$scratch/sweep\"|" -e 's/^examples = .*/examples = 200000/' -e 's/^test_examples = .*/test_examples = 5000/' \
  -e 's/^every_steps = .*/every_steps = 50/' "$source_dir/configs/sweep.toml" >"$scratch/config.toml"
sweep=("$fathom" sweep "$scratch/config.toml" 'sweep.generated.values=[100, 1000]' 'sweep.model.embedding_dim=[4, 8]' 'sweep.ranks=[1, 3]')

"${sweep[@]}" output.dir="$scratch/whole" >"$scratch/whole.log"
[ "$(grep -c "examples/s" "$scratch/whole.log")" -eq 8 ] || { cat "$scratch/whole.log" >&2; fail "not eight runs"; }
[ "$(wc -l <"$scratch/whole/sweep.csv")" -eq 9 ] || fail "not eight points"
python3 "$source_dir/tests/integration/sweep_check.py" "$scratch/whole" || fail "the report does not show the table"

# What does not depend on time: points, AUC, log loss, rows.
stable() {  # sweep.csv, file to write to
  python3 - "$1" >"$2" <<'PY'
import csv, sys
for row in csv.DictReader(open(sys.argv[1])):
    print([row[c] for c in ("generated.values", "model.embedding_dim", "ranks", "runs", "failed", "auc", "logloss", "rows", "unique_keys_per_batch")])
PY
  [ "$(grep -c "'1', '0', '0\.[0-9]" "$2")" -eq 8 ] || { cat "$2" >&2; fail "$1 has not eight points of one run each with an AUC"; }
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
stable "$scratch/whole/sweep.csv" "$scratch/whole.txt"
stable "$scratch/killed/sweep.csv" "$scratch/killed.txt"
cmp "$scratch/whole.txt" "$scratch/killed.txt" || fail "the tables differ"

# Sync mode: neither AUC, log loss nor rows depend on the ranks; on dimension and values they do.
sed "s/'[13]', '1', '0'/ranks/" "$scratch/whole.txt" | cut -d, -f1-6 | sort -u >"$scratch/alike.txt"
[ "$(wc -l <"$scratch/alike.txt")" -eq 4 ] || { cat "$scratch/alike.txt" >&2; fail "ranks change the AUC"; }
[ "$(cut -d, -f4 "$scratch/alike.txt" | sort -u | wc -l)" -eq 4 ] || { cat "$scratch/alike.txt" >&2; fail "other models have the same AUC"; }

must_fail 1 "1 runs failed" "$fathom" sweep "$scratch/config.toml" output.dir="$scratch/failing" \
  'sweep.generated.values=[100]' 'sweep.model.embedding_dim=[4]' 'sweep.cluster.transport=["inprocess", "mpi"]'
grep -q "FAILED: .*needs mpirun" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "the reason is missing"; }
[ "$(wc -l <"$scratch/failing/sweep.csv")" -eq 3 ] || fail "the failed point is missing"
# fathom tune: the same command goes on, what it writes trains what it found, no run looks at the test part.
held_out_config "$scratch/tune.toml"
must_fail 2 "by a validation part" "$fathom" tune "$scratch/tune.toml" data.validation_fraction=0 output.dir="$scratch/tune"
tune=("$fathom" tune "$scratch/tune.toml" output.dir="$scratch/tune" train.batch_size=256 --points 4 --epochs 3)
"${tune[@]}" >"$scratch/tune.log"
[ "$(grep -c "done before" "$scratch/tune.log")" -eq 0 ] || fail "a run was done before the search"
"${tune[@]}" >"$scratch/again.log"
runs=$(wc -l <"$scratch/tune/tune.jsonl")  # 4 of one epoch, the best 2 of three, and point 0, which may be one of them
[ "$runs" -ge 6 ] && [ "$runs" -le 7 ] || fail "$runs runs in two rungs"
[ "$(grep -c "done before" "$scratch/again.log")" -eq "$runs" ] || { cat "$scratch/again.log" >&2; fail "not all $runs runs were done before"; }
grep -q "rung 2 of 2, 1 of .*point 0, 3 epochs" "$scratch/again.log" || { cat "$scratch/again.log" >&2; fail "the config as it is is not in the last rung"; }
cmp <(grep "best by" "$scratch/tune.log") <(grep "best by" "$scratch/again.log") || fail "the search has found something else"
grep -q '"part":"test"' "$scratch"/tune/runs/*/metrics.jsonl && fail "a run of the search looked at the test part"
"$fathom" train "$scratch/tune/tuned.toml" >"$scratch/tuned.log"
found=$(sed -n 's/^best by.*: log loss \([0-9.]*\),.*/\1/p' "$scratch/tune.log")
grep -q "best: .*log loss $found" "$scratch/tuned.log" || { cat "$scratch/tuned.log" >&2; fail "the config does not train what was found"; }
grep -q "^test AUC" "$scratch/tuned.log" || fail "the model that was found is not tested"
finish "a sweep is the same table, killed or not"
