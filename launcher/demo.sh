#!/usr/bin/env bash
# Builds Fathom, makes a click log of readers and books, trains Wide & Deep on it in this process
# and shows how close the model came to the best that any model could reach.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=1000000
data=run/demo-data
output=run/demo

launcher/install-packages.sh
[ -f build/release/build.ninja ] || cmake --preset release
cmake --build --preset release -j "$(nproc)" --target fathom
fathom=build/release/fathom

if [ ! -f "$data/truth.json" ]; then
  echo
  echo "A click log whose truth is known: $rows ratings in $data"
  $fathom generate books --rows "$rows" --seed 1 --out "$data"
fi

echo
echo "Training: fathom train configs/demo.toml"
$fathom train configs/demo.toml output.dir="$output"

best=$(sed -n 's/.*"test_auc": *\([0-9.]*\).*/\1/p' "$data/truth.json")
means=$(sed -n 's/.*"additive_means_test_auc": *\([0-9.]*\).*/\1/p' "$data/truth.json")
auc=$(tail -n 1 "$output/metrics.jsonl" | sed -n 's/.*"auc":\([0-9.]*\).*/\1/p')
mpirun="mpirun --oversubscribe --bind-to none"
[ "$(id -u)" -ne 0 ] || mpirun+=" --allow-run-as-root"
cat <<END

  AUC of this model                       $(printf %.5f "$auc")
  best reachable (the truth itself)       $(printf %.5f "$best")
  additive reader and book means          $(printf %.5f "$means")

What to try next:
  $mpirun -np 4 $fathom train configs/demo.toml output.dir=run/demo-mpi
  $fathom compare run/demo run/demo-mpi          # the same model, byte for byte
  $fathom inspect run/demo
END
