#!/usr/bin/env bash
# fathom serve as a user starts it: its port, TLS, signals, mistakes, and a Prometheus that scrapes it.
source "$(dirname "$0")/../integration/mpi.sh"
cd "$source_dir"
for tool in curl openssl; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done

"$fathom" generate books --rows 3000 --seed 1 --out "$scratch/data" >/dev/null
train() {  # epochs
  "$fathom" train configs/demo.toml data.dir="$scratch/data" output.dir="$scratch/books" train.epochs="$1" train.patience=0 >"$scratch/train.txt" 2>&1 ||
    { cat "$scratch/train.txt" >&2; fail "training failed"; }
}
train 1

served=
trap '[ -z "$served" ] || kill "$served" 2>/dev/null || true' EXIT
start() {  # argument ...
  "$fathom" serve "$scratch/books" --listen 0 "$@" >"$scratch/serve.log" 2>&1 &
  served=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/.*ready: .* on \(http.*\)$/\1/p' "$scratch/serve.log")
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  cat "$scratch/serve.log" >&2
  fail "it does not become ready"
}
stop() {  # signal
  local code=0
  kill -s "$1" "$served"
  wait "$served" || code=$?
  served=
  [ "$code" -eq 0 ] || { cat "$scratch/serve.log" >&2; fail "signal $1 ended it with $code, not 0"; }
}
row='{"instances":[{"reader_id":3,"book_id":5}]}'

start --catalogue books="$scratch/data/books.csv"
curl -sf "$url/v2/health/ready" >/dev/null || fail "it is not ready"
score=$(curl -sf "$url/v1/models/books:predict" -d "$row" | sed 's/.*\[\(.*\)\].*/\1/')
printf 'reader_id,book_id\n3,5\n' >"$scratch/row.csv"
"$fathom" predict --model "$scratch/books" --input "$scratch/row.csv" --output "$scratch/score.txt" >/dev/null
awk -v a="$score" -v b="$(cat "$scratch/score.txt")" 'BEGIN { exit !(a != "" && a - b < 1e-6 && b - a < 1e-6) }' ||
  fail "served \"$score\", predicted $(cat "$scratch/score.txt")"
curl -sf "$url/v1/models/books:recommend" -d '{"context":{"reader_id":3},"n":1}' | grep -q '"item":{"book_id":' || fail "nothing is recommended"

port=${url##*:}
must_fail 5 "another program listens there" "$fathom" serve "$scratch/books" --listen "$port"
must_fail 4 "manifest.json" "$fathom" serve "$scratch/data" --listen 0
must_fail 3 "books.none" "$fathom" serve "$scratch/books" --listen 0 --catalogue books="$scratch/books.none"
must_fail 2 "host:]port" "$fathom" serve "$scratch/books" --listen here
must_fail 2 "it cannot be read" "$fathom" serve "$scratch/books" --listen 0 --tls-cert "$scratch/none.pem" --tls-key "$scratch/none.pem"
must_fail 2 "holds no certificate" "$fathom" serve "$scratch/books" --listen 0 --tls-cert "$scratch/row.csv" --tls-key "$scratch/row.csv"
must_fail 2 "its key is needed" "$fathom" serve "$scratch/books" --listen 0 --tls-cert "$scratch/row.csv"
must_fail 2 "at most 1GiB" "$fathom" serve "$scratch/books" --listen 0 --max-body 2GiB
OMPI_COMM_WORLD_SIZE=2 must_fail 2 "without mpirun" "$fathom" serve "$scratch/books" --listen 0

# A new model is found by itself, within a second and what it takes to open it.
version=$(curl -sf "$url/v1/models/books" | grep -o '"version":"[0-9]*"')
train 2
kill -s HUP "$served"
for _ in $(seq 50); do
  now=$(curl -sf "$url/v1/models/books" | grep -o '"version":"[0-9]*"')
  [ "$now" = "$version" ] || break
  sleep 0.1
done
[ "$now" != "$version" ] || fail "$version is served on"

if command -v prometheus >/dev/null; then
  cat >"$scratch/prometheus.yml" <<END
scrape_configs:
  - job_name: fathom
    scrape_interval: 1s
    static_configs: [{ targets: ["127.0.0.1:$port"] }]
END
  asked=$((20000 + RANDOM % 10000))
  prometheus --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/tsdb" --web.listen-address="127.0.0.1:$asked" >"$scratch/prometheus.log" 2>&1 &
  prometheus=$!
  for _ in $(seq 60); do
    curl -sf "$url/v1/models/books:predict" -d "$row" >/dev/null
    found=$(curl -sf "http://127.0.0.1:$asked/api/v1/query" --data-urlencode \
      'query=histogram_quantile(0.5, rate(fathom_serve_request_duration_seconds_bucket{model="books"}[10s])) > 0' || true)
    if grep -q '"value"' <<<"$found"; then break; fi
    sleep 0.2
  done
  kill "$prometheus"
  wait "$prometheus" 2>/dev/null || true
  grep -q '"value"' <<<"$found" || { cat "$scratch/prometheus.log" >&2; fail "Prometheus has no quantile: $found"; }
else
  not_tried "scraping: Debian's package prometheus is not installed"
fi
stop TERM

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
openssl genrsa -out "$scratch/other.pem" 2048 2>/dev/null
must_fail 2 "tls-key" "$fathom" serve "$scratch/books" --listen 0 --tls-cert "$scratch/cert.pem" --tls-key "$scratch/other.pem"
start --verify --tls-cert "$scratch/cert.pem" --tls-key "$scratch/key.pem"
[[ $url == https:* ]] || fail "$url is not TLS"
curl -sf --cacert "$scratch/cert.pem" "$url/v1/models/books:predict" -d "$row" | grep -q predictions || fail "no answer by TLS"
if curl -s "http://127.0.0.1:${url##*:}/v2" >/dev/null; then fail "an answer without TLS"; fi
stop INT
finish "serve starts, answers, takes up a new model and ends in order"
