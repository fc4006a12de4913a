#!/usr/bin/env bash
# train.watch: the lines of rows against the update rules computed by hand, on several ranks and resumed.
source "$(dirname "$0")/../mpi.sh"
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }

"$fathom" generate books --rows 20000 --seed 1 --out "$scratch/data" >/dev/null
reader=$(sed -n '2s/,.*//p' "$scratch/data/ratings.csv")
watched=(train "$source_dir/configs/demo.toml" data.dir="$scratch/data" train.batch_size=512 train.slice_size=64 train.epochs=1 train.patience=0 deep.l2=0
  'train.watch=["reader='"$reader"'", "book=1", "genres=fantasy", "reader x genres='"$reader"',fantasy", "book=none", "dense=bias",
    "dense=layer 1 weights"]')
check() { python3 "$source_dir/tests/integration/watch/check.py" "$1" 0.1 1 0.05 || fail "$1"; }

"$fathom" "${watched[@]}" output.dir="$scratch/alone" >/dev/null
check "$scratch/alone"
[ "$(sed 's/.*"row":"\([^"]*\)".*/\1/' "$scratch"/alone/logs/watch.*.jsonl | sort -u | wc -l)" -eq 6 ] || fail "not each of the four rows and two blocks has lines"
for event in pulled gradient created updated saved; do
  grep -q "\"event\":\"$event\"" "$scratch"/alone/logs/watch.*.jsonl || fail "no line of the event $event"
done
# In five processes: the same gradients of the same slices, the same states.
ranks 5 "$fathom" "${watched[@]}" output.dir="$scratch/ranks" cluster.servers=2 >/dev/null
check "$scratch/ranks"
events() {  # run: but for who and when
  cat "$scratch/$1"/logs/watch.*.jsonl | grep -v '"event":"pulled"\|"row":"dense = layer' | sed 's/"time":"[^"]*",//; s/"role":"[^"]*",//' | sort
}
cmp <(events alone) <(events ranks) || fail "five ranks say another life of the rows"
# The norm of a block is that of its parts.
norm() {  # run
  cat "$scratch/$1"/logs/watch.server-*.jsonl | sed -n 's/.*"event":"updated","step":20,.*"row":"dense = layer 1 weights","parameters":\([0-9]*\),"norm":\([^,]*\),.*/\1 \2/p' |
    awk '{ parameters += $1; square += $2 * $2 } END { printf "%d %.4f\n", parameters, sqrt(square) }'
}
[ "$(norm alone)" = "$(norm ranks)" ] && [ "$(norm alone | cut -d ' ' -f 1)" -eq $((48 * 128)) ] || fail "the norm of layer 1: $(norm alone), on five ranks $(norm ranks)"
grep -q '"role":"worker 1 (rank ' "$scratch"/ranks/logs/watch.worker-1.jsonl || fail "a line does not name its role and rank"

# Stopped and resumed: the lines go on.
"$fathom" "${watched[@]}" output.dir="$scratch/resumed" checkpoint.every_steps=10 >/dev/null
rm -r "$scratch/resumed/model"
before=$(cat "$scratch"/resumed/logs/watch.server-0.jsonl | wc -l)
"$fathom" "${watched[@]}" output.dir="$scratch/resumed" checkpoint.every_steps=10 resume=auto >/dev/null
[ "$(cat "$scratch"/resumed/logs/watch.server-0.jsonl | wc -l)" -gt "$before" ] || fail "a resumed run adds no lines"
grep -q '"event":"loaded"' "$scratch/resumed/logs/watch.server-0.jsonl" || fail "no line of what the run went on from"
"$fathom" compare "$scratch/alone" "$scratch/resumed" >/dev/null || fail "a watched run trains another model"

for case in 'reader:no FIELD=TEXT' 'colour=red:no sparse field colour' 'dense=layer 9 weights:there are: bias, layer 1 weights' 'reader x genres=58:1 texts where the cross has 2'; do
  must_fail 2 "${case#*:}" "$fathom" "${watched[@]:0:7}" train.watch="[\"${case%%:*}\"]" output.dir="$scratch/wrong"
done
must_fail 2 "generated data have no texts" "$fathom" train "$source_dir/configs/scale.toml" generated.examples=2000 'train.watch=["c0=1"]' output.dir="$scratch/wrong"

# A row that nothing uses for a while goes.
"$fathom" "${watched[@]}" output.dir="$scratch/evicted" train.epochs=8 server.evict_unused_steps=1 >/dev/null
grep -q '"event":"evicted"' "$scratch"/evicted/logs/watch.server-0.jsonl || fail "no line of a row that was evicted"
check "$scratch/evicted"
