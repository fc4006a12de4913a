#!/usr/bin/env bash
# Builds Fathom and runs its tests.
#
#   tests/run.sh          unit tests, in-process clusters, real mpirun
#   tests/run.sh --all    and the slow suites, the sanitizers and a short round of the fuzzers
#
# Tests on real data look for it in $FATHOM_DATA (default: ../shared/data beside the repository)
# and say so where they skip. Ends with one line that counts the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

all=no
case "${1:-}" in
  "") ;;
  --all) all=yes ;;
  *) echo "usage: tests/run.sh [--all]" >&2; exit 2 ;;
esac

jobs=$(nproc)
passed=0
failed=0
skipped=0
failures=$(mktemp)  # what failed and its last words, shown again at the end
trap 'rm -f "$failures"' EXIT
export FATHOM_DATA="${FATHOM_DATA:-$PWD/../shared/data}"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

build() {  # preset [target ...]
  local preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build-$preset.log" 2>&1 ||
    { cat "build-$preset.log" >&2; rm -f "build-$preset.log"; return 1; }
  rm -f "build-$preset.log"
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

# Runs ctest and adds its counts to the totals.
count() {  # title, ctest arguments ...
  local title=$1 report
  shift
  report=$(mktemp)
  echo "== $title"
  ctest --output-on-failure --no-tests=error --output-junit "$report" "$@" || true
  local tests failed_here skips
  tests=$(grep -c '<testcase ' "$report" || true)
  failed_here=$(grep -c 'status="fail"' "$report" || true)
  skips=$(grep -cE 'status="(notrun|disabled|skipped)"' "$report" || true)
  awk -v title="$title" '/<testcase /{ failing = /status="fail"/; lines = 0; if (failing) { split($0, part, "\""); print "FAILED " title ": " part[2] } }
    failing && ++lines <= 80' "$report" >>"$failures"
  rm -f "$report"
  passed=$((passed + tests - failed_here - skips))
  failed=$((failed + failed_here))
  skipped=$((skipped + skips))
  if [ "$tests" -eq 0 ]; then failed=$((failed + 1)); fi
}

fuzz() {  # seconds a target
  local target name
  for target in build/fuzz/tests/fuzz/*_fuzz; do
    name=$(basename "$target")
    echo "== fuzz $name, $1 s"
    mkdir -p "build/fuzz/corpus/$name"
    if "$target" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
        -artifact_prefix="build/fuzz/" "build/fuzz/corpus/$name" $( [ -d "tests/fuzz/corpus/$name" ] && echo "tests/fuzz/corpus/$name"); then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "FAILED fuzz: $name" >>"$failures"
    fi
  done
}

if [ "$all" = yes ]; then launcher/install-packages.sh --with-dev; else launcher/install-packages.sh; fi

build release
count "tests" --test-dir build/release -j "$jobs" -LE slow
if [ "$all" = yes ]; then
  count "slow suites" --test-dir build/release -L slow
  for sanitizer in asan tsan; do
    build "$sanitizer"
    count "under $sanitizer" --test-dir "build/$sanitizer" -j "$jobs" -L unit
  done
  build fuzz csv_fuzz record_fuzz packed_fuzz frame_fuzz model_fuzz config_fuzz
  fuzz 20
fi

cat "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
