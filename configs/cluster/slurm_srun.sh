#!/usr/bin/env bash
# Slurm: srun starts the ranks itself. Needs Slurm's PMIx plugin (`srun --mpi=list` shows pmix); without --mpi=pmix each
# task is alone, and fathom refuses it.
#
#   sbatch configs/cluster/slurm_srun.sh                                          configs/scale.toml on 2 hosts x 2 ranks
#   CONFIG=my.toml sbatch -N 8 --ntasks-per-node=4 configs/cluster/slurm_srun.sh output.dir=/shared/run
#
# FATHOM: the program, at the same place on all hosts. CONFIG: what to train. Arguments are settings.
#SBATCH --job-name=fathom --output=fathom-%j.log
#SBATCH --nodes=2 --ntasks-per-node=2 --time=01:00:00
set -euo pipefail

# srun does not take --cpus-per-task over from the job by itself.
exec srun --mpi=pmix --cpu-bind=none --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
  "${FATHOM:-build/release/fathom}" train "${CONFIG:-configs/scale.toml}" "$@"
