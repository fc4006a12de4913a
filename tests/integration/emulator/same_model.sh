# Sourced by the scripts beside it: what the program trains here, and what it or its build for
# another processor trains under qemu, must be the same bytes. They set `other`, the command of that one.
source "$(dirname "$0")/../mpi.sh"

# Emulated arithmetic is slow, but nobody is lost.
patience=(cluster.timeout_seconds=3600)

same_files() {  # what, folder, folder
  diff -rq "$2" "$3" || fail "$1: the files differ"
  echo "$1: $(find "$2" -type f | wc -l) files with $(du -sb "$2" | cut -f 1) bytes are the same"
}

same_log() {  # log, argument ...
  "$fathom" generate "$1" --seed 1 "${@:2}" --out "$scratch/$1" >/dev/null
  "${other[@]}" generate "$1" --seed 1 "${@:2}" --out "$scratch/$1-other" >/dev/null
  same_files "generate $1" "$scratch/$1" "$scratch/$1-other"
}

same_model() {  # name, config, setting ...
  local name=$1 began=$SECONDS
  "$fathom" train "${@:2}" output.dir="$scratch/$name-here" >/dev/null
  "${other[@]}" train "${@:2}" "${patience[@]}" output.dir="$scratch/$name-other" >"$scratch/$name.txt" 2>&1 ||
    { tail -n 20 "$scratch/$name.txt" >&2; fail "$name: it does not train"; }
  "$fathom" compare "$scratch/$name-here" "$scratch/$name-other" || fail "$name: the models differ"
  same_files "$name ($((SECONDS - began)) s)" "$scratch/$name-here/model" "$scratch/$name-other/model"
}
