#!/usr/bin/env bash
# Kills at random moments (kill_matrix.py): every run ends in time and, resumed, in the same bits.
#
#   tests/integration/kill_matrix.sh FATHOM SCRATCH [KILLS [SEED]]
source "$(dirname "$0")/mpi.sh"

command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
generated_config 60000
sed -i 's/^epochs = .*/epochs = 40/' "$scratch/config.toml"
python3 "$source_dir/tests/integration/kill_matrix.py" "$fathom" "$scratch" "$scratch/config.toml" "${3:-20}" ${4:+"$4"}
