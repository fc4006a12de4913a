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
# Under mpirun. qemu has no process_vm_readv.
export OMPI_MCA_btl_vader_single_copy_mechanism=none
generated=(train "$source_dir/configs/scale.toml" generated.examples=20000 generated.test_examples=2000 "${patience[@]}")
for transport in tcp mpi; do
  ranks 3 "${other[@]}" "${generated[@]}" cluster.transport="$transport" output.dir="$scratch/ranks" >"$scratch/ranks.txt" 2>&1 ||
    { cat "$scratch/ranks.txt" >&2; fail "three ranks over $transport"; }
  same_files "scale, three ranks over $transport" "$scratch/scale-here/model" "$scratch/ranks/model"
done
must_fail 2 "runs another program" mpirun --oversubscribe --bind-to none --timeout 120 -np 1 "$fathom" "${generated[@]}" output.dir="$scratch/mixed" \
  : -np 1 "${other[@]}" "${generated[@]}" output.dir="$scratch/mixed"
# What the shipped configs leave off.
same_model variants "$source_dir/configs/scale.toml" generated.examples=5000 generated.test_examples=500 model.fm=true deep.optimizer=adam \
  dense.optimizer=adam train.row_format=bfloat16 deep.precision=bfloat16 server.admission_probability=0.5

# Kernels for AArch64 may have pages of 64 KiB.
small_pages=("${other[@]}")
other=(qemu-aarch64-static -p 65536 "${other[@]:1}")
crowded=("$source_dir/configs/scale.toml" generated.examples=60000 generated.test_examples=500 generated.skew=0 model.hidden=[8] server.memory_limit=16MB)
same_model evicted "${crowded[@]}"
same_model cold "${crowded[@]}" server.cold_tier="$scratch/cold"
grep -q "rows were evicted" "$scratch/evicted.txt" && grep -q "MB of rows on disk" "$scratch/cold.txt" || fail "the tables did not reach their limit"
other=("${small_pages[@]}")

# Begun on AArch64, ended on x86-64: the packed data and the checkpoint are those of the other.
moved=(train "$source_dir/configs/demo.toml" data.dir="$scratch/books" train.epochs=2 data.packed_dir="$scratch/moved-packed" output.dir="$scratch/moved")
"${other[@]}" "${moved[@]}" "${patience[@]}" >"$scratch/moved.txt" 2>&1 &
await 60 "$scratch/moved.txt" "step "
kill -TERM $!
wait $! || true
grep -q "stopped after step" "$scratch/moved.txt" || { cat "$scratch/moved.txt" >&2; fail "AArch64 wrote no checkpoint"; }
"$fathom" "${moved[@]}" resume=auto >"$scratch/moved.txt" 2>&1
grep -q "going on from step" "$scratch/moved.txt" || { cat "$scratch/moved.txt" >&2; fail "x86-64 did not go on"; }
same_files "begun on AArch64, ended on x86-64" "$scratch/demo-here/model" "$scratch/moved/model"

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
