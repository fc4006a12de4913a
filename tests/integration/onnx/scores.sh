#!/usr/bin/env bash
# An exported graph scores in ONNX Runtime what predict scores, for every kind of column there is.
# Needs npm and its registry once, for onnxruntime-node, and python3-xxhash.
source "$(dirname "$0")/../mpi.sh"

skip() { echo "skipped: $1"; exit 77; }
python=/usr/bin/python3
"$python" -c 'import xxhash' 2>/dev/null || skip "no python3-xxhash"
node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1 || skip "no node and npm to run ONNX Runtime with"
runtime=$(dirname "$fathom")/npm
if [ ! -d "$runtime/node_modules/onnxruntime-node" ]; then
  mkdir -p "$runtime"
  (cd "$runtime" && timeout 120 npm i --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 >npm.log 2>&1) ||
    skip "npm cannot fetch onnxruntime-node: no network?"
fi
export NODE_PATH=$runtime/node_modules

# The scores of the rows by the graph and by the model differ by 1e-5 at most.
same_scores() {  # model, rows, argument of export ...
  local model=$1 rows=$2 graph=$1-onnx
  shift 2
  "$fathom" export --model "$model" --format onnx --out "$graph" "$@" >"$graph.txt"
  "$python" "$source_dir/launcher/export/fathom_onnx.py" "$graph/model.onnx" "$rows" "$graph.inputs"
  node "$source_dir/tests/integration/onnx/run.js" "$graph/model.onnx" "$graph.inputs" 500 >"$graph.scores"
  "$fathom" predict --model "${same_as:-$model}" --input "$rows" --output "$model.scores" >/dev/null
  paste "$graph.scores" "$model.scores" | awk -v what="$(basename "$model") on $(basename "$rows")" '
    NF != 2 { bad = 1 }
    { d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d }
    END { printf "%s: %d rows, largest difference %.2g\n", what, NR, most; exit bad || NR == 0 || !(most <= 1e-5) }' ||
    fail "the graph of $model scores $rows otherwise"
}

train() {  # name, config, override ...
  local name=$1 config=$2
  shift 2
  "$fathom" train "$config" output.dir="$scratch/$name" "$@" >"$scratch/$name.txt"
}

"$python" "$source_dir/tests/integration/onnx/data.py" "$scratch"
cat >"$scratch/many.toml" <<'CONFIG'
[data]
train = ["many.csv"]
test_fraction = 0.1
missing = ["", "?"]
[[join]]
file = "items.csv"
key = "item"
[[column]]
name = "user"
[[column]]
name = "item"
hash_buckets = 50
[[column]]
name = "frequent"
source = "item"
transform = "vocabulary"
min_count = 5
dim = 4
[[column]]
name = "score"
source = "city"
[[column]]
name = "shop"
dim = 4
[[column]]
name = "tags"
kind = "multivalent"
pooling = "mean"
[[column]]
name = "tags known"
source = "tags"
kind = "multivalent"
transform = "vocabulary"
min_count = 20
use = "wide"
[[column]]
name = "colours"
kind = "multivalent"
use = "deep"
[[column]]
name = "weighted"
kind = "multivalent"
weighted = true
pooling = "mean"
[[column]]
name = "weighted sum"
source = "weighted"
kind = "multivalent"
weighted = true
dim = 4
[[column]]
name = "price"
kind = "numeric"
transform = "log_standardise"
[[column]]
name = "price as zero"
source = "price"
kind = "numeric"
transform = "log"
missing_as = "zero"
use = "wide"
[[column]]
name = "price quantile"
source = "price"
kind = "numeric"
transform = "quantiles"
quantiles = 10
[[column]]
name = "price bucket"
source = "price"
transform = "buckets"
boundaries = [0, 1, 5, 20]
[[column]]
name = "age"
kind = "numeric"
transform = "standardise"
use = "deep"
[[column]]
name = "age raw"
source = "age"
kind = "numeric"
use = "wide"
[[column]]
name = "decade"
source = "age"
extract = "^(\\d)"
[[column]]
name = "user count"
source = "user"
kind = "numeric"
transform = "count"
[[column]]
name = "user mean"
source = "user"
kind = "numeric"
transform = "target_mean"
[[column]]
name = "hour"
source = "at"
transform = "hour"
[[column]]
name = "weekday"
source = "at"
transform = "weekday"
[[column]]
name = "day"
source = "at"
transform = "day"
[[cross]]
columns = ["frequent", "tags"]
[[cross]]
columns = ["score", "shop"]
hash_buckets = 20
use = "both"
[model]
embedding_dim = 8
hidden = [16, 8]
[train]
batch_size = 64
epochs = 4
[deep]
learning_rate = 0.2
CONFIG
train many "$scratch/many.toml"
same_scores "$scratch/many" "$scratch/many.csv"
same_scores "$scratch/many" "$scratch/strange.csv"

