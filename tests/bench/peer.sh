# Sourced by end_to_end.sh: whether the PyTorch peer is there, and whether it is at its best.

# The peer needs its programs, a torch to run them and its own form of the data.
find_peer() {
  peer=no
  if [ -z "$peers" ]; then
    echo "no peer: --peers or FATHOM_PEERS names none"
  elif [ ! -f "$peers/torch_wide_deep.py" ] || [ ! -f "$peers/gen_criteo_like.py" ]; then
    echo "no peer: gen_criteo_like.py and torch_wide_deep.py are not in $peers"
  elif ! blas=$("$python" "$bench_dir/peer_blas.py" 2>"$work/peer.log"); then
    echo "no peer: $python has no torch: $(tail -n 1 "$work/peer.log")"
  else
    peer=yes
  fi
}

# Left alone, an OpenBLAS older than the processor takes it for a lesser one; and variables that
# are set for other programs' sake would bind the peer too.
choose_blas_kernels() {
  local name
  for name in $(compgen -e OPENBLAS_ || true); do
    echo "not passed on to the peer: $name=${!name}"
    unset "$name"
  done
  if [ -z "$blas_core" ] && grep -qw avx512f /proc/cpuinfo; then blas_core=SKYLAKEX; fi
  [ -z "$blas_core" ] || export OPENBLAS_CORETYPE=$blas_core
}

warn_of_slow_blas() {
  [ "$peer" = yes ] || return 0
  case $blas in
    reference*) echo "UNFAIR: the peer calls the reference BLAS, many times slower than OpenBLAS; on Debian: apt-get install libopenblas0-pthread" ;;
    unknown*) echo "which BLAS the peer calls was not seen: judge its figures with care" ;;
  esac
}
