#!/usr/bin/env bash
# Books and census, two epochs: every layout trains the model that one process trains. The layouts:
# servers x workers x ways to join them x the two data sets. Of these 128, 16 hold every pair of two
# such choices; they are what is run without "all".
#
#   tests/integration/parity_matrix.sh FATHOM SCRATCH [all]
source "$(dirname "$0")/mpi.sh"

[ -d "$data_dir/goodbooks" ] && [ -d "$data_dir/adult" ] || { echo "skipped: no real data in $data_dir (FATHOM_DATA)"; exit 77; }
scope=${3:-pairs}

servers=(1 2 3 5)
workers=(1 2 3 4)
ways=(queues embedded-tcp mpirun-tcp mpirun-mpi)
configs=(books census)
data=(goodbooks adult)

# A Latin square: with each number of servers every way to join them occurs once, and with each number
# of workers. The data set changes with the workers, and the other way round for half of the servers.
chosen() {  # indices of servers, workers, way, data set
  [ "$scope" = all ] || { [ $((($1 + $2) % 4)) -eq "$3" ] && [ $((($2 + $1 / 2) % 2)) -eq "$4" ]; }
}

trained() {  # number of servers, number of workers, way, argument of fathom train ...
  local servers=$1 workers=$2 way=$3
  shift 3
  case $way in
    queues) "$fathom" train "$@" cluster.servers="$servers" cluster.workers="$workers" ;;
    embedded-tcp) "$fathom" train "$@" cluster.servers="$servers" cluster.workers="$workers" cluster.transport=tcp ;;
    mpirun-*) ranks $((1 + servers + workers)) "$fathom" train "$@" cluster.servers="$servers" cluster.transport="${way#mpirun-}" ;;
  esac
}

compared=0
for ((d = 0; d < 2; ++d)); do
  name=${configs[d]}
  common=("$source_dir/configs/$name.toml" data.dir="$data_dir/${data[d]}" train.epochs=2 data.packed_dir="$scratch/packed")
  "$fathom" train "${common[@]}" output.dir="$scratch/$name" >/dev/null
  for ((s = 0; s < 4; ++s)); do
    for ((w = 0; w < 4; ++w)); do
      for ((y = 0; y < 4; ++y)); do
        chosen $s $w $y $d || continue
        layout="$name, ${servers[s]} servers, ${workers[w]} workers, ${ways[y]}"
        trained "${servers[s]}" "${workers[w]}" "${ways[y]}" "${common[@]}" output.dir="$scratch/layout" >"$scratch/log.txt" 2>&1 ||
          { cat "$scratch/log.txt" >&2; fail "$layout: the training"; }
        "$fathom" compare "$scratch/$name" "$scratch/layout" || fail "$layout"
        echo "$layout"
        rm -rf "$scratch/layout"
        compared=$((compared + 1))
      done
    done
  done
done
[ "$compared" -eq "$([ "$scope" = all ] && echo 128 || echo 16)" ] || fail "$compared layouts were compared"
echo "$compared layouts are identical"
