#!/usr/bin/env bash
# Bad input of every kind: the exit code, and a message that says what, where and how to mend it.
source "$(dirname "$0")/mpi.sh"

generated_config 2000
train() { "$fathom" train "$scratch/config.toml" output.dir="$scratch/out" "$@"; }
edited() {  # sed expression: a config with one thing wrong
  sed "$1" "$scratch/config.toml" >"$scratch/bad.toml"
}
bad_config() { "$fathom" train "$scratch/bad.toml" output.dir="$scratch/out"; }
bad_data() {  # text of ratings.csv
  mkdir -p "$scratch/bad-data"
  cp "$scratch/data/books.csv" "$scratch/bad-data/"
  printf "$1" >"$scratch/bad-data/ratings.csv"
}

# The command line and the config.
must_fail 2 "subcommand" "$fathom"
must_fail 2 "the config cannot be read" "$fathom" train "$scratch/none.toml"
edited 's/^epochs/epochz/'
must_fail 2 "unknown key \"train.epochz\"; the nearest known key is \"train.epochs\"" bad_config
must_fail 2 "bad.toml:" bad_config
edited 's/^epochs = .*/epochs = "two"/'
must_fail 2 "train.epochs must be of type integer" bad_config
edited 's/^batch_size = .*/batch_size = 0/'
must_fail 2 "train.batch_size = 0 is out of range" bad_config
edited 's/^\[train\]/[train/'
must_fail 2 "not TOML" bad_config
edited 's/"reader", "genres"/"reader", "genre"/'
must_fail 2 "there is no [[column]] named \"genre\"" bad_config
must_fail 2 "nearest known key is \"train.epochs\"" train train.epoch=3
must_fail 2 "an override is key=value" train epochs

# The text.
must_fail 3 "no such file" train 'data.train=["none.csv"]'
must_fail 3 "there is no column \"reader_id\"" train data.dir="$scratch/data" 'data.train=["truth.json"]'
bad_data 'reader_id,book_id,rating\n1,1,5\n1,2\n2,1,1\n'
must_fail 3 "ratings.csv:3: 2 fields where 3 are expected" train data.dir="$scratch/bad-data"
must_fail 3 "data.max_bad_lines" train data.dir="$scratch/bad-data"
bad_data 'reader_id,book_id,rating\n1,1,5\n1,"2,1\n2,1,1\n'
must_fail 3 "ratings.csv:3: field 2 opens a quote that is never closed" train data.dir="$scratch/bad-data"
bad_data 'reader_id,book_id,rating\n1,1,5\n1,2,good\n2,1,1\n'
must_fail 3 "ratings.csv:3: label rating = \"good\" is no number" train data.dir="$scratch/bad-data"
bad_data ''
must_fail 3 "the file is empty" train data.dir="$scratch/bad-data"
bad_data 'reader_id,book_id,rating\n'
must_fail 3 "no example" train data.dir="$scratch/bad-data"
bad_data "reader_id,book_id,rating\n$(for i in $(seq 50); do printf '1,%d,5\\n' "$i"; done)"
must_fail 3 "labels of the training part are 1: there is nothing to learn" train data.dir="$scratch/bad-data"

# Bad lines that are allowed are counted and shown, and the rest is trained on.
cp -r "$scratch/data" "$scratch/few-bad"
sed -i '5s/.*/x,y/' "$scratch/few-bad/ratings.csv"
train data.dir="$scratch/few-bad" data.max_bad_lines=1 >"$scratch/few.txt"
grep -q "1 bad line skipped" "$scratch/few.txt" || fail "the skipped line was not reported"
grep -q "ratings.csv:5: 2 fields where 3 are expected" "$scratch/few.txt" || fail "the skipped line was not shown"

