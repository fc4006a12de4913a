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
  nobody_left "$out"
}

signal_rank() {  # signal, rank
  local pid
  pid=$(rank_pid "$out" "$2") || { cat "$log" >&2; fail "there is no rank $2 to be sent $1"; }
  kill "-$1" "$pid"
}

signal_mpirun() {  # signal
  local pid
  pid=$(pgrep -P "$launch") || { cat "$log" >&2; fail "there is no mpirun to be sent $1"; }
  kill "-$1" "$pid"
}

"$fathom" launch -n 4 --hosts node1:2,node2:2 --dry-run -- "${train[@]}" | grep -qF -- "--host node1:2,node2:2 -np 4" || fail "--dry-run"
must_fail 2 "unknown key" "$fathom" launch -n 4 -- "${train[@]}" train.epoch=2
must_fail 2 "after --" "$fathom" launch -n 4 -- evaluate "$scratch/config.toml"

# A rank and then mpirun killed: the same bits as if nothing had happened.
start killed
await_checkpoint
signal_rank KILL 3
await 60 "$log" "restart 1 of 10"
await 60 "$log" "going on from step"
signal_mpirun KILL
await 60 "$log" "restart 2 of 10"
ended_with 0
"$fathom" compare "$scratch/reference" "$out" || fail "the models differ"

# Killed again and again before there is a checkpoint.
start hopeless checkpoint.every_steps=0
for n in 1 2 3; do
  for ((i = 0; i < 1200; ++i)); do
    [ "$(grep -c "rank 0 on [^:]*: coordinator$" "$log")" -lt $n ] || break
    sleep 0.05
  done
  signal_rank KILL 1
  await 60 "$log" "$([ $n -eq 3 ] && echo 'giving up: 3 failures in a row without a newer checkpoint' || echo "restart $n of 10")"
done
ended_with 137
# The logs of the tries before are there.
for n in 1 2; do
  grep -q "rank 0 on" "$out/logs/rank-0.$n.log" || fail "the log of try $n is gone"
done

# No restart where it would end in the same way: without data; beside checkpoints that nobody has spoken of;
# beyond the end of training.
start dataless data.train='["nowhere.csv"]'
ended_with 3
grep -qF "another start would end in the same way" "$log" || fail "restarted without data"
start killed
ended_with 2
grep -qF "resume=restart puts them aside" "$log" || { cat "$log" >&2; fail "no word was asked for"; }
start killed resume=auto train.epochs=1
ended_with 2
grep -qF "train.epochs = 1 ends at step" "$log" || { cat "$log" >&2; fail "beyond the end, and not said plainly"; }

# A checkpoint of an earlier run is put aside and not gone on from, whatever the time of its file is.
touch -d "+1 hour" "$out"/checkpoints/step-*/manifest.json
start killed resume=restart
await 60 "$log" "put aside"
await 60 "$log" "checkpoint of step"
signal_rank KILL 2
await 60 "$log" "going on from step"
ended_with 0
"$fathom" compare "$scratch/reference" "$out" || fail "the models differ after resume=restart"

# Starts that fail, as where a host cannot be reached, are tried again, longer than failures of a run.
mkdir "$scratch/bin"
cat >"$scratch/bin/mpirun" <<SH
#!/usr/bin/env bash
echo x >>"$scratch/tries"
[ \$(wc -l <"$scratch/tries") -gt 4 ] && exec $(command -v mpirun) "\$@"
exit 1
SH
chmod +x "$scratch/bin/mpirun"
PATH=$scratch/bin:$PATH start unreachable train.epochs=2
ended_with 0
[ "$(grep -c "another try in" "$log")" -eq 4 ] || { cat "$log" >&2; fail "four failed starts were not waited for"; }

# A signal at any moment of the start ends it.
for delay in 0.01 0.02 0.03 0.04 0.06 0.1 0.3; do
  start "early$delay"
  sleep $delay
  kill -TERM "$launch"
  began=$SECONDS
  ended_with 143
  [ $((SECONDS - began)) -le 15 ] || { cat "$log" >&2; fail "a signal after $delay s was lost"; }
done

# The first signal: a checkpoint and the end. Then it goes on.
start stopped checkpoint.every_steps=0
await 60 "$log" "step "
kill -TERM "$launch"
ended_with 143
grep -qF "stopped after step" "$log" || { cat "$log" >&2; fail "no orderly stop"; }
"$fathom" "${train[@]}" output.dir="$out" resume=auto >"$scratch/resumed.log" 2>&1
grep -qF "going on from step" "$scratch/resumed.log" || fail "the stopped run did not go on from its checkpoint"
"$fathom" compare "$scratch/reference" "$out" || fail "the models differ after a stop"

# The second: now, long before the others would miss the one that can no longer stop in order. And a launch that
# is killed itself takes all with it.
start hurried cluster.timeout_seconds=60
await 60 "$log" "step "
signal_rank STOP 1
kill -INT "$launch"
await 10 "$log" "a second signal ends it now"
began=$SECONDS
kill -INT "$launch"
ended_with 130
[ $((SECONDS - began)) -le 20 ] || fail "the second signal ended it after $((SECONDS - began)) s"
start orphans
await 60 "$log" "step "
kill -9 "$launch"
ended_with 137
finish "every launch ended as it should"
