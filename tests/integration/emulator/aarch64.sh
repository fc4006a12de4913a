#!/usr/bin/env bash
# Builds the program for AArch64 and runs it under qemu: its logs, models and predictions are those of x86-64.
#
#   tests/integration/emulator/aarch64.sh PROGRAM SCRATCH KEPT
#
# KEPT is a folder for the arm64 libraries and the build, which the next run takes up again.
source "$(dirname "$0")/same_model.sh"
here=$(cd "$(dirname "$0")" && pwd)
kept=$3

for needed in aarch64-linux-gnu-g++:g++-aarch64-linux-gnu qemu-aarch64-static:qemu-user-static; do
  command -v "${needed%:*}" >/dev/null || { echo "skipped: no ${needed%:*}: apt-get install ${needed#*:}"; exit 77; }
done
mkdir -p "$kept"
sysroot=$(cd "$kept" && pwd)/sysroot
[ -d "$sysroot" ] || "$here/aarch64_sysroot.sh" "$sysroot" >"$scratch/sysroot.txt" 2>&1 ||
  { tail -n 5 "$scratch/sysroot.txt"; echo "skipped: the arm64 libraries cannot be had"; exit 77; }

cmake -S "$source_dir" -B "$kept/build" -G Ninja -D CMAKE_TOOLCHAIN_FILE="$here/aarch64.cmake" -D AARCH64_SYSROOT="$sysroot" \
  -D CMAKE_BUILD_TYPE=Release -D FATHOM_UNITY=ON -D FATHOM_TESTS=OFF >"$scratch/build.txt" 2>&1 &&
  cmake --build "$kept/build" -j "$(nproc)" --target fathom >>"$scratch/build.txt" 2>&1 ||
  { tail -n 30 "$scratch/build.txt" >&2; fail "it does not build for AArch64"; }
other=(qemu-aarch64-static -L "$sysroot" "$kept/build/fathom")

same_log books --rows 50000
same_log criteo --rows 5000
same_model demo "$source_dir/configs/demo.toml" data.dir="$scratch/books" train.epochs=2
same_model criteo "$source_dir/configs/criteo.toml" data.dir="$scratch/criteo" train.epochs=1
same_model scale "$source_dir/configs/scale.toml" generated.examples=20000 generated.test_examples=2000
# What the shipped configs leave off.
same_model variants "$source_dir/configs/scale.toml" generated.examples=5000 generated.test_examples=500 model.fm=true deep.optimizer=adam \
  dense.optimizer=adam train.row_format=bfloat16 deep.precision=bfloat16 server.admission_probability=0.5

score=(predict --model "$scratch/demo-here" --input "$scratch/books/ratings.csv" --logits)
"$fathom" "${score[@]}" --output "$scratch/scores.txt" >/dev/null
"${other[@]}" "${score[@]}" --output "$scratch/scores-other.txt" >/dev/null 2>&1
cmp "$scratch/scores.txt" "$scratch/scores-other.txt" || fail "predict: the scores differ"
[ "$(wc -l <"$scratch/scores.txt")" -eq 50000 ] || fail "predict did not write one score a line"

if [ -d "$data_dir/adult" ]; then
  same_model census "$source_dir/configs/census.toml" data.dir="$data_dir/adult" train.epochs=2
else
  not_tried "census: no real data in $data_dir (FATHOM_DATA)"
fi
finish "AArch64 trains the models of x86-64"
