#!/usr/bin/env bash
# Connections of a real run are reset at random moments, by the kernel (ss -K) or by a firewall's rule that
# refuses for a moment. The run goes on, to the model of a run that was left alone.
#   reset.sh FATHOM SCRATCH [RESETS [SEED]]
resets=${3:-5}
RANDOM=${4:-2028}
# A network of its own: its rules are gone with it.
if [ -z "${FATHOM_RESET_INSIDE-}" ]; then
  unshare --net true 2>/dev/null || { echo "skipped: network namespaces are not permitted here"; exit 77; }
  FATHOM_RESET_INSIDE=1 exec unshare --net "$0" "$@"
fi
source "$(dirname "$0")/mpi.sh"
ip link set lo up || { echo "skipped: no ip (iproute2)"; exit 77; }

ways=()
ss -K -tnH src 127.0.0.2 >/dev/null 2>&1 && ways+=(kill)
iptables -L >/dev/null 2>&1 && ways+=(reject)
[ ${#ways[@]} -gt 0 ] || { echo "skipped: neither ss -K nor iptables can be used here"; exit 77; }

generated_config 60000
train=("$fathom" train "$scratch/config.toml" data.packed_dir="$scratch/packed" output.progress_seconds=1
  train.epochs=$((80 + 12 * resets)))
"${train[@]}" output.dir="$scratch/reference" >/dev/null 2>&1

# Connections between two ranks of the run: local and remote address, once from each side.
connections() {
  local pids
  pids=$(pgrep -d '|' -f -- "^$fathom train .*output.dir=$out( |\$)")
  ss -tnpH state established | grep -E "pid=($pids)," | awk '{ print $3, $4 }' | sort >"$scratch/sides.txt"
  awk 'NR == FNR { seen[$1 " " $2]; next } ($2 " " $1) in seen' "$scratch/sides.txt" "$scratch/sides.txt"
}

reset_one() {
  local lines local_end peer_end rule way
  mapfile -t lines < <(connections)
  [ ${#lines[@]} -gt 0 ] || return 1
  read -r local_end peer_end <<<"${lines[$((RANDOM % ${#lines[@]}))]}"
  way=${ways[$((RANDOM % ${#ways[@]}))]}
  if [ "$way" = kill ]; then
    ss -K -tnH src "$local_end" dst "$peer_end" >/dev/null
  else
    rule=(INPUT -i lo -p tcp --dport "${peer_end##*:}" -j REJECT --reject-with tcp-reset)
    iptables -I "${rule[@]}"
    sleep "0.$((RANDOM % 3))"
    iptables -D "${rule[@]}"
  fi
}

for tls in false true; do
  out=$scratch/tls-$tls log=$scratch/tls-$tls.log
  ranks 4 "${train[@]}" output.dir="$out" cluster.transport=tcp cluster.tls=$tls >"$log" 2>&1 &
  job=$!
  await 60 "$log" "step "
  # Until so many have been mended: one may hit a connection that is being made anew. Both sides say so.
  mended() { cat "$out"/logs/rank-*.log | grep -c "holds again"; }
  for ((i = 0; i < 2 * resets && (i < resets || $(mended) < 2 * resets); ++i)); do
    sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
    kill -0 "$job" 2>/dev/null || { cat "$log" >&2; fail "the run was over before reset $i"; }
    reset_one || { cat "$log" >&2; fail "there was no connection for reset $i"; }
  done
  code=0
  wait "$job" || code=$?
  [ "$code" -eq 0 ] || { cat "$log" >&2; fail "exit code $code"; }
  [ "$(mended)" -ge $((2 * resets)) ] || { cat "$log" >&2; fail "only $(mended) times a connection held again"; }
  "$fathom" compare "$scratch/reference" "$out" || fail "$out: the models differ"
done
finish "$resets resets, with TLS and without, changed nothing"
