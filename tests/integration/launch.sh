#!/usr/bin/env bash
# fathom launch: restarts what was killed, gives up with the reason, passes signals on, leaves nothing behind.
source "$(dirname "$0")/mpi.sh"

generated_config 60000
sed -i 's/^epochs = .*/epochs = 150/' "$scratch/config.toml"
train=(train "$scratch/config.toml" data.packed_dir="$scratch/packed" checkpoint.every_steps=50 cluster.timeout_seconds=5 output.progress_seconds=1)
"$fathom" "${train[@]}" output.dir="$scratch/reference" >/dev/null 2>&1

# Starts a launch in the background: $launch is its process, $log what it says.
start() {  # name, setting ...
  out=$scratch/$1 log=$scratch/$1.log
  shift
  "$fathom" launch -n 4 "${options[@]}" -- "${train[@]}" output.dir="$out" "$@" >"$log" 2>&1 &
  launch=$!
}
options=()

await() {  # seconds, words in the log
  local i
  for ((i = 0; i < $1 * 20; ++i)); do
    grep -qF -- "$2" "$log" && return
    sleep 0.05
  done
  cat "$log" >&2
  fail "\"$2\" was not said within $1 s"
}

await_checkpoint() {
  local i
  for ((i = 0; i < 600; ++i)); do
    ls -d "$out"/checkpoints/step-????????????/ >/dev/null 2>&1 && return
    sleep 0.05
  done
  cat "$log" >&2
  fail "there is no checkpoint"
}

ended_with() {  # exit code
  local code=0
  wait "$launch" || code=$?
  [ "$code" -eq "$1" ] || { cat "$log" >&2; fail "launch ended with $code instead of $1"; }
  nobody_left
}

nobody_left() {
  local i
  for ((i = 0; i < 100; ++i)); do
    pgrep -f -- "output.dir=$out( |\$)" >/dev/null || return 0
    sleep 0.05
  done
  fail "processes were left behind: $(pgrep -fa -- "output.dir=$out( |\$)")"
}

rank_pid() {  # rank
  local pid
  for pid in $(pgrep -f -- "train .*output.dir=$out( |\$)"); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then echo "$pid"; fi
  done
}

mpirun_pid() { pgrep -P "$launch"; }

"$fathom" launch -n 4 --hosts node1:2,node2:2 --dry-run -- "${train[@]}" | grep -qF -- "--host node1:2,node2:2 -np 4" || fail "--dry-run"
must_fail 2 "unknown key" "$fathom" launch -n 4 -- "${train[@]}" train.epoch=2
must_fail 2 "after --" "$fathom" launch -n 4 -- evaluate "$scratch/config.toml"

# A rank and then mpirun killed: the same bits as if nothing had happened.
start killed
await_checkpoint
kill -9 "$(rank_pid 3)"
await 60 "restart 1 of 10"
await 60 "going on from step"
kill -9 "$(mpirun_pid)"
await 60 "restart 2 of 10"
ended_with 0
"$fathom" compare "$scratch/reference" "$out" || fail "the models differ"

# Killed again and again before there is a checkpoint.
start hopeless checkpoint.every_steps=0
for n in 1 2 3; do
  for ((i = 0; i < 400; ++i)); do
    pid=$(rank_pid 1)
    [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null && break
    sleep 0.05
  done
  await 60 "$([ $n -eq 3 ] && echo 'giving up: 3 failures in a row without a newer checkpoint' || echo "restart $n of 10")"
done
ended_with 137

# No restart where it would end in the same way.
start dataless data.train='["nowhere.csv"]'
ended_with 3
grep -qF "another start would end in the same way" "$log" || fail "restarted without data"

# The first signal: a checkpoint and the end. Then it goes on.
start stopped checkpoint.every_steps=0
await 60 "step "
kill -TERM "$launch"
ended_with 143
grep -qF "stopped after step" "$log" || { cat "$log" >&2; fail "no orderly stop"; }
"$fathom" "${train[@]}" output.dir="$out" resume=auto >/dev/null 2>&1
"$fathom" compare "$scratch/reference" "$out" || fail "the models differ after a stop"

# The second: now. And a launch that is killed itself takes all with it.
start hurried
await 60 "step "
kill -STOP "$(rank_pid 1)"   # so that nobody can stop in order
kill -INT "$launch"
sleep 0.2
kill -INT "$launch"
ended_with 130
start orphans
await 60 "step "
kill -9 "$launch"
ended_with 137
echo "every launch ended as it should"
