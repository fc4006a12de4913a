#!/usr/bin/env bash
# How near `fathom plan` comes: trains configs that no calibration has seen and prints predicted beside
# real. Not a test: it takes some minutes and a quiet machine.
#
#   tests/bench/plan_accuracy.sh [--fathom build/release/fathom] [--work FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
fathom=build/release/fathom
work=build/plan_accuracy
while [ $# -gt 0 ]; do
  case $1 in
    --fathom) fathom=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    *) echo "usage: plan_accuracy.sh [--fathom FATHOM] [--work FOLDER]" >&2; exit 2 ;;
  esac
done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mkdir -p "$work"
"$fathom" plan configs/scale.toml >/dev/null  # calibrates, where that was not done

[ -e "$work/books/truth.json" ] || "$fathom" generate books --rows 1000000 --seed 3 --out "$work/books" >/dev/null
[ -e "$work/clicks/truth.json" ] || "$fathom" generate criteo --rows 1000000 --seed 3 --out "$work/clicks" >/dev/null

n=0
printf '%-66s %10s %10s %6s %9s %9s %6s\n' "config" "predicted" "examples/s" "off" "predicted" "MB" "off"
run() {  # ranks, config, settings ...
  local ranks=$1 config=$2 out
  shift 2
  n=$((n + 1))
  out=$work/run-$n
  rm -rf "$out"
  local launch=()
  [ "$ranks" -eq 1 ] || launch=(mpirun --oversubscribe --bind-to none -np "$ranks")
  "${launch[@]}" "$fathom" train "configs/$config.toml" "$@" output.dir="$out" output.progress_seconds=1000 >"$work/log.txt" 2>&1 || { tail -n 3 "$work/log.txt" >&2; return; }
  python3 - "$out/metrics.jsonl" "$ranks $config $*" <<'PY'
import json, sys
last = json.loads(open(sys.argv[1]).readlines()[-1])
name = sys.argv[2].replace("data.dir=", "").replace("generated.", "").replace("cluster.", "").replace("train.", "").replace("model.", "")
def off(a, b): return 100 * (a / b - 1)
p, r = last["predicted_examples_per_second"], last["examples_per_second"]
pm, rm = last["predicted_peak_rss_bytes"] / 1e6, last["peak_rss_bytes"] / 1e6
print(f"{name[-66:]:66} {p:10.0f} {r:10.0f} {off(p, r):+5.0f}% {pm:9.0f} {rm:9.0f} {off(pm, rm):+5.0f}%", flush=True)
PY
  rm -rf "$out"
}

books=(data.dir="$PWD/$work/books" data.packed_dir="$work/books-packed" train.epochs=3)
clicks=(data.dir="$PWD/$work/clicks" data.packed_dir="$work/clicks-packed")
run 1 demo "${books[@]}"
run 1 demo "${books[@]}" cluster.servers=2 cluster.workers=2
run 3 demo "${books[@]}"
run 4 demo "${books[@]}"
run 1 criteo "${clicks[@]}"
run 1 criteo "${clicks[@]}" cluster.threads=2
run 1 criteo "${clicks[@]}" cluster.transport=tcp
run 3 criteo "${clicks[@]}" model.embedding_dim=8
run 1 criteo "${clicks[@]}" train.row_format=bfloat16
run 1 criteo "${clicks[@]}" train.consistency=async cluster.workers=2
run 1 scale
run 1 scale model.embedding_dim=64 generated.values=300000
run 1 scale generated.skew=0 generated.values=1000000 generated.examples=8000000
run 1 scale generated.values=2000000 generated.skew=0.7 train.batch_size=8192 cluster.servers=2
run 3 scale generated.values=1000000 model.embedding_dim=32
run 4 scale 'model.hidden=[256, 128]' train.consistency=bounded
run 1 census
run 1 books
