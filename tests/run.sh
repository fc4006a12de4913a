#!/usr/bin/env bash
# Builds Fathom and runs its tests. docs/testing.md says what runs where and why.
#
#   tests/run.sh          what a newcomer runs: single classes, whole clusters in one process, real mpirun
#   tests/run.sh --all    what every change must pass: and the slow suites, the sanitizers, a short round
#                         of the fuzzers, and the format
#   tests/run.sh --long   and the big rounds: all layouts, many kills, many plans, long fuzzing
#
# Tests on real data look for it in $FATHOM_DATA (default: ../shared/data beside the repository)
# and say so where they skip. Ends with one line that counts the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

all=no
long=no
case "${1:-}" in
  "") ;;
  --all) all=yes ;;
  --long) all=yes long=yes ;;
  *) echo "usage: tests/run.sh [--all | --long]" >&2; exit 2 ;;
esac

jobs=$(nproc)
passed=0
failed=0
skipped=0
failures=$(mktemp)  # what failed and its last words, shown again at the end
times=$(mktemp)     # what each step took
beside=             # the process of a build beside other steps
trap 'rm -f "$failures" "$times"; [ -z "$beside" ] || kill "$beside" 2>/dev/null || true' EXIT
export FATHOM_DATA="${FATHOM_DATA:-$PWD/../shared/data}"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# Says what is done now and, at the end, what each step took.
step() {  # title
  end_step
  step_title=$1 step_began=$SECONDS
  echo "== $step_title"
}
end_step() {
  [ -z "${step_title:-}" ] || printf '%5d s  %s\n' $((SECONDS - step_began)) "$step_title" >>"$times"
}

build() {  # preset, argument of the configuration or "", target ...
  local preset=$1 setting=$2
  shift 2
  step "build $preset"
  [ -z "$beside" ] || wait "$beside" || true
  beside=
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" ${setting:+"$setting"} >"build-$preset.log" 2>&1 ||
    { cat "build-$preset.log" >&2; rm -f "build-$preset.log"; return 1; }
  rm -f "build-$preset.log"
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

# Builds with what processor time others leave, beside what comes next. `build` awaits it, does the
# rest and shows what failed.
build_beside() {  # preset
  [ -f "build/$1/build.ninja" ] || cmake --preset "$1" >/dev/null 2>&1 || return 0
  nice -n 19 cmake --build --preset "$1" -j "$jobs" >/dev/null 2>&1 &
  beside=$!
}

# Adds one test that is no ctest entry.
add() {  # name, exit code
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED $1" >>"$failures"
  fi
}

# Adds a ctest entry: a script counts as one, a suite of GoogleTest as its cases.
add_entry() {  # result of ctest, file of GoogleTest
  local cases=1 bad=0 left_out=0
  [ "$1" != fail ] || bad=1
  case $1 in notrun | disabled | skipped) left_out=1 ;; esac
  if [ -f "$2" ]; then
    cases=$(grep -c '<testcase ' "$2" || true)
    bad=$(sed -n 's/^<testsuites .*failures="\([0-9]*\)".*/\1/p' "$2")
    left_out=$(grep -cE '<testcase .*(status="notrun"|result="skipped")' "$2" || true)
    # All cases went well, and then the program did not.
    if [ "$1" = fail ] && [ "$bad" -eq 0 ]; then bad=1 cases=$((cases + 1)); fi
  fi
  passed=$((passed + cases - bad - left_out))
  failed=$((failed + bad))
  skipped=$((skipped + left_out))
}

# Runs ctest and adds its counts to the totals.
count() {  # title, preset, argument of ctest ...
  local title=$1 preset=$2 report name result entries=0
  shift 2
  step "$title"
  report=$(mktemp)
  rm -rf "build/$preset/test-results"
  ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=error --output-junit "$report" "$@" || true
  while read -r name result; do
    add_entry "$result" "build/$preset/test-results/${name//\//-}.xml"
    entries=$((entries + 1))
  done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([a-z]*\)".*/\1 \2/p' "$report")
  awk -v title="$title" '/<testcase /{ failing = /status="fail"/; lines = 0; if (failing) { split($0, part, "\""); print "FAILED " title ": " part[2] } }
    failing && ++lines <= 80' "$report" >>"$failures"
  rm -f "$report"
  if [ "$entries" -eq 0 ]; then failed=$((failed + 1)); fi
}

# Each fuzzer for so long, as many at a time as there are cores. What they find new goes to the build
# folder, not to the repository.
fuzz() {  # seconds
  step "fuzzers, $1 s each"
  local target name code waiting=()
  for target in build/asan/tests/fuzz/*_fuzz; do
    name=$(basename "$target")
    mkdir -p "build/asan/corpus/$name"
    "$target" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 -artifact_prefix=build/asan/ \
      "build/asan/corpus/$name" "tests/fuzz/corpus/$name" >"build/asan/$name.log" 2>&1 &
    waiting+=("$!:$name")
    if [ ${#waiting[@]} -eq "$jobs" ]; then
      for entry in "${waiting[@]}"; do end_fuzz "$entry"; done
      waiting=()
    fi
  done
  for entry in "${waiting[@]}"; do end_fuzz "$entry"; done
}
end_fuzz() {  # process:name
  local code=0
  wait "${1%%:*}" || code=$?
  add "fuzz: ${1#*:}" "$code"
  [ "$code" -eq 0 ] || tail -n 60 "build/asan/${1#*:}.log" | tee -a "$failures"
}

check() {  # name, command ...
  local name=$1 code=0
  shift
  step "$name"
  "$@" || code=$?
  add "$name" "$code"
}

if [ "$all" = yes ]; then
  launcher/install-packages.sh --with-dev
  check "clang-format" tests/structure/format.sh
  build release -DFATHOM_WERROR=ON
else
  launcher/install-packages.sh
  build release ""
fi
if [ "$all" = no ]; then
  count "tests" release -LE "slow|long"
else
  # The scripts wait for deadlines much of the time.
  build_beside asan
  jobs=$((jobs + 3)) count "tests and slow scripts" release -LE long
  build asan ""
  # Without what differs from the others in its numbers, not in its memory.
  count "under asan and ubsan" asan -L unit -E "GenerateCriteoTest|GenerateBooksTest|GenerateCommand|ReferenceTraining|AdmissionCountTest|RowAgeTest|DataSample"
  fuzz 10
  build tsan "" threads
  # Without what has one thread, or differs from the others in its numbers, not in its threads.
  one_thread="Explanation|NamedFeatures|MergedLogs|StepDigest|ManifestTest|NumberSample|IngestFeaturesTest|DataWatchTest|ModelCompare|PartitionFile|GradientMerge|SparseTableTest"
  alike="MemoryLimit|Admission|RowAge|CountTest|ReferenceTraining|BestModelTest|LearningRate|ExampleWeights|WarmStart"
  count "under tsan" tsan -L unit -E "^fuzz|$one_thread|$alike"
fi
if [ "$long" = yes ]; then
  count "big rounds" release -L long
  count "big rounds of threads under tsan" tsan -R million_scores
  TMPDIR=/dev/shm FATHOM_SIM_SEEDS=10000 check "10000 simulated runs" build/release/tests/simulation_tests --gtest_filter="Simulation.*"
  build debug ""
  count "file by file, not optimised" debug -L unit
  fuzz 600
fi

end_step
cat "$times" "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
