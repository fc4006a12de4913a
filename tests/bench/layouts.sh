# Sourced by end_to_end.sh: the layouts that it measures, and how one run is measured.

# The same columns, all wide, and no layers.
wide_only=('model.hidden=[]' wide.alpha=0.1 wide.beta=1)
for column in I{1..13} C{1..26}; do wide_only+=("column.$column.use=wide"); done

# Seconds that all processors together have been busy.
busy_seconds() { awk -v ticks="$(getconf CLK_TCK)" '$1 == "cpu" { print ($2 + $3 + $4 + $7 + $8 + $9) / ticks }' /proc/stat; }

# Runs a command and adds a line to runs.tsv: what it was, its times, where its result lies (JSON).
measure() {  # kind, name, title, cores, cores its matrix products can use, command ...
  local kind=$1 name=$2 title=$3 own_cores=$4 product_cores=$5
  shift 5
  local run=$work/runs/$name.$round TIMEFORMAT='%R %U %S'
  local busy
  busy=$(busy_seconds)
  { time timeout --foreground "$longest_run_seconds" "$@" >"$run.log" 2>&1; } 2>"$run.time" ||
    { tail -n 20 "$run.log" >&2; fail "$name: see $run.log"; }
  local wall user system others
  read -r wall user system < <(tail -n 1 "$run.time")
  others=$(awk -v before="$busy" -v after="$(busy_seconds)" -v own="$user $system" -v wall="$wall" \
    'BEGIN { split(own, o, " "); x = (after - before - o[1] - o[2]) / wall; printf "%.2f", (x > 0 ? x : 0) }')
  case $kind in
    matrix) mv "$work/matrix.json" "$run.json" ;;
    torch) tail -n 1 "$run.log" >"$run.json" ;;
    *) tail -n 1 "$work/runs/out/metrics.jsonl" >"$run.json"; rm -rf "$work/runs/out" ;;
  esac
  printf '%s\t' "$round" "$kind" "$name" "$title" "$own_cores" "$product_cores" "$wall" "$user" "$system" "$others" >>"$work/runs.tsv"
  printf '%s\n' "$run.json" >>"$work/runs.tsv"
  echo "round $round of $rounds: $name, $wall s$(sed -n 's/.*"examples_per_s[a-z]*": *\([0-9]*\).*/, \1 examples\/s/p' "$run.json"), others used $others cores"
}

wanted() { [[ $1 =~ $only ]]; }

fathom_run() {  # kind, name, title, cores, product cores, launcher, setting ...
  wanted "$2" || return 0
  local head=("${@:1:5}") launcher
  read -ra launcher <<<"$6"
  shift 6
  measure "${head[@]}" "${launcher[@]}" "$fathom" train "$source_dir/configs/criteo.toml" data.dir="$data" \
    data.packed_dir="$work/packed" output.dir="$work/runs/out" "$@"
}

torch_run() {  # name, title, cores, core list
  if [ "$peer" = no ] || ! wanted "$1"; then return 0; fi
  measure torch "$1" "$2" "$3" "$3" taskset -c "$4" "$python" "$peers/torch_wide_deep.py" --data "$data" \
    --batch 2048 --lr 0.05 --threads 1 --blas-threads "$3"
}

matrix_run() {
  [ -x "$matrix_bench" ] || return 0
  measure matrix matrix "products of the layers" 1 1 taskset -c "$one_core" "$matrix_bench" \
    --benchmark_out="$work/matrix.json" --benchmark_min_time=0.3
}

# Those that the tables compare stand side by side, as a machine's speed drifts.
run_round() {
  local one="taskset -c $one_core" two="taskset -c $two_cores"
  local mpi="$two mpirun --oversubscribe --bind-to none"
  matrix_run
  fathom_run wide_deep fathom-1-core "one process, one core" 1 1 "$one" cluster.threads=1
  torch_run torch-1-core "PyTorch, one core" 1 "$one_core"
  fathom_run wide_deep fathom-2-threads "one process, two threads" "$cores" "$cores" "$two" cluster.threads=2
  torch_run torch-2-cores "PyTorch, two BLAS threads" "$cores" "$two_cores"
  fathom_run wide_deep fathom-2-threads-tcp "the same, roles joined by TCP" "$cores" "$cores" "$two" cluster.threads=2 cluster.transport=tcp
  fathom_run wide_deep fathom-2-servers "one process, two servers, two workers" "$cores" "$cores" "$two" cluster.servers=2 cluster.workers=2
  fathom_run wide_deep fathom-mpirun-3-tcp "mpirun -np 3, two threads, TCP" "$cores" "$cores" "$mpi -np 3" cluster.threads=2
  fathom_run wide_deep fathom-mpirun-3-mpi "mpirun -np 3, two threads, MPI" "$cores" "$cores" "$mpi -np 3" cluster.threads=2 cluster.transport=mpi
  fathom_run wide_deep fathom-mpirun-3 "mpirun -np 3, TCP" "$cores" 1 "$mpi -np 3"
  fathom_run wide_deep fathom-mpirun-8 "mpirun -np 8, TCP" "$cores" "$cores" "$mpi -np 8"
  fathom_run bfloat16 fathom-bfloat16 "rows in bfloat16, two threads" "$cores" "$cores" "$two" cluster.threads=2 train.row_format=bfloat16
  fathom_run async fathom-async "async, two workers" "$cores" "$cores" "$two" cluster.workers=2 train.consistency=async
  fathom_run bounded fathom-bounded "bounded by 1, two workers" "$cores" "$cores" "$two" cluster.workers=2 train.consistency=bounded train.staleness=1
  fathom_run one_slice fathom-one-slice "a batch one slice: no tree, one thread" 1 1 "$one" cluster.threads=1 train.slice_size=2048
  fathom_run wide fathom-wide-1-core "wide only, one process, one core" 1 0 "$one" cluster.threads=1 "${wide_only[@]}"
  fathom_run wide fathom-wide-2-threads "wide only, one process, two threads" "$cores" 0 "$two" cluster.threads=2 "${wide_only[@]}"
}
