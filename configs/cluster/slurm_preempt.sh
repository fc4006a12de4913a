#!/usr/bin/env bash
# Slurm: a job that may be preempted, and that may be longer than its time limit. 60 s before its end Slurm sends
# SIGTERM to this script; fathom launch then writes a checkpoint and ends, the job goes back into the queue, and its next
# start goes on from there: the same model, bit for bit, as one run without a break.
#
#   CONFIG=my.toml sbatch -N 8 --ntasks-per-node=4 configs/cluster/slurm_preempt.sh output.dir=/shared/run
#
# FATHOM: the program, at the same place on all hosts. CONFIG: what to train. Arguments are settings.
#SBATCH --job-name=fathom --output=fathom-%j.log --open-mode=append
#SBATCH --nodes=2 --ntasks-per-node=2 --time=01:00:00
#SBATCH --signal=B:TERM@60 --requeue
set -euo pipefail

# Checkpoints on the way are for what comes without a signal: a host that fails, a preemption without grace.
"${FATHOM:-build/release/fathom}" launch -n "$SLURM_NTASKS" -- \
  train "${CONFIG:-configs/scale.toml}" checkpoint.every_steps=1000 resume=auto "$@" &
launch=$!

# Slurm does not requeue a job that ends by itself, so the script asks for it. A job that scancel ends gets SIGTERM too;
# it is no longer RUNNING then, and is not requeued.
stop() {
  trap '' TERM
  kill -TERM "$launch" || true
  local code=0
  wait "$launch" || code=$?
  if [ "$code" -eq 143 ] && [ "$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%T)" = RUNNING ]; then
    scontrol requeue "$SLURM_JOB_ID"
  fi
  exit "$code"
}
trap stop TERM
wait "$launch"
