#!/usr/bin/env bash
# What the shipped configs reach on real data and on the generated log.
source "$(dirname "$0")/mpi.sh"

at_least() {  # what, value, bound
  awk -v value="$2" -v bound="$3" 'BEGIN { exit !(value != "" && bound + 0 > 0.5 && value + 0 >= bound + 0) }' || fail "$1 is $2, at least $3 is expected"
  echo "$1: $2 (at least $3)"
}

"$fathom" generate books --rows 1000000 --seed 1 --out "$scratch/demo-data"
"$fathom" train "$source_dir/configs/demo.toml" data.dir="$scratch/demo-data" output.dir="$scratch/demo" >/dev/null
best=$(sed -n 's/.*"test_auc": *\([0-9.]*\).*/\1/p' "$scratch/demo-data/truth.json")
at_least "demo: test AUC" "$(metric "$scratch/demo" auc)" "$(awk -v best="$best" 'BEGIN { print best - 0.02 }')"

[ -d "$data_dir/goodbooks" ] && [ -d "$data_dir/adult" ] || { echo "skipped: no real data in $data_dir (FATHOM_DATA)"; exit 77; }
"$fathom" train "$source_dir/configs/books.toml" data.dir="$data_dir/goodbooks" output.dir="$scratch/books" >/dev/null
at_least "books: test AUC" "$(metric "$scratch/books" auc)" 0.770
"$fathom" train "$source_dir/configs/census.toml" data.dir="$data_dir/adult" output.dir="$scratch/census" >/dev/null
at_least "census: test AUC" "$(metric "$scratch/census" auc)" 0.911
at_least "census: test accuracy" "$(metric "$scratch/census" accuracy)" 0.854
