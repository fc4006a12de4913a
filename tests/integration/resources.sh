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

must_fail 5 "Too many open files" limited -n 40 "${train[@]}" output.dir="$scratch/descriptors" \
  cluster.workers=6 cluster.servers=2 cluster.transport=tcp cluster.timeout_seconds=3
# Address space is not what a sanitizer has to spare.
if ! ldd "$fathom" | grep -q "asan\|tsan"; then
  must_fail 1 "memory" limited -v 500000 "${train[@]}" output.dir="$scratch/memory" \
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
  "$fathom" compare "$newest" "$newest" || fail "the checkpoint before is damaged"
  # With room again it goes on.
  mount -o remount,size=64m "$scratch/small"
  "${train[@]}" output.dir="$scratch/small" "${wide[@]}" resume=auto >/dev/null 2>&1
  "${train[@]}" output.dir="$scratch/roomy" "${wide[@]}" >/dev/null 2>&1
  "$fathom" compare "$scratch/small" "$scratch/roomy" || fail "the models differ after a full disk"
else
  echo "mounts are not permitted here: no small disk"
fi

# Two seconds without a rank.
for transport in tcp mpi; do
  : >"$scratch/paused.log"
  ranks 4 "${train[@]}" train.epochs=60 output.dir="$scratch/paused-$transport" cluster.transport=$transport output.progress_seconds=1 >"$scratch/paused.log" 2>&1 &
  job=$!
  for ((i = 0; i < 400; ++i)); do
    grep -q "step \|evaluation" "$scratch/paused.log" && break
    sleep 0.05
  done
  for pid in $(pgrep -f -- "output.dir=$scratch/paused-$transport"); do
    if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=2"; then
      kill -STOP "$pid"
      sleep 2
      kill -CONT "$pid"
    fi
  done
  wait "$job" || { cat "$scratch/paused.log" >&2; fail "a pause of two seconds over $transport ended the run"; }
done
"$fathom" compare "$scratch/paused-tcp" "$scratch/paused-mpi" || fail "the models differ after a pause"
echo "what is short is said, and what pauses goes on"
