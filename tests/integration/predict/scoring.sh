#!/usr/bin/env bash
# A model scores without what it was trained on: predict in files and in pipes, inspect, the C library.
source "$(dirname "$0")/../mpi.sh"
library=$3

"$fathom" generate books --rows 4000 --seed 1 --out "$scratch/data" >/dev/null
cat >"$scratch/config.toml" <<TOML
[output]
names = true
[data]
dir = "$scratch/data"
train = ["ratings.csv"]
label = "rating >= 4"
[[join]]
file = "books.csv"
key = "book_id"
[[column]]
name = "reader"
source = "reader_id"
[[column]]
name = "genres"
kind = "multivalent"
[[column]]
name = "year"
kind = "numeric"
transform = "standardise"
[[cross]]
columns = ["reader", "genres"]
TOML
"$fathom" train "$scratch/config.toml" output.dir="$scratch/trained" >/dev/null
cut -d, -f1-2 "$scratch/data/ratings.csv" >"$scratch/lines.csv"
predict() { "$fathom" predict --model "$scratch/out" "$@"; }

# Elsewhere, and nothing of the training is left.
mv "$scratch/trained/model" "$scratch/out"
"$fathom" predict --model "$scratch/out" --input "$scratch/lines.csv" --output "$scratch/scores.txt" >/dev/null
mv "$scratch/data" "$scratch/away"
rm -r "$scratch/trained"
predict --input "$scratch/lines.csv" --output "$scratch/moved.txt" >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/moved.txt" || fail "other scores without the data"
must_fail 3 "books.csv: no such file" predict --input "$scratch/lines.csv" --output "$scratch/moved.txt" --joins-from-data
"$fathom" inspect "$scratch/out" >"$scratch/inspect.txt"
grep -qE '^reader_id  required +reader \(categorical\), reader x genres$' "$scratch/inspect.txt" || fail "inspect names no required column"
grep -qE '^genres +looked up in books.csv by book_id ' "$scratch/inspect.txt" || fail "inspect names no column of a joined table"
grep -qx 'names    kept' "$scratch/inspect.txt" || fail "inspect says nothing of names"
grep -qP '^reader x genres\t[0-9a-f]{16}\t-\t\d+ x [a-z]' "$scratch/out/names.tsv" || fail "no names of a cross"

# Other joined tables, where they are asked for.
mkdir "$scratch/other"
sed -e '2,$s/,[0-9]*$/,1800/' "$scratch/away/books.csv" >"$scratch/other/books.csv"
predict --input "$scratch/lines.csv" --output "$scratch/other.txt" data.dir="$scratch/other" >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/other.txt" || fail "the joined tables are not the model's"
predict --input "$scratch/lines.csv" --output "$scratch/other.txt" --joins-from-data data.dir="$scratch/other" >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/other.txt" && fail "--joins-from-data reads the model's tables"
evaluate() { "$fathom" evaluate "$scratch/out/config.toml" --model "$scratch/out" output.dir="$scratch/evaluate" data.dir="$scratch/away" 'data.train=["ratings.csv"]' 'data.test=["ratings.csv"]' "$@" | grep '^auc '; }
cp "$scratch/other/books.csv" "$scratch/away/books.csv"
[ "$(evaluate)" != "$(evaluate --joins-from-data)" ] || fail "evaluate --joins-from-data reads the model's tables"

# A line in, a line out, while both ends stay open.
coproc scorer { predict --input - --output - 2>"$scratch/coproc.err"; }
scorer_pid=$!
echo "reader_id,book_id" >&"${scorer[1]}"
for number in 2 3 4; do
  sed -n "${number}p" "$scratch/lines.csv" >&"${scorer[1]}"
  read -r -t 20 score <&"${scorer[0]}" || fail "no answer to line $number"
  [ "$score" = "$(sed -n "$((number - 1))p" "$scratch/scores.txt")" ] || fail "another score of line $number: $score"
