# Sourced after mpi.sh by a script that needs Slurm: its controller and two nodes, n0 and n1, on this machine. Each node
# has a network and a host name of its own; the controller runs beside n0.
#
# All of it lives in namespaces of the script's own: its network, so that no port is taken; its /run and /dev/shm, so that
# no other Slurm, munge or MPI job is met; its processes, which the kernel ends with the script, however that ends.

slurm_dir=/run/slurm
node_addresses=(10.77.0.10 10.77.0.11)

# False where this machine cannot have such nodes; $why_not says why.
can_have_slurm_nodes() {
  local program
  for program in munged slurmctld slurmd sbatch srun; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null ||
      { why_not="no $program: apt-get install --no-install-recommends slurm-wlm munge"; return 1; }
  done
  command -v ip >/dev/null || { why_not="no ip (iproute2)"; return 1; }
  [ "$(id -u)" -eq 0 ] || { why_not="Slurm's daemons need root"; return 1; }
  unshare --pid --mount --net --uts --fork --mount-proc true 2>/dev/null || { why_not="namespaces are not permitted here"; return 1; }
}

# Starts the script again in namespaces of its own; returns there.
enter_own_namespaces() {  # the script and its arguments
  [ -z "${FATHOM_OWN_NAMESPACES:-}" ] || return 0
  FATHOM_OWN_NAMESPACES=yes exec unshare --pid --mount --net --uts --fork --kill-child --mount-proc "$@"
}

make_slurm_conf() {
  cat <<CONF
ClusterName=fathom
SlurmctldHost=n0(${node_addresses[0]})
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm_dir/munge,cred_expire=5
StateSaveLocation=$slurm_dir/state
SlurmdSpoolDir=$slurm_dir/%n
TmpFS=$slurm_dir/%n
SlurmctldPidFile=$slurm_dir/slurmctld.pid
SlurmdPidFile=$slurm_dir/%n.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SlurmctldParameters=preempt_send_user_signal
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=5
NodeName=n0 NodeHostname=n0 NodeAddr=${node_addresses[0]} CPUs=2 RealMemory=500
NodeName=n1 NodeHostname=n1 NodeAddr=${node_addresses[1]} CPUs=2 RealMemory=500
PartitionName=normal Nodes=n0,n1 Default=YES PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=n0,n1 PriorityTier=2
CONF
}

start_slurm_nodes() {
  PATH=$PATH:/usr/sbin
  mount -t tmpfs none /run
  mount -t tmpfs none /dev/shm
  mkdir -p "$slurm_dir"/{n0,n1,state,tmp}
  export SLURM_CONF=$slurm_dir/slurm.conf TMPDIR=$slurm_dir/tmp
  make_slurm_conf >"$SLURM_CONF"
  hostname n0
  ip link set lo up
  ip netns add n1
  ip link add cable0 type veth peer name cable1 netns n1
  ip addr add "${node_addresses[0]}/24" dev cable0
  ip link set cable0 up
  ip -n n1 link set lo up
  ip -n n1 addr add "${node_addresses[1]}/24" dev cable1
  ip -n n1 link set cable1 up

  head -c 128 /dev/urandom >"$slurm_dir/key"
  chmod 400 "$slurm_dir/key"
  munged --force --socket="$slurm_dir/munge" --key-file="$slurm_dir/key" --pid-file="$slurm_dir/munge.pid" \
    --log-file="$scratch/munged.log" --seed-file="$slurm_dir/seed" 2>>"$scratch/munged.log"
  slurmctld
  slurmd
  nsenter --net=/run/netns/n1 unshare --uts sh -c "hostname n1; exec slurmd"
  local i
  for ((i = 0; i < 300; ++i)); do
    [ "$(sinfo --noheader --partition=normal --states=idle --format=%D 2>/dev/null)" != 2 ] || return 0
    sleep 0.1
  done
  tail -n 20 "$scratch"/{slurmctld,slurmd-n0,slurmd-n1,munged}.log >&2 || true
  fail "Slurm's nodes were not idle within 30 s: $(sinfo 2>&1)"
}

# A member of what Slurm says of a job.
job_says() {  # job, member
  scontrol --oneliner show job "$1" | grep -oE "(^| )$2=[^ ]*" | head -n 1 | cut -d= -f2-
}

# Waits until a job is over; its end must be this.
job_must_end() {  # job, state, log
  local i state=
  for ((i = 0; i < 900; ++i)); do
    state=$(job_says "$1" JobState)
    case $state in PENDING | CONFIGURING | RUNNING | COMPLETING | REQUEUED | PREEMPTED) sleep 0.1 ;; *) break ;; esac
  done
  [ "$state" = "$2" ] || { cat "$3" >&2; squeue >&2; fail "job $1 is $state instead of $2"; }
}
