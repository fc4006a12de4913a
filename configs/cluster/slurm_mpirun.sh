#!/usr/bin/env bash
# Slurm: mpirun inside the batch job. It asks Slurm for hosts and slots, so there is no hostfile.
#
#   sbatch configs/cluster/slurm_mpirun.sh                                        configs/scale.toml on 2 hosts x 2 ranks
#   CONFIG=my.toml sbatch -N 8 --ntasks-per-node=4 configs/cluster/slurm_mpirun.sh output.dir=/shared/run
#
# FATHOM: the program, at the same place on all hosts. CONFIG: what to train. Arguments are settings.
#SBATCH --job-name=fathom --output=fathom-%j.log
#SBATCH --nodes=2 --ntasks-per-node=2 --time=01:00:00
set -euo pipefail

exec mpirun --bind-to none "${FATHOM:-build/release/fathom}" train "${CONFIG:-configs/scale.toml}" "$@"
