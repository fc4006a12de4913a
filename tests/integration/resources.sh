#!/usr/bin/env bash
# Too little disk, memory or descriptors ends a run with a message; a pause does not end it.
source "$(dirname "$0")/mpi.sh"

generated_config 60000
sed -i 's/^epochs = .*/epochs = 20/' "$scratch/config.toml"
train=("$fathom" train "$scratch/config.toml" data.packed_dir="$scratch/packed")
"${train[@]}" output.dir="$scratch/reference" >/dev/null 2>&1

limited() {  # ulimit option, value, command ...
  local option=$1 value=$2
  shift 2
  (ulimit "$option" "$value" && exec timeout 60 "$@")
}

must_fail 2 "more open files and connections" limited -n 40 "${train[@]}" output.dir="$scratch/descriptors" \
  cluster.workers=6 cluster.servers=2 cluster.transport=tcp cluster.timeout_seconds=3
if ldd "$fathom" | grep -q "asan\|tsan"; then
  not_tried "too little memory: a sanitizer has no address space to spare"
else
  must_fail 1 "no memory" limited -v 500000 "${train[@]}" output.dir="$scratch/short" \
    column.reader.dim=4096 column.book.dim=4096 column.genres.dim=4096 train.epochs=1 cluster.timeout_seconds=5
fi
must_fail 4 "File too large" limited -f 100 "${train[@]}" output.dir="$scratch/file-size"

mkdir -p "$scratch/small"
if mount -t tmpfs -o size=2m tmpfs "$scratch/small" 2>/dev/null; then
  trap 'umount "$scratch/small"' EXIT
  wide=(column.reader.dim=64 column.book.dim=64 column.genres.dim=64)
  must_fail 4 "3 checkpoints in a row could not be written" "${train[@]}" output.dir="$scratch/small" "${wide[@]}" checkpoint.every_steps=20
  grep -qF "No space left on device" "$scratch/out.txt" || fail "why, was not said"
  ls "$scratch"/small/checkpoints/*.partial >/dev/null 2>&1 && fail "half a checkpoint was left behind"
  newest=$(ls -d "$scratch"/small/checkpoints/step-* | tail -n 1)
  # Where there is room all along, the checkpoint of that step is the same.
  "${train[@]}" output.dir="$scratch/roomy" "${wide[@]}" checkpoint.every_steps=20 checkpoint.keep=1000 >/dev/null 2>&1
  "$fathom" compare "$newest" "$scratch/roomy/checkpoints/$(basename "$newest")" || fail "the checkpoint before is damaged"
  # With room again it goes on.
  mount -o remount,size=64m "$scratch/small"
  "${train[@]}" output.dir="$scratch/small" "${wide[@]}" resume=auto >"$scratch/resumed.log" 2>&1
  grep -qF "going on from step" "$scratch/resumed.log" || { cat "$scratch/resumed.log" >&2; fail "the run did not go on from its checkpoint"; }
  "$fathom" compare "$scratch/small" "$scratch/roomy" || fail "the models differ after a full disk"
else
  not_tried "a small disk: mounts are not permitted here"
fi

# Two seconds without a rank: nothing is trained in that time, and the model is that of a run that was left alone.
"${train[@]}" train.epochs=40 output.dir="$scratch/alone" >/dev/null 2>&1
for transport in tcp mpi; do
  log=$scratch/paused-$transport.log out=$scratch/paused-$transport
  : >"$log"
  ranks 4 "${train[@]}" train.epochs=40 output.dir="$out" cluster.transport=$transport output.progress_seconds=0 >"$log" 2>&1 &
  job=$!
  await 60 "$log" "step "
  pid=$(rank_pid "$out" 2) || { cat "$log" >&2; fail "there is no rank 2 to be paused over $transport"; }
  kill -STOP "$pid"
  for ((i = 0; i < 20; ++i)); do  # the steps that were on their way
    steps=$(grep -c "step " "$log")
    sleep 0.5
    [ "$(grep -c "step " "$log")" -gt "$steps" ] || break
  done
  sleep 1.5
  [ "$(grep -c "step " "$log")" -eq "$steps" ] || { cat "$log" >&2; fail "rank 2 was paused, and the others went on"; }
  kill -CONT "$pid"
  wait "$job" || { cat "$log" >&2; fail "a pause of two seconds over $transport ended the run"; }
  "$fathom" compare "$scratch/alone" "$out" || fail "the models differ after a pause over $transport"
done
finish "what is short is said, and what pauses goes on"
