# Sourced after mpi.sh by scripts that need two hosts on one machine: network namespaces joined by a cable (veth), each
# with a name of its own. mpirun reaches the second by an agent that enters its namespace.

one=fathom$$a two=fathom$$b
first=10.77.0.10 second=10.77.0.11
cable_one=v$$a cable_two=v$$b
networks=10.77.0.0/24  # that Open MPI is told; empty: none
more_of_mpirun=        # options

# False where this machine has no such hosts; $why_not says why.
make_hosts() {
  command -v ip >/dev/null || { why_not="no ip (iproute2)"; return 1; }
  ip netns add "$one" 2>/dev/null || { why_not="network namespaces are not permitted here"; return 1; }
  ip netns add "$two"
  ip link add "$cable_one" type veth peer name "$cable_two" 2>/dev/null || { why_not="no veth in this kernel"; return 1; }
  ip link set "$cable_one" netns "$one"
  ip link set "$cable_two" netns "$two"
  ip netns exec "$one" sh -c "ip addr add $first/24 dev $cable_one; ip link set $cable_one up; ip link set lo up"
  ip netns exec "$two" sh -c "ip addr add $second/24 dev $cable_two; ip link set $cable_two up; ip link set lo up"
}

remove_hosts() {
  ip netns del "$one" 2>/dev/null || true
  ip netns del "$two" 2>/dev/null || true
}

# Each host is entered through a command of its own, which has namespaces of these kinds.
enter_hosts() {  # kinds of namespaces, shell commands on the first, shell commands on the second
  spaces=$1 on_first=$2
  cat >"$scratch/agent" <<EOF
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
case \$1 in $second) shift ;; *) echo "agent: unknown host \$1" >&2; exit 255 ;; esac
exec ip netns exec $two unshare $1 sh -c "$3; \$*"
EOF
  chmod +x "$scratch/agent"
}

# mpirun on the first host.
on_hosts() {  # ranks on the first, ranks on the second, command ...
  local hosts=$first:$1,$second:$2 number=$(($1 + $2)) options=$more_of_mpirun
  shift 2
  [ -z "$networks" ] || options+=" --mca btl_tcp_if_include $networks --mca oob_tcp_if_include $networks"
  # shellcheck disable=SC2086
  ip netns exec "$one" unshare $spaces sh -c "$on_first; exec timeout 100 mpirun --host $hosts -np $number --bind-to none \
    --mca plm_rsh_agent $scratch/agent $options $*"
}
