#!/usr/bin/env bash
# Ranks that do not see rank 0's folder: checkpoints and models lie with rank 0 alone, and have the same bits. First on
# one host by output.shared=no, then two hosts that share neither a network of their own nor a file system:
# network and mount namespaces.
source "$(dirname "$0")/mpi.sh"
source "$(dirname "$0")/hosts.sh"

generated_config 30000
sed -i 's/^epochs = .*/epochs = 40/' "$scratch/config.toml"
"$fathom" train "$scratch/config.toml" output.dir="$scratch/reference" data.packed_dir="$scratch/packed" >/dev/null 2>&1
same() {  # output folder
  "$fathom" compare "$scratch/reference" "$1" || fail "$1: the models differ"
}
no_copies_left() {  # folder
  [ -z "$(find "$1" -maxdepth 1 -name 'fathom-*')" ] || fail "left behind: $(find "$1" -maxdepth 1 -name 'fathom-*')"
}

# One host.
alone=$scratch/alone
train=(train "$scratch/config.toml" data.packed_dir="$scratch/packed" output.dir="$alone" cluster.servers=2 checkpoint.every_steps=100 output.shared=no)
for transport in tcp mpi; do
  rm -rf "$alone"
  ranks 4 "$fathom" "${train[@]}" cluster.transport=$transport >"$scratch/one.log" 2>&1 || { cat "$scratch/one.log" >&2; fail "output.shared=no over $transport"; }
  same "$alone"
done
grep -qF "rank 3 does not see rank 0's output.dir" "$scratch/one.log" || { cat "$scratch/one.log" >&2; fail "nobody said who does not see it"; }
ranks 3 "$fathom" "${train[@]}" cluster.servers=1 resume="$(ls -d "$alone"/checkpoints/step-* | head -n 1)" >"$scratch/resumed.log" 2>&1 || { cat "$scratch/resumed.log" >&2; fail "resumed on three ranks"; }
grep -qF "get a copy of it: 1, 2" "$scratch/resumed.log" || { cat "$scratch/resumed.log" >&2; fail "no copies of the checkpoint"; }
same "$alone"
evaluate=(evaluate "$scratch/config.toml" --model "$alone" data.packed_dir="$scratch/packed" output.dir="$alone")
figures() { grep -E "^[a-z_]+ +[0-9.]+( |$)" "$1"; }
"$fathom" "${evaluate[@]}" >"$scratch/alone.log" 2>&1
ranks 4 "$fathom" "${evaluate[@]}" output.shared=no >"$scratch/together.log" 2>&1
[ "$(figures "$scratch/alone.log" | wc -l)" -eq 8 ] || { cat "$scratch/alone.log" >&2; fail "evaluate printed no figures"; }
diff <(figures "$scratch/alone.log") <(figures "$scratch/together.log") || fail "evaluate by copies of the model says something else"
no_copies_left "$alone"
cp -r "$alone" "$scratch/damaged"
printf '\xff' | dd of="$scratch/damaged/model/rows-40.bin" bs=1 seek=100 conv=notrunc 2>/dev/null
must_fail 4 "$scratch/damaged/model/rows-40.bin: it was altered" ranks 4 "$fathom" evaluate "$scratch/config.toml" --model "$scratch/damaged" data.packed_dir="$scratch/packed" output.dir="$alone" output.shared=no

# A full disk at rank 0: the checkpoint fails, training goes on, and the run ends as asked.
if mkdir "$scratch/small" && mount -t tmpfs -o size=3m none "$scratch/small" 2>/dev/null; then
  trap 'umount -l "$scratch/small" 2>/dev/null || true' EXIT
  ranks 4 "$fathom" "${train[@]}" output.dir="$scratch/small" checkpoint.keep=100 checkpoint.every_steps=10 >"$scratch/full.log" 2>&1 && fail "a full disk went unnoticed"
  grep -qF "no checkpoint of step" "$scratch/full.log" || { cat "$scratch/full.log" >&2; fail "no word of the checkpoint that failed"; }
  grep -qF "checkpoints in a row could not be written" "$scratch/full.log" || { cat "$scratch/full.log" >&2; fail "it did not end for the right reason"; }
  umount -l "$scratch/small"
else
  not_tried "a full disk: no tmpfs may be mounted here"
fi

