#!/usr/bin/env bash
# Books and census, two epochs: every layout trains the model that one process trains.
source "$(dirname "$0")/mpi.sh"

[ -d "$data_dir/goodbooks" ] && [ -d "$data_dir/adult" ] || { echo "skipped: no real data in $data_dir (FATHOM_DATA)"; exit 77; }

compared=0
matrix() {  # config, data folder
  local config="$source_dir/configs/$1.toml" out="$scratch/$1"
  local common=("$config" data.dir="$data_dir/$2" train.epochs=2 data.packed_dir="$scratch/packed")
  "$fathom" train "${common[@]}" output.dir="$out/reference" >/dev/null
  for servers in 1 2 3 5; do
    for workers in 1 2 3 4; do
      "$fathom" train "${common[@]}" output.dir="$out/embedded" cluster.servers=$servers cluster.workers=$workers >/dev/null
      "$fathom" compare "$out/reference" "$out/embedded" >"$scratch/compare.txt" || { cat "$scratch/compare.txt"; fail "$1: $servers servers, $workers workers, embedded"; }
      ranks $((1 + servers + workers)) "$fathom" train "${common[@]}" output.dir="$out/mpi" cluster.servers=$servers >/dev/null
      "$fathom" compare "$out/reference" "$out/mpi" >"$scratch/compare.txt" || { cat "$scratch/compare.txt"; fail "$1: $servers servers, $workers workers, mpirun"; }
      compared=$((compared + 2))
    done
  done
  echo "$1: $(cat "$scratch/compare.txt")"
}
matrix books goodbooks
matrix census adult
echo "$compared layouts are identical"
