#!/usr/bin/env bash
# The same model from one process and from several under mpirun, on generated data.
source "$(dirname "$0")/mpi.sh"

generated_config 20000
digests=(train.digests=true)
"$fathom" train "$scratch/config.toml" output.dir="$scratch/alone" "${digests[@]}" >/dev/null
for layout in "2 1 tcp" "3 1 tcp" "5 2 tcp" "6 3 tcp" "2 1 mpi" "5 2 mpi"; do
  read -r number servers transport <<<"$layout"
  ranks "$number" "$fathom" train "$scratch/config.toml" output.dir="$scratch/mpi" cluster.servers="$servers" cluster.transport="$transport" "${digests[@]}" >"$scratch/mpi.txt"
  "$fathom" compare "$scratch/alone" "$scratch/mpi" || fail "$number ranks with $servers servers over $transport train another model"
  cmp "$scratch/alone/digests.txt" "$scratch/mpi/digests.txt" || fail "$number ranks with $servers servers over $transport have other digests"
  for ((rank = 0; rank < number; ++rank)); do
    grep -q "rank $rank on " "$scratch/mpi.txt" || fail "the first lines do not name rank $rank"
    [ -s "$scratch/mpi/logs/rank-$rank.log" ] || fail "rank $rank wrote no log"
  done
done
# Two runs that part: in which step.
steps=$(tail -n 1 "$scratch/alone/digests.txt" | cut -d ' ' -f 1)
[ "$(wc -l <"$scratch/alone/digests.txt")" -eq $((steps + 1)) ] || fail "not a digest for each step: $steps"
for rate in 0.5 0.9; do
  "$fathom" train "$scratch/config.toml" output.dir="$scratch/parting-$rate" train.schedule=linear train.warmup_steps=3 train.final_rate="$rate" "${digests[@]}" >/dev/null
done
parted=$("$fathom" compare "$scratch/parting-0.5" "$scratch/parting-0.9" || true)
grep -q "^the runs are the same through step 3 and part in step 4$" <<<"$parted" || fail "compare does not say where they part: $parted"
"$fathom" train "$scratch/config.toml" output.dir="$scratch/parting-0.5" train.consistency=async "${digests[@]}" >/dev/null
[ ! -e "$scratch/parting-0.5/digests.txt" ] || fail "a run that is not sync kept the digests of the run before"

# Ranks whose processors have other instructions.
kernels=()
for name in avx512 avx2 portable; do
  FATHOM_KERNELS=$name "$fathom" train "$scratch/config.toml" output.dir="$scratch/$name" >"$scratch/$name.txt" 2>&1 || {
    grep -q "no such instructions" "$scratch/$name.txt" || { cat "$scratch/$name.txt" >&2; fail "FATHOM_KERNELS=$name"; }
    continue
  }
  "$fathom" compare "$scratch/alone" "$scratch/$name" || fail "$name instructions train another model"
  kernels+=("$name")
done
each=()
for name in portable "${kernels[@]}"; do
  each+=(${each[@]:+:} -np 1 env FATHOM_KERNELS="$name" "$fathom" train "$scratch/config.toml" output.dir="$scratch/mixed")
done
mpirun --oversubscribe --bind-to none --timeout 120 "${each[@]}" >/dev/null
"$fathom" compare "$scratch/alone" "$scratch/mixed" || fail "ranks with other instructions train another model"

# A run that keeps its best model, ends early and tests what it has kept.
held_out_config "$scratch/best.toml"
keeps_best=("$scratch/best.toml" train.batch_size=160 train.epochs=20 train.patience=1)
"$fathom" train "${keeps_best[@]}" output.dir="$scratch/best" >"$scratch/best.txt"
ranks 4 "$fathom" train "${keeps_best[@]}" output.dir="$scratch/best-mpi" cluster.servers=2 output.shared=no >"$scratch/best-mpi.txt"
"$fathom" compare "$scratch/best" "$scratch/best-mpi" || fail "4 ranks keep another best model"
for words in "^ended early" "^  best: step" "^test AUC"; do
  grep -q "$words" "$scratch/best.txt" || { cat "$scratch/best.txt" >&2; fail "the summary does not say $words"; }
  cmp <(grep "$words" "$scratch/best.txt") <(grep "$words" "$scratch/best-mpi.txt") || fail "4 ranks say another $words"
done
tested=$("$fathom" evaluate "${keeps_best[@]}" --model "$scratch/best" output.dir="$scratch/best" 2>/dev/null | awk '$1 == "auc" { printf "%.5f", $2 }')
grep -q "^test AUC $tested," "$scratch/best.txt" || fail "evaluate finds AUC $tested: $(grep "^test AUC" "$scratch/best.txt")"

cmp "$scratch/alone/model/manifest.json" "$scratch/mpi/model/manifest.json" || fail "the manifests differ"
