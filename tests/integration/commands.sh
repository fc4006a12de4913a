#!/usr/bin/env bash
# Every command once, on generated data; what one says must agree with what another says.
source "$(dirname "$0")/mpi.sh"

# |a - b| <= margin.
agree() {  # what, a, b, margin
  awk -v a="$2" -v b="$3" -v margin="$4" 'BEGIN { exit !(a != "" && b != "" && a - b <= margin && b - a <= margin) }' ||
    fail "$1: \"$2\" against \"$3\""
}

# From lines "label score": the share of all pairs of a positive and a negative in which the positive has the
# higher score, a tie counting half (Mann and Whitney 1947); and the mean log loss.
auc_of() {
  LC_ALL=C sort -k2,2g "$1" | awk '
    function end_of_ties() { wins += positives * (below + negatives / 2); below += negatives; above += positives; positives = negatives = 0 }
    $2 != score { end_of_ties(); score = $2 }
    $1 == 1 { ++positives; next }
    { ++negatives }
    END { end_of_ties(); printf "%.9f\n", wins / (above * below) }'
}
logloss_of() { awk '{ loss -= log($1 == 1 ? $2 : 1 - $2) } END { printf "%.9f\n", loss / NR }' "$1"; }

generated_config 20000
"$fathom" train "$scratch/config.toml" output.dir="$scratch/out" >"$scratch/train.txt"
for file in config.toml metrics.jsonl model/manifest.json logs/rank-0.log; do
  [ -s "$scratch/out/$file" ] || fail "train wrote no $file"
done
final=$(tail -n 1 "$scratch/out/metrics.jsonl")
for member in event auc logloss examples examples_per_second peak_rss_bytes rows bytes_per_row; do
  grep -q "\"$member\":" <<<"$final" || fail "the final line has no $member: $final"
done
auc=$(metric "$scratch/out" auc)

# The config as in force trains the same model.
"$fathom" train "$scratch/out/config.toml" output.dir="$scratch/again" >/dev/null
"$fathom" compare "$scratch/out" "$scratch/again" >/dev/null || fail "config.toml as in force trains another model"

# evaluate finds the AUC that train saw; under mpirun too.
"$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/evaluate" data.packed_dir="$scratch/out/packed" >"$scratch/evaluate.txt"
evaluated=$(sed -n 's/^auc  *//p' "$scratch/evaluate.txt")
[ "$(printf '%.6f' "$auc")" = "$evaluated" ] || fail "evaluate says AUC $evaluated, train said $auc"
ranks 4 "$fathom" evaluate "$scratch/config.toml" --model "$scratch/out" output.dir="$scratch/evaluate" data.packed_dir="$scratch/out/packed" >"$scratch/evaluate-mpi.txt"
grep -qx "auc  *$evaluated" "$scratch/evaluate-mpi.txt" || fail "evaluate under mpirun says another AUC"

# Every fourth line is held out: predict scores these with their labels taken out, and what comes of labels
# and scores are the metrics that the run reported of them.
mkdir "$scratch/parts"
cp "$scratch/data/books.csv" "$scratch/parts/"
awk 'NR == 1 || NR % 4 != 0' "$scratch/data/ratings.csv" >"$scratch/parts/train.csv"
awk 'NR == 1 || NR % 4 == 0' "$scratch/data/ratings.csv" >"$scratch/parts/held-out.csv"
"$fathom" train "$scratch/config.toml" data.dir="$scratch/parts" 'data.train=["train.csv"]' 'data.test=["held-out.csv"]' \
  data.test_fraction=0 output.dir="$scratch/parts-out" >/dev/null
awk -F, -v OFS=, '{ print $1, $2 }' "$scratch/parts/held-out.csv" >"$scratch/unlabelled.csv"
"$fathom" predict --model "$scratch/parts-out" --input "$scratch/unlabelled.csv" --output "$scratch/scores.txt" >/dev/null
awk -F, 'NR > 1 { print ($3 >= 4 ? 1 : 0) }' "$scratch/parts/held-out.csv" | paste -d' ' - "$scratch/scores.txt" >"$scratch/labelled.txt"
[ "$(wc -l <"$scratch/scores.txt")" -eq 5000 ] && [ "$(wc -l <"$scratch/labelled.txt")" -eq 5000 ] || fail "predict did not write one score a line"
awk '$1 <= 0 || $1 >= 1 { bad = 1 } END { exit bad }' "$scratch/scores.txt" || fail "a score is no probability"
agree "AUC of the held-out lines, by hand and as reported" "$(auc_of "$scratch/labelled.txt")" "$(metric "$scratch/parts-out" auc)" 2e-6
agree "their log loss" "$(logloss_of "$scratch/labelled.txt")" "$(metric "$scratch/parts-out" logloss)" 2e-6
awk -v auc="$(metric "$scratch/parts-out" auc)" 'BEGIN { exit !(auc > 0.55) }' || fail "nothing was learnt: AUC $(metric "$scratch/parts-out" auc)"
"$fathom" predict --model "$scratch/parts-out" --input "$scratch/unlabelled.csv" --output "$scratch/scores2.txt" cluster.servers=3 cluster.workers=2 >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/scores2.txt" || fail "predict depends on the layout"
gzip -k "$scratch/unlabelled.csv"
"$fathom" predict --model "$scratch/parts-out" --input "$scratch/unlabelled.csv.gz" --output "$scratch/scores3.txt" >/dev/null
cmp -s "$scratch/scores.txt" "$scratch/scores3.txt" || fail "predict reads gzip differently"

