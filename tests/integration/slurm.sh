#!/usr/bin/env bash
# Two nodes of Slurm (slurm_nodes.sh) and the batch scripts of configs/cluster: started by mpirun, by srun, and preempted by
# another job and requeued, a run ends in the bits of one process. Tasks that MPI does not join are refused in words.
source "$(dirname "$0")/mpi.sh"
source "$(dirname "$0")/slurm_nodes.sh"
can_have_slurm_nodes || { echo "skipped: $why_not"; exit 77; }
enter_own_namespaces "$0" "$@"
start_slurm_nodes

generated_config 30000
sed -i 's/^epochs = .*/epochs = 120/' "$scratch/config.toml"
export FATHOM=$fathom CONFIG=$scratch/config.toml
settings=(data.packed_dir="$scratch/packed" evaluate.every_steps=1000000 output.progress_seconds=0)
"$fathom" train "$CONFIG" "${settings[@]}" output.dir="$scratch/reference" >/dev/null 2>&1
"$fathom" train "$CONFIG" "${settings[@]}" output.dir="$scratch/short" train.epochs=2 >/dev/null 2>&1

submit() {  # name, script, setting ...: sets $job, $log and $out
  log=$scratch/$1.log out=$scratch/$1
  job=$(sbatch --parsable --output="$log" "$source_dir/configs/cluster/$2.sh" "${settings[@]}" output.dir="$out" "${@:3}")
}

must_be_on_both_nodes() {
  local rank
  for rank in "rank 1 on n0: " "rank 2 on n1: "; do
    grep -qF "$rank" "$log" || { cat "$log" >&2; fail "\"$rank\" was not said"; }
  done
}

for script in slurm_mpirun slurm_srun; do
  submit "$script" "$script" train.epochs=2
  job_must_end "$job" COMPLETED "$log"
  must_be_on_both_nodes
  "$fathom" compare "$scratch/short" "$out" || fail "$script: the models differ"
done

# Preempted: its only checkpoint is the one that it writes when Slurm takes its nodes away.
submit preempted slurm_preempt checkpoint.every_steps=1000000
await 60 "$log" "step "
urgent=$(sbatch --parsable --output="$scratch/urgent.log" --partition=urgent --nodes=2 --ntasks-per-node=2 --wrap "hostname")
await 60 "$log" "stopped after step"
job_must_end "$urgent" COMPLETED "$scratch/urgent.log"
[ "$(job_says "$job" Restarts)" = 1 ] || fail "the preempted job was started $(job_says "$job" Restarts) times again"
job_must_end "$job" COMPLETED "$log"
stopped=$(sed -n 's/^stopped after step \([0-9]*\);.*/\1/p' "$log")
grep -qF "going on from step $stopped: " "$log" || { cat "$log" >&2; fail "it did not go on from step $stopped"; }
"$fathom" compare "$scratch/reference" "$out" || fail "the models differ after a preemption"

# A job that its user cancels does not come back.
submit cancelled slurm_preempt
await 60 "$log" "step "
scancel "$job"
job_must_end "$job" CANCELLED "$log"
nobody_left "$out"

# srun without an MPI that joins its tasks.
must_fail 2 "srun --mpi=pmix" srun --nodes=2 --ntasks=4 "$fathom" train "$CONFIG" "${settings[@]}" output.dir="$scratch/lonely"
grep -qF "srun has started 4 tasks" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "the tasks were not counted"; }
[ ! -e "$scratch/lonely" ] || fail "a lonely task has begun to work"
must_fail 1 "srun --mpi=pmix" srun --mpi=pmi2 --nodes=2 --ntasks=4 "$fathom" train "$CONFIG" output.dir="$scratch/lonely"
# One process in a job of two hosts is told of the other.
srun --nodes=2 --ntasks=2 sh -c '[ "$SLURM_PROCID" -ne 0 ] || env -u SLURM_STEP_NUM_TASKS "$@"' sh \
  "$fathom" train "$CONFIG" "${settings[@]}" output.dir="$scratch/alone" train.epochs=1 >"$scratch/alone.log"
grep -qF "Slurm has given this job 2 hosts (SLURM_STEP_NUM_NODES), and this run uses 1 of them" "$scratch/alone.log" ||
  { cat "$scratch/alone.log" >&2; fail "nothing was said of the idle host"; }
finish "under Slurm a run ends in the same bits, preempted or not"
