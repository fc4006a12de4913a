#!/usr/bin/env bash
# Installs a build into a folder, and uses what is there as others would: a C project that finds the library by CMake and
# by pkg-config, man pages, completion.
#
#   tests/packages/installed.sh PROGRAM SCRATCH BUILD
source "$(dirname "$0")/../integration/mpi.sh"
build=$3
prefix=$scratch/prefix
here=$(cd "$(dirname "$0")" && pwd)

cmake --install "$build" --prefix "$prefix" >"$scratch/install.txt"
for file in bin/fathom include/fathom/predict.h lib/libfathom-predict.so.1 lib/cmake/fathom/fathom-config.cmake lib/pkgconfig/fathom-predict.pc \
  share/doc/fathom/examples/demo.toml share/doc/fathom/docs/config.md share/doc/fathom/README.md share/doc/fathom/LICENSE; do
  [ -s "$prefix/$file" ] || fail "$file is not installed"
done
# Nothing leads back to the machine that built it.
if grep -rlF -e "$source_dir" -e "$(realpath "$build")" "$prefix/lib/cmake" "$prefix/lib/pkgconfig" "$prefix/share/bash-completion"; then
  fail "these files name the source or the build folder"
fi
for file in bin/fathom lib/libfathom-predict.so.1; do
  ! readelf -d "$prefix/$file" | grep -E 'RPATH|RUNPATH' || fail "$file looks for libraries where the building machine had them"
done

# The library gives the functions that its header declares, and no others.
sed -n 's/^FATHOM_API .*[ *]\(fathom_[a-z_]*\)(.*/\1/p' "$prefix/include/fathom/predict.h" | sort >"$scratch/declared"
nm -D --defined-only "$prefix/lib/libfathom-predict.so.1" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >"$scratch/exported"
[ "$(wc -l <"$scratch/declared")" -gt 9 ] || fail "the header declares less than it did"
diff "$scratch/declared" "$scratch/exported" || fail "the header's functions (<) are not the library's (>)"
! nm -D --defined-only "$prefix/lib/libfathom-predict.so.1" | grep -vE ' (T|A) ' || fail "the library exports more than functions"
! ldd "$prefix/lib/libfathom-predict.so.1" | grep -E 'libmpi|spdlog' || fail "the library needs what only training needs"

# Others score with it what predict scores.
held_out_config "$scratch/config.toml"
"$prefix/bin/fathom" train "$scratch/config.toml" output.dir="$scratch/run" >"$scratch/train.txt"
head -n 201 "$scratch/books/ratings.csv" >"$scratch/rows.csv"
"$prefix/bin/fathom" predict --model "$scratch/run" --input "$scratch/rows.csv" --output "$scratch/predicted" >/dev/null
as_predicted() {  # what, file of scores
  [ "$(wc -l <"$2")" -eq 200 ] || fail "$1 scores $(wc -l <"$2") of 200 rows"
  paste "$scratch/predicted" "$2" | awk '{ d = $1 - $2; if (d > 1e-6 || d < -1e-6) { print NR ": " $0; exit 1 } }' || fail "$1 scores otherwise than predict"
}
cmake -S "$here/consumer" -B "$scratch/consumer" -D CMAKE_PREFIX_PATH="$prefix" >"$scratch/consumer.txt" 2>&1 &&
  cmake --build "$scratch/consumer" >>"$scratch/consumer.txt" 2>&1 || { cat "$scratch/consumer.txt" >&2; fail "a CMake project does not build with the library"; }
"$scratch/consumer/score" "$scratch/run" "$scratch/rows.csv" >"$scratch/scored"
as_predicted "a C program found by CMake" "$scratch/scored"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# shellcheck disable=SC2046
cc -std=c99 "$here/consumer/score.c" $(pkg-config --cflags --libs fathom-predict) -o "$scratch/score"
LD_LIBRARY_PATH=$prefix/lib "$scratch/score" "$scratch/run" "$scratch/rows.csv" >"$scratch/scored"
as_predicted "a C program found by pkg-config" "$scratch/scored"

# The files that name the version name this one.
version=$("$prefix/bin/fathom" --version | sed 's/^fathom //')
versions=$(pkg-config --modversion fathom-predict; cd "$source_dir"; sed -n 's/^version: //p' CITATION.cff; sed -n '1s/.*(\(.*\)-.*/\1/p' launcher/packages/changelog
  sed -n '0,/^## /s/^## \([0-9.]*\).*/\1/p' CHANGELOG.md; find launcher -name pyproject.toml -exec sed -n 's/^version = "\(.*\)"/\1/p' {} +)
[ "$(sort -u <<<"$versions")" = "$version" ] && [ "$(wc -l <<<"$versions")" -ge 4 ] || fail "fathom is $version, but fathom-predict.pc, CITATION.cff, launcher/packages/changelog, CHANGELOG.md and pyproject.toml say $(xargs <<<"$versions")"

if [ ! -d "$prefix/share/man/man1" ]; then
  not_tried "man pages and completion: the build had no help2man"
else
  for command in "" $("$fathom" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/-\1/p'); do
    page=$prefix/share/man/man1/fathom$command.1.gz
    [ -s "$page" ] || fail "fathom$command has no man page"
    zcat "$page" | grep -q '^\.SH OPTIONS' || fail "the man page of fathom$command has no options"
  done
  "$here/completion.sh" "$prefix/bin/fathom" "$prefix/share/bash-completion/completions/fathom"
fi
finish "what is installed can be used by others"
