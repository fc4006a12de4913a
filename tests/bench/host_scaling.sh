#!/usr/bin/env bash
# How examples/s grow with servers, workers and hosts, beside what `fathom plan` says: over two cores of one
# host, and over hosts that are network namespaces, each on a switch by a cable of limited bandwidth.
# Not a test: it takes half an hour or less, root, and a quiet machine.
#
#   tests/bench/host_scaling.sh [--fathom build/release/fathom] [--rounds 3] [--examples 300000] [--only REGEX] [--set KEY=VALUE]...
#
# Host h runs on core h modulo 2 and no other, so two hosts are two machines of one core. Four share the two
# cores; `fathom plan` takes them to have one each, and their rows bear a star.
set -euo pipefail
cd "$(dirname "$0")/../.."
fathom=build/release/fathom rounds=3 examples=300000 only=. settings=()
while [ $# -gt 0 ]; do
  case $1 in
    --fathom) fathom=$2; shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    --examples) examples=$2; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --set) settings+=("$2"); shift 2 ;;
    *) echo "usage: host_scaling.sh [--fathom FATHOM] [--rounds N] [--examples N] [--only REGEX] [--set KEY=VALUE]..." >&2; exit 2 ;;
  esac
done
fathom=$(realpath "$fathom")
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

most_hosts=4
longest_run_seconds=300
host=fathom$$h
switch=fathom$$switch
subnet=10.78.0
scratch=$(mktemp -d)
job=

tidy() {
  local name
  [ -z "$job" ] || kill "$job" 2>/dev/null || true
  for name in "$switch" "$host"{0..3}; do
    ip netns pids "$name" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "$name" 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ip netns add "$switch"
ip -n "$switch" link add bridge type bridge
ip -n "$switch" link set bridge up
for ((i = 0; i < most_hosts; ++i)); do
  ip netns add "$host$i"
  ip -n "$host$i" link add cable type veth peer name "to$i" netns "$switch"
  ip -n "$host$i" addr add "$subnet.1$i/24" dev cable
  ip -n "$host$i" link set cable up
  ip -n "$host$i" link set lo up
  ip -n "$switch" link set "to$i" master bridge up
done

# Runs a command on a host, as ssh would.
cat >"$scratch/agent" <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
i=\${1#$subnet.1}
shift
exec ip netns exec $host\$i taskset -c "\${HOST_CORES:-\$((i % 2))}" unshare --uts sh -c "hostname host\$i; \$*"
END
chmod +x "$scratch/agent"

# Of every host, each way. Small buckets: a step's messages shall feel the rate; no packet is dropped.
set_network() {  # 200Mbps, 1Gbps, unlimited
  local i place
  for ((i = 0; i < most_hosts; ++i)); do
    for place in "-n $host$i qdisc replace dev cable" "-n $switch qdisc replace dev to$i"; do
      if [ "$1" = unlimited ]; then
        tc ${place/replace/del} root 2>/dev/null || true
      else
        tc $place root tbf rate "${1/bps/bit}" burst 32kb limit 8mb
      fi
    done
  done
}

# Mbit/s of one connection's bytes from host 0 to host 1.
cat >"$scratch/stream.py" <<'END'
import socket, sys, time
if sys.argv[1] == "listen":
    with socket.create_server(("", 7000)) as server:
        peer, _ = server.accept()
        while peer.recv(1 << 20):
            pass
        peer.sendall(b"x")
else:
    for _ in range(100):
        try:
            peer = socket.create_connection((sys.argv[1], 7000))
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    start, sent, block = time.monotonic(), 0, bytes(1 << 16)
    while time.monotonic() - start < 2:
        peer.sendall(block)
        sent += len(block)
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)
    print(f"{8e-6 * sent / (time.monotonic() - start):.0f}")
END
carried() {
  ip netns exec "${host}1" timeout 30 python3 "$scratch/stream.py" listen &
  ip netns exec "${host}0" timeout 30 python3 "$scratch/stream.py" "$subnet.11"
  wait $!
}

title=() network=() hosts=() cores=() ranks=() case_settings=()
add() {  # title, network, hosts, cores of a host, ranks, setting ...
  [[ "$1 | $2" =~ $only ]] || return 0
  title+=("$1") network+=("$2") hosts+=("$3") cores+=("$4") ranks+=("$5")
  shift 5
  case_settings+=("$(printf '%s\n' generated.examples="$examples" generated.test_examples=0 "${settings[@]}" "$@")")
}

in_order() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }  # the median
metric() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$scratch/last" "$1"; }
busy_seconds() { awk -v ticks="$(getconf CLK_TCK)" '$1 == "cpu" { print ($2 + $3 + $4 + $7 + $8 + $9) / ticks }' /proc/stat; }

plan() {  # case
  local c=$1 speed=${network[$1]} set
  mapfile -t set <<<"${case_settings[c]}"
  case $speed in -) speed=25Gbps ;; unlimited) speed=100Gbps ;; esac
  "$fathom" plan configs/scale.toml --hosts "${hosts[c]}" --cores "${cores[c]}" --ranks "${ranks[c]}" --network "$speed" "${set[@]}" >"$scratch/plan.$c"
}

