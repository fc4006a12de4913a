#!/usr/bin/env bash
# Trains, checkpoints, is killed, resumes and evaluates on file systems that are not the local disk:
# everywhere the same model, found by every reader.
source "$(dirname "$0")/mpi.sh"

generated_config 4000
sed -i 's/^epochs = .*/epochs = 6/' "$scratch/config.toml"
"$fathom" train "$scratch/config.toml" output.dir="$scratch/local" >/dev/null

mounts=()
unmount() {
  local i
  for ((i = ${#mounts[@]} - 1; i >= 0; --i)); do umount -l "${mounts[i]}" 2>/dev/null || true; done
}
trap unmount EXIT

# A model replaced, a run killed in its checkpoints, resumed, evaluated.
round() {  # name, output.dir
  local out=$2 pid
  "$fathom" train "$scratch/config.toml" output.dir="$out" seed=7 train.epochs=1 >/dev/null || fail "$1: the first training"
  [ -z "${before_round:-}" ] || "$before_round"
  "$fathom" train "$scratch/config.toml" output.dir="$out" checkpoint.every_steps=1 checkpoint.keep=2 resume=auto \
    output.progress_seconds=1000 >"$scratch/run.log" 2>&1 &
  pid=$!
  for ((i = 0; i < 1000; ++i)); do
    [ "$(grep -c '"event":"checkpoint","step":[0-9]*,"failure":null' "$out/metrics.jsonl" 2>/dev/null || true)" -lt 3 ] || break
    sleep 0.01
  done
  [ "$i" -lt 1000 ] || { cat "$scratch/run.log" >&2; fail "$1: no three checkpoints within 10 s"; }
  kill -9 "$pid" 2>/dev/null || fail "$1: the run was over before it was killed"
  wait "$pid" 2>/dev/null || true
  "$fathom" evaluate "$scratch/config.toml" --model "$out" output.dir="$scratch/evaluate" >/dev/null || fail "$1: no model to evaluate after the kill"
  "$fathom" train "$scratch/config.toml" output.dir="$out" checkpoint.every_steps=5 checkpoint.keep=2 resume=auto >"$scratch/resume.log" 2>&1 || { cat "$scratch/resume.log" >&2; fail "$1: going on"; }
  grep -qF "going on from step" "$scratch/resume.log" || { cat "$scratch/resume.log" >&2; fail "$1: it began anew"; }
  "$fathom" compare "$scratch/local" "$out" >/dev/null || fail "$1: another model"
  diff -rq "$scratch/local/model" "$out/model" || fail "$1: other files"
  "$fathom" evaluate "$scratch/config.toml" --model "$out/model" output.dir="$scratch/evaluate" >/dev/null || fail "$1: evaluating"
  ! grep -q '"failure":"' "$out/metrics.jsonl" || { grep '"failure":"' "$out/metrics.jsonl" >&2; fail "$1: a checkpoint failed"; }
  [ -z "$(find "$out/" -name '*.partial*')" ] || fail "$1: left behind: $(find "$out/" -name '*.partial*')"
  echo "$1: one model"
}

mkdir -p "$scratch/linked/disk/models" "$scratch/linked/run"
ln -s disk "$scratch/linked/parent"
ln -s ../disk/models/it "$scratch/linked/run/model"
ln -s ../disk/checkpoints "$scratch/linked/run/checkpoints"
mkdir "$scratch/linked/disk/checkpoints"
round "a linked model and linked checkpoints" "$scratch/linked/run"
[ -L "$scratch/linked/run/model" ] || fail "the link to the model is gone"
round "a folder below a link" "$scratch/linked/parent/run"

if command -v bindfs >/dev/null && [ -e /dev/fuse ] && mkdir -p "$scratch/real" "$scratch/bindfs" && bindfs "$scratch/real" "$scratch/bindfs" 2>/dev/null; then
  mounts+=("$scratch/bindfs")
  round "bindfs" "$scratch/bindfs/run"
else
  not_tried "bindfs: its package is missing, or this machine may not mount with FUSE"
fi

mkdir -p "$scratch/tmpfs"
if mount -t tmpfs -o size=200m tmpfs "$scratch/tmpfs" 2>/dev/null; then
  mounts+=("$scratch/tmpfs")
  round "tmpfs" "$scratch/tmpfs/run"
  # What a first training leaves becomes a lower layer, as in an image: its model cannot be renamed.
  mkdir -p "$scratch"/tmpfs/{upper,work} "$scratch/overlay"
  as_overlay() {
    mv "$scratch/overlay/run" "$scratch/tmpfs/lower-run"
    mkdir -p "$scratch/tmpfs/lower"
    mv "$scratch/tmpfs/lower-run" "$scratch/tmpfs/lower/run"
    mount -t overlay -o "lowerdir=$scratch/tmpfs/lower,upperdir=$scratch/tmpfs/upper,workdir=$scratch/tmpfs/work" overlay "$scratch/overlay" 2>/dev/null && mounts+=("$scratch/overlay")
  }
  mkdir -p "$scratch/overlay/run" "$scratch/tmpfs/lower"
  if mount -t overlay -o "lowerdir=$scratch/tmpfs/lower,upperdir=$scratch/tmpfs/upper,workdir=$scratch/tmpfs/work" overlay "$scratch/overlay" 2>/dev/null; then
    umount "$scratch/overlay"
    before_round=as_overlay round "overlay" "$scratch/overlay/run"
  else
    not_tried "overlay: this machine may not mount it"
  fi
else
  not_tried "tmpfs and overlay: this machine may not mount"
fi
finish "one model on every file system"
