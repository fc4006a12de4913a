#!/usr/bin/env bash
# One output.dir and several processes: trainings take turns (one_folder.py), evaluations do not disturb them, and what
# killed processes leave is removed by the next.
#
#   tests/integration/one_folder.sh FATHOM SCRATCH [PAIRS [SEED]]
source "$(dirname "$0")/mpi.sh"

command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
generated_config 30000
sed -i 's/^epochs = .*/epochs = 3/' "$scratch/config.toml"
config=$scratch/config.toml packed=data.packed_dir=$scratch/packed
python3 "$source_dir/tests/integration/one_folder.py" "$fathom" "$scratch" "$config" "${3:-8}" ${4:+"$4"}

# Six evaluations at once with data.test, in the folder of a training that runs.
cp "$scratch/data/ratings.csv" "$scratch/data/test.csv"
out=$scratch/busy
"$fathom" train "$config" "$packed" output.dir="$out" train.epochs=1000000 output.progress_seconds=0 >"$scratch/busy.log" 2>&1 &
training=$!
await 60 "$scratch/busy.log" "step "
pids=()
for n in 1 2 3 4 5 6; do
  "$fathom" evaluate "$config" --model "$scratch/reference-1" output.dir="$out" 'data.test=["test.csv"]' data.test_fraction=0 \
    >"$scratch/evaluate-$n.txt" 2>&1 &
  pids+=($!)
done
for n in 1 2 3 4 5 6; do
  wait "${pids[n - 1]}" || { cat "$scratch/evaluate-$n.txt" >&2; fail "evaluate $n of six failed"; }
  cmp -s <(grep '^auc ' "$scratch/evaluate-1.txt") <(grep '^auc ' "$scratch/evaluate-$n.txt") || fail "evaluate $n says another AUC"
  [ -s "$out/logs/evaluate-$n.rank-0.log" ] || fail "evaluate $n has no log of its own"
done
grep -q "rank 0 on" "$out/logs/rank-0.log" || fail "evaluate took the log of the training"
ls -A "$out/packed" 2>/dev/null | grep -q . && fail "evaluate left something behind: $(ls -A "$out/packed")"
kill -9 "$training"
wait "$training" 2>/dev/null || true

# Readers in a loop while models of two seeds take turns under one name: each answer is of one model.
models=$((${3:-8} < 50 ? 8 : 200))
head -n 2000 "$scratch/data/ratings.csv" >"$scratch/input.csv"
evaluate() {  # model
  "$fathom" evaluate "$config" "$packed" --model "$1" output.dir="$scratch/read" 2>&1
}
predict() {  # model, scores
  "$fathom" predict --model "$1" --input "$scratch/input.csv" --output "$2" 2>&1
}
for seed in 1 7; do
  evaluate "$scratch/reference-$seed" | grep "^auc " >"$scratch/auc-$seed"
  predict "$scratch/reference-$seed" "$scratch/scores-$seed" >/dev/null
