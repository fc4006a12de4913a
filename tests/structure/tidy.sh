#!/usr/bin/env bash
# clang-tidy (.clang-tidy) on the files that changed since the branch left origin/main, or in the last
# commit. Names what it had no time for. Each file is read by itself, so that it must include what it
# uses, also where the build compiles the files of a folder together.
#
#   tests/structure/tidy.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-90}

base=$(git merge-base origin/main HEAD 2>/dev/null || true)
[ -n "$base" ] && [ "$base" != "$(git rev-parse HEAD)" ] || base=$(git rev-parse -q --verify HEAD~1 || true)
[ -n "$base" ] || { echo "clang-tidy: this repository has one commit, and nothing changed in it"; exit 0; }

# A header is read with the file of the same name.
files=()
while read -r file; do
  [ ! -f "${file%.*}.cc" ] || files+=("${file%.*}.cc")
done < <(git diff --name-only --diff-filter=d "$base" -- 'common/*' 'server/*' 'worker/*' 'launcher/*' | grep -E '\.(h|cc)$')
[ ${#files[@]} -gt 0 ] || { echo "clang-tidy: no source file changed since ${base:0:9}"; exit 0; }
mapfile -t files < <(printf '%s\n' "${files[@]}" | sort -u)

[ -f build/tidy/build.ninja ] || cmake --preset debug -B build/tidy -D CMAKE_CXX_COMPILER=clang++ -D CMAKE_C_COMPILER=clang -D FATHOM_TESTS=OFF >/dev/null
left_out=$(mktemp)
trap 'rm -f "$left_out"' EXIT
end=$(($(date +%s) + seconds))
one() {
  if [ "$(date +%s)" -ge "$end" ]; then echo "$1" >>"$left_out"; return 0; fi
  clang-tidy -p build/tidy --quiet --warnings-as-errors='*' "$1" 2>/dev/null
}
export left_out end
export -f one
code=0
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I {} bash -c 'one {}' || code=1
echo "clang-tidy: $((${#files[@]} - $(wc -l <"$left_out"))) of ${#files[@]} files that changed since ${base:0:9}"
[ ! -s "$left_out" ] || { echo "not within $seconds s:"; sed 's/^/  /' "$left_out"; }
exit "$code"