# Embeddings of bfloat16: of the model, and rounded by the export, where the bundle of the same rounding is
# what the graph must agree with.
cat >"$scratch/halves.toml" <<'CONFIG'
[data]
train = ["many.csv"]
test_fraction = 0.1
[[column]]
name = "user"
[[column]]
name = "tags"
kind = "multivalent"
[[cross]]
columns = ["user", "tags"]
use = "both"
[model]
fm = true
embedding_dim = 5
hidden = []
[train]
batch_size = 64
epochs = 4
[deep]
learning_rate = 0.2
CONFIG
train halves "$scratch/halves.toml" deep.precision=bfloat16
same_scores "$scratch/halves" "$scratch/many.csv"
train rounded "$scratch/halves.toml"
"$fathom" export --model "$scratch/rounded" --format bundle --precision bfloat16 --out "$scratch/rounded.bundle" >/dev/null
same_as=$scratch/rounded.bundle same_scores "$scratch/rounded" "$scratch/many.csv" --precision bfloat16

cat >"$scratch/pairs.toml" <<'CONFIG'
[data]
format = "libsvm"
train = ["pairs.libsvm"]
test_fraction = 0.1
[[column]]
name = "low"
source = "1..20"
kind = "multivalent"
weighted = true
[[column]]
name = "rest"
source = "features"
kind = "multivalent"
weighted = true
pooling = "mean"
[[column]]
name = "seven"
source = "7"
kind = "numeric"
transform = "standardise"
[model]
embedding_dim = 4
hidden = [8]
[train]
batch_size = 64
CONFIG
train pairs "$scratch/pairs.toml"
same_scores "$scratch/pairs" "$scratch/pairs.libsvm"

"$fathom" generate books --rows 20000 --out "$scratch/books-data" >/dev/null
train books "$source_dir/configs/demo.toml" data.dir="$scratch/books-data" train.epochs=1
same_scores "$scratch/books" "$scratch/books-data/ratings.csv"
"$fathom" generate criteo --rows 20000 --test-rows "${ONNX_CRITEO_ROWS:-20000}" --out "$scratch/criteo-data" >/dev/null
train criteo "$source_dir/configs/criteo.toml" data.dir="$scratch/criteo-data"
same_scores "$scratch/criteo" "$scratch/criteo-data/test.tsv"
if [ -d "$data_dir/adult" ]; then
  train census "$source_dir/configs/census.toml" data.dir="$data_dir/adult" train.epochs=1
  grep -v '^|' "$data_dir/adult/adult.test" >"$scratch/adult.test"
  same_scores "$scratch/census" "$scratch/adult.test"
fi

# NumPy reads what is written for it.
if "$python" -c 'import numpy' 2>/dev/null; then
  "$fathom" export --model "$scratch/many" --format npz --out "$scratch/many.npz" >/dev/null
  "$python" - "$scratch/many.npz" <<'PYTHON' || fail "NumPy reads many.npz otherwise"
import sys
import numpy
arrays = numpy.load(sys.argv[1])
for name in arrays:
    if name.endswith(".keys"):
        keys = arrays[name]
        assert keys.dtype == numpy.uint64 and (keys[1:] > keys[:-1]).all(), name
        for other in (name[:-5] + ".wide", name[:-5] + ".embedding"):
            assert other not in arrays or len(arrays[other]) == len(keys), other
assert arrays["layer1.weights"].shape == (16, 8), arrays["layer1.weights"].shape
print(f"npz: {len(arrays.files)} arrays")
PYTHON
fi