done
cmp -s "$scratch/auc-1" "$scratch/auc-7" && fail "two seeds have one AUC: nothing can be told apart"
out=$scratch/read-out
"$fathom" train "$config" "$packed" output.dir="$out" >/dev/null 2>&1
wrong=$scratch/wrong
: >"$wrong"
read_all_the_time() {  # what
  local text code
  while [ ! -e "$scratch/published" ]; do
    code=0
    case $1 in
      evaluate) text=$(evaluate "$out") || code=$?
        [ "$code" -eq 0 ] && grep -qxF -e "$(cat "$scratch/auc-1")" -e "$(cat "$scratch/auc-7")" <<<"$text" || echo "evaluate: $code $text" >>"$wrong" ;;
      evaluate-mpi) text=$(ranks 3 "$fathom" evaluate "$config" "$packed" --model "$out" output.dir="$scratch/read" 2>&1) || code=$?
        [ "$code" -eq 0 ] && grep -qxF -e "$(cat "$scratch/auc-1")" -e "$(cat "$scratch/auc-7")" <<<"$text" || echo "evaluate-mpi: $code $text" >>"$wrong" ;;
      predict) text=$(predict "$out" "$scratch/scores") || code=$?
        [ "$code" -eq 0 ] && { cmp -s "$scratch/scores" "$scratch/scores-1" || cmp -s "$scratch/scores" "$scratch/scores-7"; } ||
          echo "predict: $code $text" >>"$wrong" ;;
      compare) text=$("$fathom" compare "$scratch/reference-1" "$out" 2>&1) || code=$?
        [ "$code" -le 1 ] || echo "compare: $code $text" >>"$wrong" ;;
      inspect) text=$("$fathom" inspect "$out" 2>&1) || code=$?
        [ "$code" -eq 0 ] || echo "inspect: $code $text" >>"$wrong" ;;
    esac
    echo x >>"$scratch/answers-$1"
    sleep 0.02
  done
}
for what in evaluate evaluate-mpi predict compare inspect; do
  read_all_the_time $what &
done
for ((n = 0; n < models; ++n)); do
  "$fathom" train "$config" "$packed" output.dir="$out" seed=$((n % 2 ? 1 : 7)) >"$scratch/published.log" 2>&1 || { cat "$scratch/published.log" >&2; fail "a training beside readers"; }
done
touch "$scratch/published"
wait
[ ! -s "$wrong" ] || { head -c 3000 "$wrong" >&2; fail "a reader said something false"; }
echo "$models models were published, and meanwhile: $(wc -l "$scratch"/answers-* | awk '{ printf "%s %s  ", $2, $1 }' | sed "s|$scratch/answers-||g")"

# A word is asked for, and nothing was touched before.
"$fathom" train "$config" "$packed" output.dir="$scratch/anew" checkpoint.every_steps=10 >/dev/null
must_fail 2 "resume=restart" "$fathom" train "$config" "$packed" output.dir="$scratch/anew" seed=2
grep -q "^seed = 1$" "$scratch/anew/config.toml" || fail "a run that was refused wrote its config"
[ ! -e "$scratch/anew/logs/rank-0.1.log" ] || fail "a run that was refused wrote a log"
"$fathom" train "$config" "$packed" output.dir="$scratch/anew" resume=restart >/dev/null
ls -d "$scratch/anew/checkpoints/old-1"/step-* >/dev/null || fail "the earlier run's checkpoints were not put aside"
grep -q "rank 0 on" "$scratch/anew/logs/rank-0.1.log" || fail "the earlier run's log was not kept"

# Killed in ingest and in predict.
"$fathom" generate books --rows 600000 --seed 2 --out "$scratch/large" >/dev/null
half_packed() { compgen -G "$scratch/large-packed/*.partial-*" >/dev/null; }
for attempt in 1 2 3 4 5 6 7 8 9 10; do  # until a kill comes in time
  rm -rf "$scratch/large-packed"
  "$fathom" train "$config" data.dir="$scratch/large" data.packed_dir="$scratch/large-packed" output.dir="$scratch/large-out" >/dev/null 2>&1 &
  training=$!
  for ((i = 0; i < 4000; ++i)); do
    ! half_packed || break
    sleep 0.001
  done
  kill -9 "$training" 2>/dev/null || true
  wait "$training" 2>/dev/null || true
  ! half_packed || break
done
half_packed || fail "no ingest was killed half way"
"$fathom" train "$config" data.dir="$scratch/large" data.packed_dir="$scratch/large-packed" output.dir="$scratch/large-out" train.epochs=1 >/dev/null 2>&1
ls "$scratch/large-packed" | grep "\.partial-" && fail "half packed data were left behind"
mkdir "$scratch/tmp"
TMPDIR=$scratch/tmp "$fathom" predict --metrics --model "$scratch/reference-1" --input "$scratch/large/ratings.csv" --output "$scratch/scores.txt" >/dev/null 2>&1 &
predicting=$!
for ((i = 0; i < 400; ++i)); do
  [ -z "$(ls -A "$scratch/tmp")" ] || break
  sleep 0.01