# The ranks lie on the hosts in order, as evenly as they go: as `fathom plan` takes them to lie.
train() {  # case
  local c=$1 line=() slots=() rank set code=0
  mapfile -t set <<<"${case_settings[c]}"
  if [ "${ranks[c]}" -gt 1 ]; then
    for ((rank = 0; rank < ranks[c]; ++rank)); do slots[rank * hosts[c] / ranks[c]]+=x; done
    for rank in "${!slots[@]}"; do slots[rank]=$subnet.1$rank:${#slots[rank]}; done
    line=(mpirun --bind-to none --host "$(IFS=,; echo "${slots[*]}")" -np "${ranks[c]}" --mca plm_rsh_agent "$scratch/agent"
      --mca btl_tcp_if_include "$subnet.0/24" --mca oob_tcp_if_include "$subnet.0/24")
  fi
  line+=("$fathom" train "$PWD/configs/scale.toml" "${set[@]}" output.dir="$scratch/out" output.progress_seconds=1000)
  [ "${network[c]}" = - ] || set_network "${network[c]}"
  if [ "${hosts[c]}" -eq 1 ] && [ "${cores[c]}" -eq 2 ]; then export HOST_CORES=0,1; else unset HOST_CORES; fi
  # In the background, so that a signal is heard at once.
  timeout "$longest_run_seconds" "$scratch/agent" "$subnet.10" "$(printf '%q ' "${line[@]}")" >"$scratch/log" 2>&1 &
  job=$!
  wait "$job" || code=$?
  job=
  [ "$code" -eq 0 ] || { tail -n 20 "$scratch/log" >&2; echo "exit code $code: ${line[*]}" >&2; exit 1; }
  tail -n 1 "$scratch/out/metrics.jsonl" >"$scratch/last"
  rm -rf "$scratch/out"
}

# S: a server, W: a worker; / parts hosts. Strong scaling: the same batch, more that compute. Weak: the batch grows with them.
add "1 host of 1 core: one process, S W" - 1 1 1
add "1 host: one process, S W" - 1 2 1
add "1 host: one process, S W, 2 threads" - 1 2 1 cluster.threads=2
add "1 host: one process, S S W W" - 1 2 1 cluster.servers=2 cluster.workers=2
add "1 host: ranks, S W" - 1 2 3
add "1 host: ranks, S S W W" - 1 2 5 cluster.servers=2
add "1 host: one process, S W, 2 threads, batch doubled" - 1 2 1 cluster.threads=2 train.batch_size=4096
add "1 host: ranks, S S W W, batch doubled" - 1 2 5 cluster.servers=2 train.batch_size=4096
for net in unlimited 1Gbps 200Mbps; do
  add "2 hosts: S / W" $net 2 1 2
  add "2 hosts: S / W W" $net 2 1 4
  add "2 hosts: S W / S W" $net 2 1 5 cluster.servers=2
  add "2 hosts: S W / S W, batch doubled" $net 2 1 5 cluster.servers=2 train.batch_size=4096
  add "2 hosts: S W / S W, rows in bfloat16" $net 2 1 5 cluster.servers=2 train.row_format=bfloat16
  add "2 hosts: S W / S W, dimension 64" $net 2 1 5 cluster.servers=2 model.embedding_dim=64 generated.examples=$((examples / 4))
  add "4 hosts*: S / S / W / W" $net 4 1 5 cluster.servers=2
done
add "2 hosts: S / W W, async" 200Mbps 2 1 4 train.consistency=async

[ ${#title[@]} -gt 0 ] || { echo "--only $only leaves nothing" >&2; exit 2; }
for net in 1Gbps 200Mbps unlimited; do
  set_network $net
  echo "$net: one connection carries $(carried) Mbit/s" >&2
done
"$fathom" plan configs/scale.toml >/dev/null  # calibrates, where that was not done
for c in "${!title[@]}"; do plan "$c"; done
for ((round = 1; round <= rounds; ++round)); do
  for c in "${!title[@]}"; do
    busy=$(busy_seconds) from=$EPOCHREALTIME
    train "$c"
    metric examples_per_second >>"$scratch/speed.$c"
    echo "$(metric bytes_per_example_sent) $(metric bytes_per_example_received)" | awk '{ print $1 + $2 }' >>"$scratch/bytes.$c"
    echo "round $round: ${title[c]}, ${network[c]}: $(metric examples_per_second | cut -d. -f1) examples/s in $(metric seconds | cut -c1-4) s," \
      "cores busy: $(awk -v a="$busy" -v b="$(busy_seconds)" -v s="$from" -v e="$EPOCHREALTIME" 'BEGIN { printf "%.2f", (b - a) / (e - s) }'), by fathom: $(metric cpu_cores_used | cut -c1-4)" >&2
  done
done

echo "| layout | network | predicted examples/s | measured | off | bytes an example | bound by |"
echo "|---|---|---|---|---|---|---|"
for c in "${!title[@]}"; do
  predicted=$(sed -n 's/^time *\([0-9]*\) examples.*/\1/p' "$scratch/plan.$c")
  measured=$(in_order <"$scratch/speed.$c")
  awk -v title="${title[c]}" -v net="${network[c]}" -v p="$predicted" -v m="$measured" -v b="$(in_order <"$scratch/bytes.$c")" \
    -v bound="$(sed -n 's/^bound by *//p' "$scratch/plan.$c")" 'function commas(x, s, out) {
      for (s = sprintf("%.0f", x); length(s) > 3; s = substr(s, 1, length(s) - 3)) out = "," substr(s, length(s) - 2) out
      return s out
    }
    BEGIN { printf "| %s | %s | %s | %s | %+.0f %% | %.0f | %s |\n", title, net, commas(p), commas(m), 100 * (p / m - 1), b, bound }'
done
