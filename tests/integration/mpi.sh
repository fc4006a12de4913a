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

# Runs a command that must fail with an exit code and say certain words.
must_fail() {  # exit code, words, command ...
  local code=$1 words=$2 got=0
  shift 2
  "$@" >"$scratch/out.txt" 2>&1 || got=$?
  [ "$got" -eq "$code" ] || { cat "$scratch/out.txt" >&2; fail "exit code $got instead of $code: $*"; }
  grep -qF -- "$words" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "\"$words\" was not said by: $*"; }
}

# A small config on generated data: $1 is the number of ratings.
generated_config() {
  "$fathom" generate books --rows "$1" --seed 1 --out "$scratch/data" >/dev/null
  sed -e "s|^dir = \"../run/demo-data\"|dir = \"$scratch/data\"|" -e 's/^epochs = .*/epochs = 2/' "$source_dir/configs/demo.toml" >"$scratch/config.toml"
}
