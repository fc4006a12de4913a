#!/usr/bin/env bash
# Installs the Debian packages that Fathom needs; says nothing where all are there.
#
#   launcher/install-packages.sh              to build, run and test
#   launcher/install-packages.sh --with-dev   and what the sanitizers, fuzzers and benchmarks need
#   launcher/install-packages.sh --to-run     only what a built fathom needs, with ssh between hosts
set -euo pipefail

packages=(build-essential cmake ninja-build ccache pkg-config openmpi-bin libopenmpi-dev libeigen3-dev libsleef-dev libboost-dev
  libboost-iostreams-dev libcereal-dev libspdlog-dev libfmt-dev libtomlplusplus-dev libcli11-dev libxxhash-dev
  nlohmann-json3-dev libre2-dev libssl-dev libonnx-dev libprotobuf-dev prometheus-cpp-dev libgtest-dev help2man)
case "${1:-}" in
  "") ;;
  --with-dev) packages+=(clang clang-format libclang-rt-14-dev lld libbenchmark-dev python3 python3-numpy python3-xxhash iproute2 iptables faketime bindfs curl openssl prometheus) ;;
  --to-run) packages=(openmpi-bin libboost-iostreams1.74.0 libspdlog1.10 libfmt9 libtomlplusplus3 libsleef3 libre2-9 libssl3 libonnx1 libprotobuf32 libprometheus-cpp-core1.0 openssh-server openssh-client) ;;
  *) echo "usage: launcher/install-packages.sh [--with-dev | --to-run]" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-packages.sh: not root and no sudo: install ${missing[*]} as root" >&2; exit 1; }
  sudo=(sudo)
fi
echo "Installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1
}
# The package lists of a fresh machine may be empty or old.
if ! install; then
  "${sudo[@]}" apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  install || { cat "$log" >&2; exit 1; }
fi
