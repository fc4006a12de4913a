#!/usr/bin/env bash
# The Debian packages: built, looked at by lintian, and installed by apt in a fresh Debian 12, where a user trains and
# scores. Purged, they leave nothing.
#
#   tests/packages/fresh_debian.sh SCRATCH [FOLDER]      FOLDER: of packages that are there already
#
# Needs root, debootstrap, lintian and the network. The Debian lies in /dev/shm (1.3 GB) and is removed.
set -euo pipefail
scratch=$1
here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
rm -rf "$scratch"
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

for needed in debootstrap lintian help2man; do
  command -v "$needed" >/dev/null || { echo "skipped: no $needed: apt-get install $needed"; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: debootstrap wants root"; exit 77; }
mirror=$(apt-cache policy | sed -n 's#^ *[0-9]* \(http[^ ]*\) bookworm/main .*#\1#p' | head -n 1)
[ -n "$mirror" ] || { echo "skipped: apt here has no mirror of bookworm"; exit 77; }

packages=${2:-$source_dir/build/packages/packages}
if [ $# -lt 2 ]; then
  step "the packages are built"
  (cd "$source_dir" && cmake --preset packages && cmake --build --preset packages -j "$(nproc)" && rm -rf "$packages" &&
    cd build/packages && cpack) >"$scratch/build.txt" 2>&1 || { tail -n 40 "$scratch/build.txt" >&2; fail "the packages are not built"; }
fi
ls -l "$packages"/*.deb
lintian --allow-root --fail-on error,warning "$packages"/*.deb || fail "lintian finds faults"

root=$(mktemp -d /dev/shm/fathom-debian-XXXXXX)
chmod 755 "$root"  # the root folder of the users in it
trap 'rm -rf --one-file-system "$root"' EXIT
# What mounts there are end with the process.
in_debian() {  # user, command of a shell
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --ipc sh -ec 'mount -t proc proc "$1/proc"; mkdir -p "$1/dev/shm"; mount -t tmpfs tmpfs "$1/dev/shm"
    exec chroot "$1" su - "$2" -s /bin/bash -c "$3"' sh "$root" "$1" "set -euo pipefail; export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive; $2" </dev/null
}
# What belongs to programs and their settings, not to logs, caches and lists.
files() { (cd "$root" && find bin boot etc lib* opt sbin srv usr -xdev ! -name __pycache__ ! -name '*.pyc' ! -path 'etc/ld.so.cache' ! -path 'etc/*-' | sort); }

step "debootstrap bookworm from $mirror"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$scratch/debootstrap.txt" 2>&1 || { tail -n 20 "$scratch/debootstrap.txt" >&2; fail "debootstrap"; }
cp /etc/resolv.conf /etc/hosts "$root/etc/"
printf 'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\n' >"$root/etc/apt/apt.conf.d/99old-mirror"

step "tools of the test: man, a compiler, CMake, bash-completion, Python"
in_debian root "apt-get update -qq && apt-get install -y -qq --no-install-recommends man-db gcc libc6-dev make cmake pkg-config bash-completion python3" >"$scratch/tools.txt" 2>&1 ||
  { tail -n 20 "$scratch/tools.txt" >&2; fail "the tools are not installed"; }
in_debian root "useradd --create-home --shell /bin/bash reader"
files >"$scratch/before"

step "apt install ./*.deb"
mkdir "$root/packages"
cp "$packages"/*.deb "$root/packages/"
in_debian root "apt-get install -y /packages/*.deb" >"$scratch/apt.txt" 2>&1 || { tail -n 20 "$scratch/apt.txt" >&2; fail "apt does not install the packages"; }
grep -E '^[0-9]+ upgraded|disk space|^Need to get' "$scratch/apt.txt"
! grep -iE '^W:|warning' "$scratch/apt.txt" || fail "the installation warns"

step "a user generates, trains the demo, trains on three ranks, predicts"
cp -r "$here/consumer" "$here/score.py" "$here/completion.sh" "$root/home/reader/"
in_debian root "chown -R reader: /home/reader"
in_debian reader "cp -r /usr/share/doc/fathom/examples configs
  fathom generate books --rows 200000 --seed 1 --out run/demo-data
  fathom train configs/demo.toml >train.txt; grep '^test AUC' train.txt
  fathom launch -n 3 -- train configs/demo.toml output.dir=run/ranks >launch.txt 2>&1; fathom compare run/demo run/ranks
  head -n 1001 run/demo-data/ratings.csv >rows.csv
  fathom predict --model run/demo --input rows.csv --output scores >/dev/null; head -n 3 scores; wc -l scores"

step "man pages and completion"
in_debian reader "MANWIDTH=80 man fathom-train | head -n 12
  man -k fathom | wc -l
  set +u; source /usr/share/bash-completion/bash_completion; _completion_loader fathom || true; complete -p fathom; set -u
  ./completion.sh fathom /usr/share/bash-completion/completions/fathom"

step "a C project of CMake, one of pkg-config, and Python"
same="paste scores scored | awk '{ d = \$1 - \$2; if (d > 1e-6 || d < -1e-6) exit 1 } END { exit NR != 1000 }'"
in_debian reader "cmake -S consumer -B built >/dev/null && cmake --build built >/dev/null
  ./built/score run/demo rows.csv >scored; head -n 3 scored; $same
  gcc consumer/score.c \$(pkg-config --cflags --libs fathom-predict) -o score; ./score run/demo rows.csv >scored; $same"
if [ -e "$root/usr/lib/python3/dist-packages/fathom.py" ]; then
  in_debian reader "python3 score.py run/demo rows.csv >scored; head -n 3 scored; $same"
  in_debian root "python3 -c 'import fathom'"
else
  echo "there is no Python module"
fi

step "apt purge"
in_debian root "apt-get purge -y --auto-remove \$(dpkg-query -W -f '\${Package}\n' | grep fathom)" >"$scratch/purge.txt" 2>&1 ||
  { tail -n 20 "$scratch/purge.txt" >&2; fail "apt does not purge the packages"; }
files >"$scratch/after"
diff "$scratch/before" "$scratch/after" || fail "a purge leaves files (>) or takes others with it (<)"
left=$(find "$root" -xdev -mindepth 1 -iname '*fathom*' ! -path "$root/home/*" ! -path "$root/packages/*" ! -path "$root/proc/*")
[ -z "$left" ] || fail "a purge leaves $left"
step "the packages install, work and go in a fresh Debian"