# Packed data and models that were altered.
rm -rf "$scratch/out"
train >/dev/null
packed=$(ls -d "$scratch"/out/packed/*)
cp -r "$packed" "$scratch/packed-copy"
printf '\377' | dd of="$packed/train.fpk" bs=1 seek=2000 conv=notrunc status=none
must_fail 3 "was altered (checksum)" train
must_fail 3 "let it be packed again" train
cp "$scratch/packed-copy/train.fpk" "$packed/train.fpk"
truncate -s -100 "$packed/train.fpk"
must_fail 3 "its header says" train
cp "$scratch/packed-copy/train.fpk" "$packed/train.fpk"
for file in rows-07.bin dense.bin transforms.json; do
  rm -rf "$scratch/altered"
  cp -r "$scratch/out/model" "$scratch/altered"
  printf '\377' | dd of="$scratch/altered/$file" bs=1 seek=1 conv=notrunc status=none
  must_fail 4 "$file: it was altered: " "$fathom" evaluate "$scratch/config.toml" --model "$scratch/altered" output.dir="$scratch/evaluate"
done
must_fail 4 "no model" "$fathom" inspect "$scratch/data"

# A run that fails leaves the model that was there before.
before=$(cat "$scratch"/out/model/* | cksum)
must_fail 3 "no such file" train 'data.train=["none.csv"]'
must_fail 7 "not finite" train dense.learning_rate=1e6 deep.learning_rate=1e6 train.batch_size=256 train.epochs=20 'model.hidden=[16, 16, 16, 16, 16, 16, 16, 16]'
[ "$before" = "$(cat "$scratch"/out/model/* | cksum)" ] || fail "a failed run changed the model"
# What is the user's stays the user's.
touch "$scratch/file"
must_fail 2 "output.dir = \"$scratch/file\": no folder can be made there" "$fathom" train "$scratch/config.toml" output.dir="$scratch/file"
must_fail 2 "output.dir" "$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/file/below"
must_fail 2 "a folder, not a config" "$fathom" train "$scratch"
must_fail 3 "a folder, not a file: data.train" train 'data.train=["../data"]'
mkdir -p "$scratch/users/model"
echo mine >"$scratch/users/model/notes.txt"
cp "$scratch/config.toml" "$scratch/users/config.toml"
must_fail 2 "users/model: this is not of Fathom" "$fathom" train "$scratch/users/config.toml" output.dir="$scratch/users"
rm -r "$scratch/users/model"
must_fail 3 "no such file" "$fathom" train "$scratch/users/config.toml" output.dir="$scratch/users" 'data.train=["none.csv"]'
"$fathom" train "$scratch/users/config.toml" output.dir="$scratch/users" <&- >&- 2>&-
cmp -s "$scratch/config.toml" "$scratch/users/config.toml" || fail "the config that was read was written over"
"$fathom" compare "$scratch/users" "$scratch/out" >/dev/null || fail "another model with closed descriptors"
grep -q '"event":"final"' "$scratch/users/metrics.jsonl" || fail "no metrics with closed descriptors"
! grep -v '^{.*}$' "$scratch/users/metrics.jsonl" || fail "something else than metrics in metrics.jsonl"
must_fail 2 "dir is not UTF-8" train data.dir="$scratch/"$'\351'
cp -r "$scratch/data" "$scratch/odd [name]\\"
"$fathom" train "$scratch/config.toml" output.dir="$scratch/odd" data.dir="$scratch/odd [name]\\" >/dev/null
"$fathom" evaluate "$scratch/odd/model/config.toml" --model "$scratch/odd" output.dir="$scratch/evaluate" >/dev/null
rm -rf "$scratch/altered"
cp -r "$scratch/out/model" "$scratch/altered"
rm "$scratch/altered/rows-07.bin"
mkfifo "$scratch/altered/rows-07.bin"
must_fail 4 "rows-07.bin: cannot be opened: it is no plain file" timeout 20 "$fathom" evaluate "$scratch/config.toml" --model "$scratch/altered" output.dir="$scratch/evaluate"

# Scores to a FIFO, to standard output, through a link; a last line of metrics that cannot be written.
cut -d, -f1-2 "$scratch/data/ratings.csv" >"$scratch/unlabelled.csv"
predict() { "$fathom" predict --model "$scratch/out" --input "$scratch/unlabelled.csv" --output "$1"; }
predict "$scratch/scores.txt" >/dev/null
mkfifo "$scratch/fifo"
cat "$scratch/fifo" >"$scratch/from-fifo.txt" &
predict "$scratch/fifo" >/dev/null
wait $!
cmp -s "$scratch/scores.txt" "$scratch/from-fifo.txt" || fail "other scores through a FIFO"
predict - 2>/dev/null | cmp -s - "$scratch/scores.txt" || fail "other scores on standard output"
must_fail 4 "cannot be written" predict /dev/full

# Scores of what comes through a pipe, and a line for each line.
piped() { "$fathom" predict --model "$scratch/out" --input "$1" --output "$scratch/piped.txt" >/dev/null; }
for input in - /dev/stdin; do
  gzip -c "$scratch/unlabelled.csv" | piped "$input"
  cmp -s "$scratch/scores.txt" "$scratch/piped.txt" || fail "other scores of $input"
done
sed -e '2i\\' -e '4s/.*/1,2,3/' "$scratch/unlabelled.csv" >"$scratch/with-gaps.csv"
must_fail 3 "with-gaps.csv:5: 3 fields where 2 are expected. 1 bad and 1 blank lines of the input have no score" piped "$scratch/with-gaps.csv"
sed -e '3s/.*//' -e '1i\\' "$scratch/scores.txt" | cmp -s - "$scratch/piped.txt" || fail "scores are not on their lines"
must_fail 3 "no such file" piped "$scratch/unlabelled.c*"
must_fail 2 "only one process can read" mpirun --oversubscribe --bind-to none --timeout 120 -np 2 "$fathom" train "$scratch/config.toml" output.dir="$scratch/mixed" 'data.train=["-"]'
if command -v python3 >/dev/null; then
  rm -rf "$scratch/full"
  mkdir "$scratch/full"
  mkfifo "$scratch/full/metrics.jsonl"
  # The pipe takes 4096 bytes, which the last line goes beyond; once the model is there nobody reads any more.
  python3 - "$scratch/full" <<'EOF' &
import fcntl, os, sys, time
fifo = os.open(sys.argv[1] + "/metrics.jsonl", os.O_RDONLY | os.O_NONBLOCK)
fcntl.fcntl(fifo, 1031, 4096)  # F_SETPIPE_SZ
open(sys.argv[1] + "/reading", "w").close()
end = time.time() + 60
while not os.path.exists(sys.argv[1] + "/model/manifest.json") and time.time() < end:
    time.sleep(0.01)
EOF
  for ((i = 0; i < 600; ++i)); do [ ! -e "$scratch/full/reading" ] || break; sleep 0.05; done
  "$fathom" train "$scratch/config.toml" output.dir="$scratch/full" train.epochs=4 >/dev/null 2>"$scratch/full.txt" || { cat "$scratch/full.txt" >&2; fail "the last line of metrics could not be written"; }
  grep -q "warning: the run is done and what it trained is saved, but .*metrics.jsonl" "$scratch/full.txt" || fail "no warning of the last line"
  "$fathom" inspect "$scratch/full" >/dev/null || fail "no model without the last line"
else
  not_tried "a last line of metrics that cannot be written: no python3"
fi

# Another config on one rank is refused; in what differs from host to host it may differ.
mixed() {  # setting of the second half of the ranks
  mpirun --oversubscribe --bind-to none --timeout 120 -np 2 "$fathom" train "$scratch/config.toml" output.dir="$scratch/mixed" : -np 2 "$fathom" train "$scratch/config.toml" output.dir="$scratch/mixed" "$@"
}
# Of every setting by itself: SameConfigTest.
must_fail 2 "another config than rank 0: seed = 7 (rank 0: 1), resume = \"auto\" (rank 0: \"no\"), " mixed resume=auto seed=7 deep.learning_rate=0.2 column.book.dim=8
grep -qF "rank 2 on " "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "not said which rank"; }
grep -qF "column.book.dim = 8 (rank 0: 0)" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "not all settings are named"; }
rm -rf "$scratch/mixed"
mixed cluster.threads=2 output.progress_seconds=1 data.packed_dir="$scratch/mixed-packed" >"$scratch/out.txt" 2>&1 || { cat "$scratch/out.txt" >&2; fail "what may differ was refused"; }

