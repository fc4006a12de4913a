#!/usr/bin/env bash
# Trains on a click log from packed data to the saved model, in several layouts and, where it is
# there, by the PyTorch peer, in turn; ends with tables to paste into a page.
#
#   tests/bench/end_to_end.sh [option ...]
#
#   --rows N              training rows of the log (2000000)
#   --rounds N            every layout runs so many times (3); the median counts
#   --quick               200,000 rows, one round: shows that all of it runs, measures little
#   --only REGEX          only the layouts whose name matches
#   --work DIR            data, packed data and logs (run/bench)
#   --data DIR            the log; made if it is not there (DIR of --work)
#   --peers DIR           gen_criteo_like.py and torch_wide_deep.py ($FATHOM_PEERS; none: no peer)
#   --blas-core TYPE      OPENBLAS_CORETYPE of the peer (SKYLAKEX where there is AVX-512)
#   --python PATH         for the peer and the tables (/usr/bin/python3)
#   --fathom PATH         (build/release/fathom)
#   --matrix-bench PATH   (build/bench/tests/bench/matrix_bench; not there: no roofline)
#   --out FILE            also the tables as JSON lines
#
# With a peer the log is the peer's, so that both read the same data; else fathom generate's.
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bench_dir=$source_dir/tests/bench
rows=2000000
rounds=3
only=.
work=$source_dir/run/bench
data=
peers=${FATHOM_PEERS:-}
blas_core=
python=/usr/bin/python3
fathom=$source_dir/build/release/fathom
matrix_bench=$source_dir/build/bench/tests/bench/matrix_bench
out=
longest_run_seconds=3600
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

source "$bench_dir/peer.sh"
source "$bench_dir/layouts.sh"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --quick) rows=200000 rounds=1; shift; continue ;;
      --help) usage; exit 0 ;;
      --rows | --rounds | --only | --work | --data | --peers | --blas-core | --python | --fathom | --matrix-bench | --out) ;;
      *) usage >&2; exit 2 ;;
    esac
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    local name=${1#--}
    printf -v "${name//-/_}" %s "$2"
    shift 2
  done
  [[ $rows =~ ^[1-9][0-9]*$ && $rounds =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
}

absolute() { mkdir -p "$1" && (cd "$1" && pwd); }

prepare_data() {
  local given=$data
  if [ -z "$data" ]; then
    if [ "$peer" = yes ]; then data=$work/data-peer-$rows; else data=$work/data-$rows; fi
  fi
  # Both generators write their JSON file last.
  if [ -f "$data/meta.json" ] || [ -f "$data/truth.json" ] || { [ -n "$given" ] && [ -f "$data/train.tsv" ]; }; then
    echo "data: $data is there"
  elif [ "$peer" = yes ]; then
    "$python" "$peers/gen_criteo_like.py" --out "$data" --train "$rows" --test $((rows / 10)) --formats tsv >"$work/generate.log"
    echo "data: made by the peer's generator"
  else
    "$fathom" generate criteo --rows "$rows" --seed 1 --out "$data"
  fi
  data=$(absolute "$data")
  if [ "$peer" = yes ] && [ ! -f "$data/train.cat.npy" ]; then
    peer=no
    echo "no peer: it reads train.cat.npy and so on, which are not in $data"
  fi
}

# One core and two, the same ones for everybody.
choose_cores() {
  read -r one_core two_cores cores <<<"$("$python" -c 'import os
cores = sorted(os.sched_getaffinity(0))[:2]
print(cores[0], ",".join(map(str, cores)), len(cores))')"
  [ "$cores" -eq 2 ] || echo "only one core: the layouts for two run on one"
}

describe_machine() {
  local commit
  commit=$(git -C "$source_dir" rev-parse --short HEAD 2>/dev/null || echo unknown)
  [ -z "$(git -C "$source_dir" status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=" with changes"
  {
    printf 'processor\t%s\n' "$(lscpu | sed -n 's/^Model name: *//p' | head -n 1)"
    printf 'cores\t%s, this bench uses %s\n' "$(nproc)" "$two_cores"
    printf 'memory\t%s\n' "$(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo)"
    printf 'load before\t%s\n' "$(cut -d ' ' -f 1 /proc/loadavg)"
    printf 'commit\t%s\n' "$commit"
    printf 'rounds\t%s\n' "$rounds"
    [ "$peer" = no ] || printf "peer's BLAS\t%s\n" "$blas"
  } >"$work/machine.tsv"
  sed 's/\t/: /' "$work/machine.tsv"
}

parse_options "$@"
[ -x "$fathom" ] || fail "$fathom is not there: cmake --preset release && cmake --build --preset release"
[ -x "$python" ] || { echo "skipped: $python is not there (--python)"; exit 77; }
work=$(absolute "$work")
rm -rf "$work/runs" "$work/runs.tsv"
mkdir -p "$work/runs"
choose_blas_kernels
find_peer
prepare_data
choose_cores
describe_machine
warn_of_slow_blas
[ -x "$matrix_bench" ] || echo "no roofline: $matrix_bench is not there (preset bench)"

# Packs the text, which both models share, so that no measured run has to.
"$fathom" train "$source_dir/configs/criteo.toml" data.dir="$data" data.packed_dir="$work/packed" output.dir="$work/runs/out" \
  "${wide_only[@]}" >"$work/runs/pack.log" 2>&1 || { tail -n 20 "$work/runs/pack.log" >&2; fail "packing: see $work/runs/pack.log"; }

for ((round = 1; round <= rounds; ++round)); do run_round; done
"$python" "$bench_dir/end_to_end_report.py" --machine "$work/machine.tsv" --runs "$work/runs.tsv" ${out:+--out "$out"}
