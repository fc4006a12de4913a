# Sourced by the scripts beside it: the program, a scratch folder of its own, mpirun.
set -euo pipefail

fathom=$1
scratch=$2
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
data_dir=${FATHOM_DATA:-$source_dir/../shared/data}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
rm -rf "$scratch"
mkdir -p "$scratch"

ranks() {  # number of ranks, command ...
  local number=$1
  shift
  mpirun --oversubscribe --bind-to none --timeout 120 -np "$number" "$@"
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# What could not be tried on this machine, and why. The script goes on; `finish` counts it as skipped.
untried=()
not_tried() {
  echo "not tried: $*"
  untried+=("$*")
}

# The last line of a script: exit code 77 is ctest's "skipped".
finish() {  # what was shown
  echo "$*"
  [ ${#untried[@]} -eq 0 ] || { printf 'skipped in part: %s\n' "${untried[@]}"; exit 77; }
}

# Runs a command that must fail with an exit code and say certain words.
must_fail() {  # exit code, words, command ...
  local code=$1 words=$2 got=0
  shift 2
  "$@" >"$scratch/out.txt" 2>&1 || got=$?
  [ "$got" -eq "$code" ] || { cat "$scratch/out.txt" >&2; fail "exit code $got instead of $code: $*"; }
  grep -qF -- "$words" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "\"$words\" was not said by: $*"; }
}

# 3,000 generated ratings, and a config that tests on a fifth of them and validates on three tenths of the rest.
held_out_config() {  # file
  "$fathom" generate books --rows 3000 --seed 1 --out "$scratch/books" >/dev/null
  cat >"$1" <<TOML
[data]
dir = "$scratch/books"
train = ["ratings.csv"]
label = "rating >= 4"
test_fraction = 0.2
validation_fraction = 0.3
[[column]]
name = "reader_id"
[[column]]
name = "book_id"
TOML
}

# Waits until a log says certain words.
await() {  # seconds, log, words
  local i
  for ((i = 0; i < $1 * 20; ++i)); do
    grep -qF -- "$3" "$2" 2>/dev/null && return
    sleep 0.05
  done
  cat "$2" >&2
  fail "\"$3\" was not said within $1 s"
}

# The process of a rank of a training run; fails where there is none.
rank_pid() {  # output.dir, rank
  local pid
  for pid in $(pgrep -f -- "train .*output.dir=$1( |\$)"); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$2"; then
      echo "$pid"
      return
    fi
  done
  return 1
}

# Waits until no process of a training run is there any more.
nobody_left() {  # output.dir
  local i
  for ((i = 0; i < 100; ++i)); do
    pgrep -f -- "output.dir=$1( |\$)" >/dev/null || return 0
    sleep 0.05
  done
  fail "processes were left behind: $(pgrep -fa -- "output.dir=$1( |\$)")"
}

# A member of the last line of a run's metrics.
metric() {  # output.dir, member
  tail -n 1 "$1/metrics.jsonl" | sed -n "s/.*\"$2\":\([0-9.e+-]*\).*/\1/p"
}

# A small config on generated data: $1 is the number of ratings.
generated_config() {
  "$fathom" generate books --rows "$1" --seed 1 --out "$scratch/data" >/dev/null
  sed -e "s|^dir = \"../run/demo-data\"|dir = \"$scratch/data\"|" -e 's/^epochs = .*/epochs = 2/' "$source_dir/configs/demo.toml" >"$scratch/config.toml"
}