done
printf '\n1,2,3\n' >&"${scorer[1]}"
read -r -t 20 score <&"${scorer[0]}" && read -r -t 20 score <&"${scorer[0]}" && [ -z "$score" ] || fail "no empty lines of a blank and a bad line"
exec {scorer[1]}>&-
code=0
wait "$scorer_pid" || code=$?
[ "$code" -eq 3 ] && grep -qF "standard input:6: 3 fields where 2 are expected. 1 bad and 1 blank lines" "$scratch/coproc.err" || { cat "$scratch/coproc.err" >&2; fail "exit code $code of a bad line"; }
mkfifo "$scratch/in" "$scratch/answers"
predict --input "$scratch/in" --output "$scratch/answers" >/dev/null &
exec 7>"$scratch/in" 8<"$scratch/answers"
sed 2q "$scratch/lines.csv" >&7
read -r -t 20 score <&8 && [ "$score" = "$(head -n 1 "$scratch/scores.txt")" ] || fail "no answer through two FIFOs"
exec 7>&- 8<&-
wait $!
for packed in cat "gzip -c" "zstd -qc"; do
  command -v "${packed%% *}" >/dev/null || { not_tried "${packed%% *}: it is not installed"; continue; }
  $packed "$scratch/lines.csv" | predict --input - --output "$scratch/piped.txt" >/dev/null
  cmp -s "$scratch/scores.txt" "$scratch/piped.txt" || fail "other scores of a pipe of $packed"
done
iconv -f UTF-8 -t UTF-16LE "$scratch/lines.csv" >"$scratch/wide.csv"
must_fail 3 "UTF-16" predict --input - --output "$scratch/piped.txt" <"$scratch/wide.csv"
must_fail 3 "standard input: the file is empty" predict --input - --output "$scratch/piped.txt" </dev/null
{ { echo reader_id,book_id; yes 1,1 2>/dev/null; } | timeout 60 "$fathom" predict --model "$scratch/out" --input - --output - 2>"$scratch/unread.err" || true; } | head -n 1 >/dev/null
grep -q "cannot be written" "$scratch/unread.err" || fail "predict goes on though nobody reads its scores"
sed -e '2,$s/^/new/' "$scratch/lines.csv" >"$scratch/unknown.csv"
predict --input "$scratch/unknown.csv" --output "$scratch/piped.txt" >/dev/null 2>"$scratch/unknown.err"
grep -q "warning: reader: the model has no row for 4000 of its 4000 values" "$scratch/unknown.err" || fail "no word of unknown values"

# The C library, from a program in C99; it exports what it says, and needs none of what training needs.
folder=$(dirname "$library")
if command -v cc >/dev/null; then
  cc -std=c99 -pedantic -Wall -Wextra -Werror -I "$source_dir/worker/library" "$source_dir/tests/worker/library/score.c" \
    -o "$scratch/score" -L "$folder" -lfathom-predict -Wl,-rpath,"$folder"
  "$scratch/score" "$scratch/out" <"$scratch/lines.csv" >"$scratch/by-library.txt"
  paste "$scratch/by-library.txt" "$scratch/scores.txt" | awk '{ d = $1 - $2; if (d > 1e-7 || d < -1e-7) exit 1 } END { if (NR != 4000) exit 1 }' ||
    fail "the C program and predict differ"
else
  not_tried "a program in C: there is no C compiler"
fi
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$scratch/exported.txt"
sed -n 's/^ *\(fathom_[a-z_]*\);$/\1/p' "$source_dir/worker/library/exports.map" | sort | cmp -s - "$scratch/exported.txt" ||
  { cat "$scratch/exported.txt" >&2; fail "the library exports other symbols than worker/library/exports.map"; }
readelf -d "$library" | grep NEEDED | grep -iE 'mpi|dnnl|spdlog|onedn' && fail "the library needs what only training needs"

finish "a model scores by itself: files, pipes and the C library"
