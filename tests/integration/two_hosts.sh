#!/usr/bin/env bash
# Two hosts (hosts.sh), whose cable is unplugged, thin, deaf or lossy.
source "$(dirname "$0")/mpi.sh"
source "$(dirname "$0")/hosts.sh"

tag="data.packed_dir=$scratch/packed"
tidy() {
  pkill -9 -f -- "$tag" 2>/dev/null || true
  remove_hosts
}
trap tidy EXIT
make_hosts || { echo "skipped: $why_not"; exit 77; }
enter_hosts "--uts" "hostname $one" "hostname $two"

generated_config 60000
sed -i 's/^epochs = .*/epochs = 80/' "$scratch/config.toml"
train=("$fathom" train "$scratch/config.toml" "$tag" output.progress_seconds=1)
"${train[@]}" output.dir="$scratch/reference" >/dev/null 2>&1

# Two ranks on each host.
across() {  # name, setting ...
  out=$scratch/$1 log=$scratch/$1.log
  shift
  on_hosts 2 2 "${train[@]}" output.dir="$out" "$@" >"$log" 2>&1 &
  job=$!
}

must_be_training() {  # when
  kill -0 "$job" 2>/dev/null || { cat "$log" >&2; fail "the run was over before $1"; }
}

must_be_identical() {
  local code=0
  wait "$job" || code=$?
  [ "$code" -eq 0 ] || { cat "$log" >&2; fail "exit code $code"; }
  "$fathom" compare "$scratch/reference" "$out" || fail "$out: the models differ"
}

# That the first host's rules have dropped.
dropped_packets() { ip netns exec "$one" iptables -nvxL INPUT | awk '$3 == "DROP" { packets += $1 } END { print packets + 0 }'; }

# All ranks gone; mpirun itself cannot be relied upon when a host is out of reach. Where its own connection
# breaks first, it says so and ends the ranks.
must_end() {  # seconds
  local i
  for ((i = 0; i < $1 * 20; ++i)); do
    pgrep -f -- "^$fathom train .*output.dir=$out" >/dev/null && { sleep 0.05; continue; }
    pkill -9 -f -- "mpirun .*output.dir=$out" || true
    wait "$job" && { cat "$log" >&2; fail "a job without a network ended well"; }
    grep -qE "fathom: .*(lost|nothing came|has sent no)|ORTE was unable" "$log" || { cat "$log" >&2; fail "nobody said who was lost"; }
    return 0
  done
  cat "$log" >&2
  fail "ranks were still there after $1 s: $(pgrep -fa -- "output.dir=$out")"
}

for transport in tcp mpi; do
  across "$transport" cluster.transport=$transport
  await 60 "$log" "rank 3 on $two: "
  must_be_identical
done

# Unplugged for four seconds: nothing is trained meanwhile, then it goes on.
across healed output.progress_seconds=0
await 60 "$log" "step "
ip -n "$one" link set "$cable_one" down
sleep 1  # for the steps that were on their way
steps=$(grep -c "step " "$log")
sleep 3
[ "$(grep -c "step " "$log")" -eq "$steps" ] || { cat "$log" >&2; fail "the hosts trained on without their cable"; }
must_be_training "the cable was back"
ip -n "$one" link set "$cable_one" up
must_be_identical

# A thin cable: slower, not different.
if ip netns exec "$one" tc qdisc add dev "$cable_one" root tbf rate 100mbit burst 64kb latency 50ms 2>/dev/null; then
  across thin
  must_be_identical
  ip netns exec "$one" tc -s qdisc show dev "$cable_one" >"$scratch/thin.txt"
  grep -qE "overlimits [1-9]" "$scratch/thin.txt" || { cat "$scratch/thin.txt" >&2; fail "the cable was never too thin"; }
  ip netns exec "$one" tc qdisc del dev "$cable_one" root
else
  not_tried "a thin cable: no tbf in this kernel"
fi

for transport in tcp mpi; do
  across "cut-$transport" cluster.transport=$transport cluster.timeout_seconds=4
  await 60 "$log" "step "
  ip -n "$one" link set "$cable_one" down
  must_end 20
  ip -n "$one" link set "$cable_one" up
done

if command -v iptables >/dev/null && ip netns exec "$one" iptables -L >/dev/null 2>&1; then
  across reset cluster.timeout_seconds=4
  await 60 "$log" "step "
  ip netns exec "$one" iptables -A INPUT -p tcp -s "$second" -j REJECT --reject-with tcp-reset
  must_end 20
  ip netns exec "$one" iptables -F
  # One way only: what the second host says is not heard.
  across deaf cluster.timeout_seconds=4
  await 60 "$log" "step "
  ip netns exec "$one" iptables -A INPUT -s "$second" -j DROP
  must_end 20
  ip netns exec "$one" iptables -F
  across lossy
  await 60 "$log" "step "
  if ip netns exec "$one" iptables -A INPUT -s "$second" -m statistic --mode random --probability 0.05 -j DROP; then
    for ((i = 0; i < 100 && $(dropped_packets) < 100; ++i)); do sleep 0.1; done
    must_be_training "packets were lost"
    dropped=$(dropped_packets)
    ip netns exec "$one" iptables -F
    [ "$dropped" -ge 100 ] || { cat "$log" >&2; fail "only $dropped packets were lost in 10 s"; }
  else
    not_tried "loss of packets: no statistic in this kernel's iptables"
  fi
  must_be_identical
else
  not_tried "reset connections and loss of packets: no iptables"
fi
finish "two hosts train as one, and part with a word"
