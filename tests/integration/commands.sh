#!/usr/bin/env bash
# Every command once, on generated data; what one says must agree with what another says.
source "$(dirname "$0")/mpi.sh"

generated_config 20000
"$fathom" train "$scratch/config.toml" output.dir="$scratch/out" >"$scratch/train.txt"
for file in config.toml metrics.jsonl model/manifest.json logs/rank-0.log; do
  [ -s "$scratch/out/$file" ] || fail "train wrote no $file"
done
final=$(tail -n 1 "$scratch/out/metrics.jsonl")
for member in event auc logloss examples examples_per_second peak_rss_bytes rows bytes_per_row; do
  grep -q "\"$member\":" <<<"$final" || fail "the final line has no $member: $final"
done
auc=$(sed -n 's/.*"auc":\([0-9.]*\).*/\1/p' <<<"$final")

# The config as in force trains the same model.
"$fathom" train "$scratch/out/config.toml" output.dir="$scratch/again" >/dev/null
"$fathom" compare "$scratch/out" "$scratch/again" >/dev/null || fail "config.toml as in force trains another model"

# evaluate finds the AUC that train saw; under mpirun too.
"$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/evaluate" data.packed_dir="$scratch/out/packed" >"$scratch/evaluate.txt"
evaluated=$(sed -n 's/^auc  *//p' "$scratch/evaluate.txt")
[ "$(printf '%.6f' "$auc")" = "$evaluated" ] || fail "evaluate says AUC $evaluated, train said $auc"
ranks 4 "$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/evaluate" data.packed_dir="$scratch/out/packed" >"$scratch/evaluate-mpi.txt"
grep -qx "auc  *$evaluated" "$scratch/evaluate-mpi.txt" || fail "evaluate under mpirun says another AUC"

# predict scores the test lines, labels taken out; their AUC by another route must be the same.
awk -F, -v OFS=, 'NR == 1 || NR <= 5001 { print $1, $2 }' "$scratch/data/ratings.csv" >"$scratch/unlabelled.csv"
"$fathom" predict --model "$scratch/out" --input "$scratch/unlabelled.csv" --output "$scratch/scores.txt" >/dev/null
[ "$(wc -l <"$scratch/scores.txt")" -eq 5000 ] || fail "predict did not write one score a line"
awk '$1 <= 0 || $1 >= 1 { bad = 1 } END { exit bad }' "$scratch/scores.txt" || fail "a score is no probability"
"$fathom" predict --model "$scratch/out" --input "$scratch/unlabelled.csv" --output "$scratch/scores2.txt" cluster.servers=3 cluster.workers=2 >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/scores2.txt" || fail "predict depends on the layout"
gzip -k "$scratch/unlabelled.csv"
"$fathom" predict --model "$scratch/out" --input "$scratch/unlabelled.csv.gz" --output "$scratch/scores3.txt" >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/scores3.txt" || fail "predict reads gzip differently"

"$fathom" inspect "$scratch/out" >"$scratch/inspect.txt"
rows=$(sed -n 's/.*"rows":\([0-9]*\).*/\1/p' <<<"$final")
grep -q "$rows" "$scratch/inspect.txt" || fail "inspect does not show the $rows rows"

"$fathom" train "$scratch/config.toml" output.dir="$scratch/other" seed=2 >/dev/null
must_fail 1 "differ" "$fathom" compare "$scratch/out" "$scratch/other"

"$fathom" generate criteo --rows 3000 --out "$scratch/criteo" >/dev/null
"$fathom" train "$source_dir/configs/criteo.toml" data.dir="$scratch/criteo" output.dir="$scratch/criteo-out" 'model.hidden=[32]' >/dev/null
"$fathom" settings --markdown | cmp -s - "$source_dir/docs/config.md" || fail "docs/config.md is not what fathom settings --markdown prints"
# Generated data: trained on and evaluated without a file; there is no text to predict from.
"$fathom" train "$source_dir/configs/scale.toml" output.dir="$scratch/scale" generated.examples=100000 generated.test_examples=5000 >"$scratch/scale.txt"
scale_auc=$(sed -n 's/^test AUC \([0-9.]*\),.*/\1/p' "$scratch/scale.txt")
"$fathom" evaluate "$source_dir/configs/scale.toml" --model "$scratch/scale" output.dir="$scratch/evaluate" generated.test_examples=5000 >"$scratch/evaluate.txt"
[ "$(sed -n 's/^auc  *//p' "$scratch/evaluate.txt" | cut -c1-6)" = "$(cut -c1-6 <<<"$scale_auc")" ] || fail "evaluate on generated data says another AUC than $scale_auc"
must_fail 2 "no text form" "$fathom" predict --model "$scratch/scale" --input "$scratch/unlabelled.csv" --output "$scratch/scores4.txt"

for command in train evaluate predict compare inspect generate settings launch sweep plan; do
  "$fathom" $command --help | grep -q . || fail "$command --help says nothing"
done
echo "all commands agree"