# Other data on some ranks: labels the other way round, fewer lines, none.
rm -rf "$scratch/mixed" "$scratch/other-data"
cp -r "$scratch/data" "$scratch/other-data"
awk -F, -v OFS=, 'NR > 1 { $3 = 6 - $3 } { print }' "$scratch/data/ratings.csv" >"$scratch/other-data/ratings.csv"
must_fail 3 "has other examples than rank 0 on" mixed data.dir="$scratch/other-data"
grep -qE "its (training|test) part has [0-9]+ examples, [0-9]+ of them positive" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "not said how many"; }
head -n 1000 "$scratch/data/ratings.csv" >"$scratch/other-data/ratings.csv"
must_fail 3 "has other examples than rank 0 on" mixed data.dir="$scratch/other-data"
must_fail 3 "no-data" mixed data.dir="$scratch/no-data"
grep -qE "rank [23] on [^ ]+" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "not said where data are missing"; }
must_fail 3 "has other examples than rank 0 on" mpirun --oversubscribe --bind-to none --timeout 120 \
  -np 1 "$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/out" 'data.test=["ratings.csv"]' data.test_fraction=0 : \
  -np 1 "$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/out" 'data.test=["ratings.csv"]' data.test_fraction=0 data.dir="$scratch/other-data"

cp "$fathom" "$scratch/other-fathom"
printf x >>"$scratch/other-fathom"
must_fail 2 "runs another program" mpirun --oversubscribe --bind-to none --timeout 120 -np 1 "$fathom" train "$scratch/config.toml" output.dir="$scratch/mixed" : \
  -np 1 "$scratch/other-fathom" train "$scratch/config.toml" output.dir="$scratch/mixed"

