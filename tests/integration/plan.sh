#!/usr/bin/env bash
# fathom plan: calibrates once, answers from then on at once; a run prints what was predicted. With "kept" the
# calibration is there already: calibration.json, said to be of this machine.
source "$(dirname "$0")/mpi.sh"
export XDG_CACHE_HOME=$scratch/cache
cd "$source_dir"

train=("$fathom" train configs/scale.toml output.dir="$scratch/run" generated.examples=200000)
"${train[@]}" >"$scratch/before.txt" 2>/dev/null
grep -q "predicted: .* MB .*no speed: .fathom plan. calibrates" "$scratch/before.txt" || { cat "$scratch/before.txt" >&2; fail "no prediction of memory"; }
kept=$XDG_CACHE_HOME/fathom/calibration.json
if [ "${3:-}" = kept ]; then
  machine="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc --all) cores, $("$fathom" --version)"
  mkdir -p "$(dirname "$kept")"
  sed "s|THIS MACHINE|$machine|" "$(dirname "$0")/calibration.json" >"$kept"
else
  "$fathom" plan configs/scale.toml >"$scratch/plan.txt" 2>"$scratch/plan.log"
  grep -q "calibrated, kept in $kept" "$scratch/plan.txt" || fail "not calibrated"
fi
"${train[@]}" >"$scratch/after.txt" 2>/dev/null
grep -qE "predicted: [1-9][0-9]* MB .*, [1-9][0-9]* examples/s" "$scratch/after.txt" || { cat "$scratch/after.txt" >&2; fail "no prediction of speed"; }

"$fathom" plan configs/scale.toml --memory 1GB >"$scratch/again.txt" 2>/dev/null
if grep -q "calibrat" "$scratch/again.txt"; then fail "calibrated twice"; fi
grep -qE "^fits +yes" "$scratch/again.txt" || { cat "$scratch/again.txt" >&2; fail "it should fit"; }
"$fathom" plan configs/scale.toml --memory 1GB --rows 100000000 >"$scratch/large.txt" 2>/dev/null
grep -qE "^fits +NO" "$scratch/large.txt" || { cat "$scratch/large.txt" >&2; fail "a hundred million rows do not fit into 1 GB"; }
"$fathom" plan configs/scale.toml --hosts 16 --cores 32 --network 1Gbps >"$scratch/cluster.txt" 2>/dev/null
grep -qE "^memory +[0-9]+ x server" "$scratch/cluster.txt" || { cat "$scratch/cluster.txt" >&2; fail "no servers on the cluster"; }
must_fail 2 "--network" "$fathom" plan configs/scale.toml --hosts 2 --network 25
must_fail 2 "a number and a unit" "$fathom" plan configs/scale.toml --memory lots
finish "a plan is made once and kept"
