#!/usr/bin/env bash
# The program under qemu on processors that this one is not: Haswell has AVX2, Nehalem not even fused multiply-add. FATHOM_KERNELS
# chooses the products; the loader chooses everything else that is compiled for several widths (common/vector_clones.h).
source "$(dirname "$0")/same_model.sh"
command -v qemu-x86_64-static >/dev/null || { echo "skipped: no qemu-x86_64-static: apt-get install qemu-user-static"; exit 77; }

for processor in Haswell Nehalem; do
  other=(qemu-x86_64-static -cpu "$processor" "$fathom")
  same_log books --rows 5000
  same_model "demo-$processor" "$source_dir/configs/demo.toml" data.dir="$scratch/books" train.epochs=2 train.batch_size=512
  same_model "scale-$processor" "$source_dir/configs/scale.toml" generated.examples=5000 generated.test_examples=500
  grep -q "$([ "$processor" = Haswell ] && echo avx2 || echo portable)" "$scratch/scale-$processor-other/logs/rank-0.log" ||
    fail "the log does not name the instructions of $processor"
done
