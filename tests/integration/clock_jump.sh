#!/usr/bin/env bash
# The wall clock jumps hours ahead and back while a run goes on: deadlines and the model do not care.
source "$(dirname "$0")/mpi.sh"

library=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
[ -n "$library" ] || { echo "skipped: libfaketime is not installed"; exit 77; }
if ldd "$fathom" | grep -q "asan\|tsan"; then echo "skipped: a sanitizer does not share its clock"; exit 77; fi

generated_config 60000
train=("$fathom" train "$scratch/config.toml" data.packed_dir="$scratch/packed" train.epochs=100
  cluster.timeout_seconds=5 checkpoint.every_steps=200 output.progress_seconds=1)
"${train[@]}" output.dir="$scratch/reference" >/dev/null 2>&1

for transport in tcp mpi; do
  echo "+0" >"$scratch/clock"
  log=$scratch/$transport.log
  ranks 4 env LD_PRELOAD="$library" FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 \
    FAKETIME_TIMESTAMP_FILE="$scratch/clock" \
    "${train[@]}" output.dir="$scratch/$transport" cluster.transport=$transport >"$log" 2>&1 &
  job=$!
  await 60 "$log" "step "
  for jump in +2h -3h +400d +0; do
    kill -0 "$job" 2>/dev/null || fail "the run over $transport was over before the clock jumped to $jump"
    echo "$jump" >"$scratch/clock"
    # Until something was logged at that time: the line that is being written may still be of the time before.
    lines=$(wc -l <"$log")
    for ((i = 0; i < 200 && $(wc -l <"$log") < lines + 2; ++i)); do sleep 0.05; done
    [ "$(wc -l <"$log")" -ge $((lines + 2)) ] || { cat "$log" >&2; fail "nothing was logged after the clock jumped to $jump"; }
  done
  wait "$job" || { cat "$log" >&2; fail "a jump of the clock ended the run over $transport"; }
  "$fathom" compare "$scratch/reference" "$scratch/$transport" || fail "the models differ"
  # The log shows that the clock did jump.
  [ "$(grep -oE "^[0-9]{2}:" "$log" | sort -u | wc -l)" -ge 3 ] || fail "the clock did not jump"
done
finish "the wall clock is nobody's deadline"