# Two hosts.
disk=$scratch/disk
tidy() {
  pkill -9 -f -- "output.dir=$disk/run" 2>/dev/null || true
  remove_hosts
  umount -l "$scratch/small" 2>/dev/null || true
}
trap tidy EXIT
if ! make_hosts || ! unshare --mount true 2>/dev/null; then
  not_tried "two hosts: ${why_not:-mount namespaces are not permitted here}"
  finish "what was tried without a shared folder is as with one"
fi

# Each host has its own disk at the same place, with the config and its own copy of the data, not in the same folder.
mkdir "$disk" "$scratch/disk-one" "$scratch/disk-two"
cp -r "$scratch/data" "$scratch/disk-one/data"
cp -r "$scratch/data" "$scratch/disk-two/ratings"
sed "s|^dir = .*|dir = \"$disk/data\"|" "$scratch/config.toml" >"$scratch/disk-one/config.toml"
sed "s|^dir = .*|dir = \"$disk/ratings\"|" "$scratch/config.toml" >"$scratch/disk-two/config.toml"
enter_hosts "--uts --mount" "hostname $one; mount --bind $scratch/disk-one $disk" "hostname \$(cat $scratch/name-two); mount --bind $scratch/disk-two $disk"
echo "$two" >"$scratch/name-two"

across() {  # ranks on the first, ranks on the second, log, arguments of fathom ...
  local log=$3
  on_hosts "$1" "$2" "$fathom" "${@:4}" >"$log" 2>&1
}
shared=(train "$disk/config.toml" output.dir="$disk/run" cluster.servers=2 checkpoint.every_steps=100 cluster.timeout_seconds=5)

across 2 2 "$scratch/yes.log" "${shared[@]}" output.shared=yes && fail "output.shared=yes went through without a shared folder"
grep -qE "output.shared = \"yes\", but rank [23] on $two does not see $disk/run" "$scratch/yes.log" || { cat "$scratch/yes.log" >&2; fail "output.shared=yes: not said who"; }

# Killed: the server on the second host, when there is a checkpoint.
across 2 2 "$scratch/killed.log" "${shared[@]}" output.progress_seconds=1 &
job=$!
await 60 "$scratch/killed.log" "checkpoint of step"
server=$(sed -n "s/.*rank \([23]\) on $two: server.*/\1/p" "$scratch/killed.log" | head -n 1)
kill -9 "$(rank_pid "$disk/run" "$server")" || fail "no server on the second host"
wait "$job" && fail "a killed server went unnoticed"
[ -e "$scratch/disk-two/run/logs" ] || fail "the second host has no log"
[ ! -e "$scratch/disk-two/run/checkpoints" ] || fail "the second host wrote checkpoints of its own"
across 1 2 "$scratch/on.log" "${shared[@]}" cluster.servers=1 resume=auto || { cat "$scratch/on.log" >&2; fail "it did not go on, on three ranks"; }
grep -qF "going on from step" "$scratch/on.log" || { cat "$scratch/on.log" >&2; fail "it began anew"; }
grep -qF "its log: $two:$disk/run/logs/rank-2.log" "$scratch/on.log" || { cat "$scratch/on.log" >&2; fail "the place of a log was not said"; }
same "$scratch/disk-one/run"
# And hosts of one name, which Open MPI's shared memory would take for one.
export OMPI_MCA_btl=tcp,self
echo "$one" >"$scratch/name-two"
across 2 2 "$scratch/evaluate.log" evaluate "$disk/config.toml" --model "$disk/run" output.dir="$disk/run" || { cat "$scratch/evaluate.log" >&2; fail "evaluate across hosts"; }
diff <(figures "$scratch/alone.log") <(figures "$scratch/evaluate.log") || fail "evaluate across hosts says something else"
grep -qF "rank 2 on $one (2): " "$scratch/evaluate.log" || { cat "$scratch/evaluate.log" >&2; fail "two hosts of one name were not told apart"; }
unset OMPI_MCA_btl
echo "$two" >"$scratch/name-two"
no_copies_left "$scratch/disk-two/run"
no_copies_left "$scratch/disk-one/run"

# Other data on the second host.
head -n 20000 "$scratch/data/ratings.csv" >"$scratch/disk-two/ratings/ratings.csv"
across 2 2 "$scratch/other.log" "${shared[@]}" resume=restart && fail "a mixture of data was trained on"
grep -qE "rank 2 on $two has other examples than rank 0" "$scratch/other.log" || { cat "$scratch/other.log" >&2; fail "other data: not said who"; }
finish "nothing is shared, and one model comes out"