done
kill -TERM "$predicting"
wait "$predicting" 2>/dev/null || true
[ -n "$(ls -A "$scratch/tmp")" ] || fail "predict was not stopped half way"
TMPDIR=$scratch/tmp "$fathom" predict --metrics --model "$scratch/reference-1" --input "$scratch/data/test.csv" --output "$scratch/scores.txt" >/dev/null
[ -z "$(ls -A "$scratch/tmp")" ] || fail "predict left something behind: $(ls -A "$scratch/tmp")"

# Nobody reads what a run says. All its steps are in its metrics, and all its lines in its log.
mkfifo "$scratch/unread"
exec 3<>"$scratch/unread"
"$fathom" train "$config" "$packed" output.dir="$scratch/mute" train.epochs=60 output.progress_seconds=0 cluster.timeout_seconds=3 \
  >"$scratch/unread" 2>"$scratch/mute.err" &
training=$!
for ((i = 0; i < 2400; ++i)); do
  grep -q '"event":"final"' "$scratch/mute/metrics.jsonl" 2>/dev/null && break
  kill -0 "$training" 2>/dev/null || break
  sleep 0.05
done
grep -q '"event":"final"' "$scratch/mute/metrics.jsonl" || { cat "$scratch/mute.err" >&2; fail "a run that nobody reads did not come to its end"; }
[ "$(stat -c %s "$scratch/mute/logs/rank-0.log")" -gt 65536 ] || fail "it said too little to fill a pipe"
# It ends though nobody reads, and so do runs that are asked to stop, and sweeps.
ends_unread() {  # process, what, exit code
  for ((i = 0; i < 400; ++i)); do kill -0 "$1" 2>/dev/null || break; sleep 0.05; done
  kill -0 "$1" 2>/dev/null && { kill -9 "$1"; fail "$2 waits for a reader of what it says"; }
  local code=0
  wait "$1" || code=$?
  [ "$code" -eq "$3" ] || fail "$2 ended with $code"
}
ends_unread "$training" "a run" 0
"$fathom" train "$config" "$packed" output.dir="$scratch/mute" train.epochs=100000 resume=restart >"$scratch/unread" 2>"$scratch/mute.err" &
training=$!
for ((i = 0; i < 400; ++i)); do grep -q '"event":"evaluation"' "$scratch/mute/metrics.jsonl" 2>/dev/null && break; sleep 0.05; done
kill -TERM "$training"
ends_unread "$training" "a run that is asked to stop" 143
cat "$config" - >"$scratch/sweep.toml" <<TOML
[sweep]
seed = [1, 2]
TOML
"$fathom" sweep "$scratch/sweep.toml" "$packed" output.dir="$scratch/mute-sweep" train.epochs=1 >"$scratch/unread" 2>"$scratch/mute.err" &
sweep=$!
for ((i = 0; i < 1200; ++i)); do [ ! -e "$scratch/mute-sweep/report.html" ] || break; sleep 0.05; done
ends_unread "$sweep" "a sweep" 0
"$fathom" launch -n 2 --mpirun-arg=--oversubscribe -- train "$config" "$packed" output.dir="$scratch/mute-launch" output.progress_seconds=0 \
  >"$scratch/unread" 2>"$scratch/mute.err" &
ends_unread "$!" "a launched job" 0
# Not even where both of its outputs are that pipe.
"$fathom" train "$config" data.dir=/nowhere output.dir="$scratch/mute" resume=restart >"$scratch/unread" 2>&1 &
ends_unread "$!" "a run that fails" 3
exec 3>&-
finish "one folder, one writer"