must_fail 2 "it is avx512, avx2 or portable" env FATHOM_KERNELS=other "$fathom" train "$scratch/config.toml" output.dir="$scratch/mixed"

# Pipes where files are meant.
for name in metrics.jsonl config.toml trace.json config.in-force.toml logs/rank-0.log; do
  rm -rf "$scratch/pipes"
  mkdir -p "$scratch/pipes/logs"
  mkfifo "$scratch/pipes/$name"
  must_fail 2 "a pipe that nobody reads" timeout 60 "$fathom" train "$scratch/config.toml" output.dir="$scratch/pipes"
done
for name in checkpoints packed logs; do
  rm -rf "$scratch/pipes"
  mkdir "$scratch/pipes"
  touch "$scratch/pipes/$name"
  must_fail 2 "pipes/$name: in the way" "$fathom" train "$scratch/config.toml" output.dir="$scratch/pipes"
done
for name in metrics.jsonl config.toml trace.json; do
  rm -rf "$scratch/pipes"
  mkdir -p "$scratch/pipes/$name"
  must_fail 2 "pipes/$name: in the way" "$fathom" train "$scratch/config.toml" output.dir="$scratch/pipes"
  [ "$(ls "$scratch/pipes")" = "$name" ] || fail "a refused run wrote $(ls "$scratch/pipes")"
done
rm -rf "$scratch/pipes" && mkdir -p "$scratch/pipes/model.partial"
echo mine >"$scratch/pipes/model.partial/mine"
must_fail 2 "model.partial: in the way" "$fathom" train "$scratch/config.toml" output.dir="$scratch/pipes"
[ "$(cat "$scratch/pipes/model.partial/mine")" = mine ] || fail "the user's model.partial was touched"
must_fail 2 "resume is empty" "$fathom" train "$scratch/config.toml" resume= output.dir="$scratch/pipes"
rm -rf "$scratch/pipes"
mkdir "$scratch/pipes"
touch "$scratch/pipes/run.lock"
must_fail 2 "no lock of Fathom's" "$fathom" train "$scratch/config.toml" output.dir="$scratch/pipes"
code=0
"$fathom" inspect "$scratch/out" >/dev/full 2>"$scratch/out.txt" || code=$?
[ "$code" -eq 4 ] && grep -qF "standard output cannot be written" "$scratch/out.txt" || { cat "$scratch/out.txt" >&2; fail "inspect lost its output without a word"; }
predict /dev/stdout 2>/dev/null | cmp -s - "$scratch/scores.txt" || fail "other scores on /dev/stdout"
TMPDIR=/nowhere predict "$scratch/homeless.txt" >/dev/null && cmp -s "$scratch/homeless.txt" "$scratch/scores.txt" || fail "predict without TMPDIR"
"$fathom" predict --model "$scratch/out" --input "$scratch/unlabelled.csv" --output "$scratch/scores.txt" 2>&1 | grep -q "evaluation" && fail "predict reports metrics of labels that it does not read"

# The weight of a value in a list: what no gradient can bear is a bad line; what all together make of it ends the run.
printf 'label,tags\n%s' "$(for i in $(seq 400); do echo "$((i % 3 == 0)),a:1e15|b:1"; done)" >"$scratch/weights.csv"
cat >"$scratch/weights.toml" <<TOML
[data]
dir = "$scratch"
train = ["weights.csv"]
test_fraction = 0.2
[[column]]
name = "tags"
kind = "multivalent"
weighted = true
use = "wide"
TOML
must_fail 7 "table wide, key" "$fathom" train "$scratch/weights.toml" output.dir="$scratch/weights"
[ ! -e "$scratch/weights/model" ] || fail "a model with a weight of 1e15"
sed -i '5s/1e15/1e30/' "$scratch/weights.csv"
must_fail 3 "weights.csv:5: column tags: the weight of \"a:1e30\" is too large" "$fathom" train "$scratch/weights.toml" output.dir="$scratch/weights"

# A calibration that is none, and nowhere to keep one.
mkdir -p "$scratch/cache/fathom"
echo '{"machine": 5}' >"$scratch/cache/fathom/calibration.json"
XDG_CACHE_HOME=$scratch/cache "$fathom" train "$scratch/config.toml" output.dir="$scratch/calibration" >"$scratch/out.txt" 2>&1 || { cat "$scratch/out.txt" >&2; fail "a calibration that is none"; }
env -u HOME -u XDG_CACHE_HOME TMPDIR=/nowhere "$fathom" train "$scratch/config.toml" output.dir="$scratch/homeless" >"$scratch/out.txt" 2>&1 || { cat "$scratch/out.txt" >&2; fail "neither HOME nor TMPDIR"; }
finish "all bad input was refused in words"