# With the labels there predict says what evaluate says; without them, or without --metrics, it says nothing of them.
held_out=(data.dir="$scratch/parts" 'data.train=["train.csv"]' 'data.test=["held-out.csv"]' data.test_fraction=0 output.dir="$scratch/evaluate")
"$fathom" evaluate "$scratch/config.toml" --model "$scratch/parts-out" "${held_out[@]}" | grep -E '^[a-z_]+  ' >"$scratch/evaluated.txt"
"$fathom" predict --model "$scratch/parts-out" --input "$scratch/parts/held-out.csv" --output "$scratch/scores4.txt" --metrics | grep -E '^[a-z_]+  ' >"$scratch/predicted.txt"
cmp -s "$scratch/scores.txt" "$scratch/scores4.txt" || fail "predict scores lines with labels differently"
grep -q '^auc ' "$scratch/predicted.txt" && cmp -s "$scratch/evaluated.txt" "$scratch/predicted.txt" || fail "predict --metrics and evaluate differ"
must_fail 3 "rating" "$fathom" predict --model "$scratch/parts-out" --input "$scratch/unlabelled.csv" --output "$scratch/scores5.txt" --metrics
"$fathom" predict --model "$scratch/parts-out" --input "$scratch/parts/held-out.csv" --output "$scratch/scores5.txt" | grep -qE "AUC|log ?loss" && fail "predict speaks of labels that nobody asked it for"

# A model is scored by its own settings, or not at all.
for other in wide.alpha=0.5 wide.l2=3 column.book.use=wide model.embedding_dim=7; do
  must_fail 2 "${other%%=*}" "$fathom" evaluate "$scratch/config.toml" --model "$scratch/parts-out" "${held_out[@]}" "$other"
  must_fail 2 "${other%%=*}" "$fathom" predict --model "$scratch/parts-out" --input "$scratch/unlabelled.csv" --output "$scratch/scores5.txt" "$other"
done

"$fathom" inspect "$scratch/out" >"$scratch/inspect.txt"
rows=$(metric "$scratch/out" rows)
grep -qx "rows  *$rows" "$scratch/inspect.txt" || fail "inspect does not show the $rows rows"

"$fathom" train "$scratch/config.toml" output.dir="$scratch/other" seed=2 >/dev/null
must_fail 1 "differ" "$fathom" compare "$scratch/out" "$scratch/other"

# Why a run has ended stands in its log.
must_fail 3 "none.csv" "$fathom" train "$scratch/config.toml" output.dir="$scratch/ended" 'data.train=["none.csv"]'
"$fathom" logs "$scratch/ended" --warnings | grep "rank-0 E .*none.csv" >/dev/null || fail "logs does not say why the run has ended"

"$fathom" generate criteo --rows 20000 --test-rows 4000 --out "$scratch/criteo" >/dev/null
"$fathom" train "$source_dir/configs/criteo.toml" data.dir="$scratch/criteo" output.dir="$scratch/criteo-out" 'model.hidden=[32]' >/dev/null
awk -v auc="$(metric "$scratch/criteo-out" auc)" 'BEGIN { exit !(auc > 0.6) }' || fail "configs/criteo.toml learns nothing: AUC $(metric "$scratch/criteo-out" auc)"
"$fathom" settings --markdown | cmp -s - "$source_dir/docs/config.md" || fail "docs/config.md is not what fathom settings --markdown prints"
# Generated data: trained on and evaluated without a file; there is no text to predict from.
"$fathom" train "$source_dir/configs/scale.toml" output.dir="$scratch/scale" generated.examples=100000 generated.test_examples=5000 >"$scratch/scale.txt"
scale_auc=$(sed -n 's/^test AUC \([0-9.]*\),.*/\1/p' "$scratch/scale.txt")
"$fathom" evaluate "$source_dir/configs/scale.toml" --model "$scratch/scale" output.dir="$scratch/evaluate" generated.test_examples=5000 >"$scratch/evaluate.txt"
agree "AUC of generated data by evaluate and by train" "$(sed -n 's/^auc  *//p' "$scratch/evaluate.txt")" "$scale_auc" 6e-5
must_fail 2 "no text form" "$fathom" predict --model "$scratch/scale" --input "$scratch/unlabelled.csv" --output "$scratch/scores4.txt"

for command in train evaluate predict explain recommend serve export compare inspect logs split generate settings launch sweep tune plan; do
  "$fathom" $command --help >"$scratch/help.txt"
  grep -q "fathom $command " "$scratch/help.txt" || { cat "$scratch/help.txt" >&2; fail "$command --help does not say how to write it"; }
done
# What is not for ranks is done once under mpirun, or refused in words.
ranks 3 "$fathom" generate books --rows 2000 --seed 1 --out "$scratch/once" >"$scratch/generate.txt"
[ "$(grep -c "2000 ratings" "$scratch/generate.txt")" -eq 1 ] || { cat "$scratch/generate.txt" >&2; fail "generate did not run once"; }
ranks 3 "$fathom" inspect "$scratch/out" >"$scratch/inspect.txt"
cmp "$scratch/inspect.txt" <("$fathom" inspect "$scratch/out") || fail "inspect under mpirun says something else"
[ "$(ranks 3 "$fathom" compare "$scratch/out" "$scratch/again" | grep -c identical)" -eq 1 ] || fail "compare did not run once"
must_fail 2 "fathom sweep runs once" ranks 1 "$fathom" sweep "$scratch/config.toml" output.dir="$scratch/swept"
must_fail 2 "fathom tune runs once" ranks 1 "$fathom" tune "$scratch/config.toml" output.dir="$scratch/tuned"
must_fail 2 "fathom launch runs once" ranks 2 "$fathom" launch -n 2 -- train "$scratch/config.toml"

finish "all commands agree"
