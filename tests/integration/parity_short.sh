#!/usr/bin/env bash
# The same model from one process and from several under mpirun, on generated data.
source "$(dirname "$0")/mpi.sh"

generated_config 20000
"$fathom" train "$scratch/config.toml" output.dir="$scratch/alone" >/dev/null
for layout in "2 1 tcp" "3 1 tcp" "5 2 tcp" "6 3 tcp" "2 1 mpi" "5 2 mpi"; do
  read -r number servers transport <<<"$layout"
  ranks "$number" "$fathom" train "$scratch/config.toml" output.dir="$scratch/mpi" cluster.servers="$servers" cluster.transport="$transport" >"$scratch/mpi.txt"
  "$fathom" compare "$scratch/alone" "$scratch/mpi" || fail "$number ranks with $servers servers over $transport train another model"
  for ((rank = 0; rank < number; ++rank)); do
    grep -q "rank $rank on " "$scratch/mpi.txt" || fail "the first lines do not name rank $rank"
    [ -s "$scratch/mpi/logs/rank-$rank.log" ] || fail "rank $rank wrote no log"
  done
done
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

cmp "$scratch/alone/model/manifest.json" "$scratch/mpi/model/manifest.json" || fail "the manifests differ"
