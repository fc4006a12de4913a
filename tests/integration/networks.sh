#!/usr/bin/env bash
# Two hosts (hosts.sh) as clusters have them: bridges of containers first, interfaces and hosts of any name, IPv6 alone,
# networks with a way between; and firewalls, of which it is said whose ports they block.
source "$(dirname "$0")/mpi.sh"
source "$(dirname "$0")/hosts.sh"

# Hosts share no memory: Open MPI takes hosts of one name for one, and would find the other's there.
own_memory="mount -t tmpfs shm /dev/shm"
trap remove_hosts EXIT
make_hosts || { echo "skipped: $why_not"; exit 77; }
enter_hosts "--uts --mount" "hostname node; $own_memory" "hostname node; $own_memory"

generated_config 20000
train=("$fathom" train "$scratch/config.toml" data.packed_dir="$scratch/packed" cluster.timeout_seconds=3)
"${train[@]}" output.dir="$scratch/reference" >/dev/null 2>&1

across() {  # name, setting ...
  out=$scratch/$1
  shift
  on_hosts 2 2 "${train[@]}" output.dir="$out" "$@"
}
must_train() {  # name, words of the log, setting ...
  local words=$2 log=$scratch/$1.log
  across "$1" "${@:3}" >"$log" 2>&1 || { cat "$log" >&2; fail "$out does not train"; }
  grep -qF -- "$words" "$log" || { cat "$log" >&2; fail "\"$words\" was not said"; }
  "$fathom" compare "$scratch/reference" "$out" || fail "$out: the models differ"
}
addresses() {  # address on the first, address on the second, option
  ip -n "$one" addr flush dev "$cable_one" scope global
  ip -n "$two" addr flush dev "$cable_two" scope global
  ip -n "$one" addr add "$1" dev "$cable_one" ${3:-}
  ip -n "$two" addr add "$2" dev "$cable_two" ${3:-}
}

# Both hosts are called node, their interfaces differ, and before these there is a bridge of one address.
for host in "$one" "$two"; do
  ip -n "$host" link add docker0 type bridge
  ip -n "$host" addr add 172.17.0.1/16 dev docker0
  ip -n "$host" link set docker0 up
done
must_train bridges "rank 3 on node (2): "
must_train named "rank 3 on node (2): " cluster.interface=fd00::/8,10.77.0.0/24
must_fail 2 "no network joins all hosts" across docker cluster.interface=docker0

# A firewall that lets Open MPI through, and nothing else.
if command -v iptables >/dev/null && ip netns exec "$one" iptables -L >/dev/null 2>&1; then
  mpi_ports=(--mca btl_tcp_port_min_v4 20000 --mca btl_tcp_port_range_v4 100 --mca oob_tcp_dynamic_ipv4_ports 21000-21100)
  more_of_mpirun="${mpi_ports[*]}"
  for host in "$one" "$two"; do ip netns exec "$host" iptables -A INPUT -p tcp --syn ! -i lo ! --dport 20000:21100 -j DROP; done
  must_fail 5 "has no connection with" across walled
  grep -qE "10\.77\.0\.1[01]:[0-9]+.*firewall.*cluster\.interface" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "the blocked port was not named"; }
  for host in "$one" "$two"; do ip netns exec "$host" iptables -F; done
  more_of_mpirun=
else
  not_tried "a firewall: no iptables"
fi

# Networks of their own, and a way between.
addresses 10.77.1.10/24 10.77.2.10/24
ip -n "$one" route add 10.77.2.0/24 dev "$cable_one"
ip -n "$two" route add 10.77.1.0/24 dev "$cable_two"
first=10.77.1.10 second=10.77.2.10 networks=10.77.1.0/24,10.77.2.0/24
enter_hosts "--uts --mount" "hostname node; $own_memory" "hostname node; $own_memory"
must_train subnets "rank 3 on node (2): "

# IPv6 alone. mpirun knows the hosts by names that only its agent knows.
addresses fd00:77::10/64 fd00:77::11/64 nodad
for host in "$one" "$two"; do ip -n "$host" link del docker0; done
first=here second=there networks=
enter_hosts "--uts --mount" "hostname here; $own_memory" "hostname there; $own_memory"
must_train six "rank 3 on there: " cluster.tls=true cluster.interface=fd00:77::/64
finish "networks of all kinds join two hosts, and a firewall is named"
