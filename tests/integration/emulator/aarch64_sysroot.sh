#!/usr/bin/env bash
# Unpacks the arm64 libraries that Fathom is built with into a folder. The machine's own packages stay as they are.
#
#   tests/integration/emulator/aarch64_sysroot.sh FOLDER
set -euo pipefail
sysroot=$1
downloads=$sysroot.packages

libraries=(libopenmpi-dev prometheus-cpp-dev libeigen3-dev libsleef-dev libboost-dev libboost-iostreams-dev libcereal-dev libspdlog-dev libfmt-dev libonnx-dev libprotobuf-dev
  libtomlplusplus-dev libcli11-dev libxxhash-dev nlohmann-json3-dev libre2-dev libssl-dev)
# What these depend on, but neither a build nor a run needs.
needless='^(gcc|g\+\+|cpp|gfortran|binutils|perl|libperl|automake|autoconf|libicu-dev|lib(a|hwa|l|t|ub)san|dpkg|tar|passwd)'

rm -rf "$sysroot" "$downloads"
mkdir -p "$downloads/lists/partial" "$sysroot.part"
: >"$downloads/installed"  # nothing is installed for arm64
arm64=(-oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oDir::State::Lists="$downloads/lists" -oDir::State::status="$downloads/installed"
  -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Sandbox::User=)
apt-get "${arm64[@]}" update
apt-get "${arm64[@]}" -s --no-install-recommends install "${libraries[@]}" | awk '/^Inst/ { print $2 }' | grep -vE "$needless" >"$downloads/names"
(cd "$downloads" && xargs apt-get "${arm64[@]}" download <names)
for package in "$downloads"/*.deb; do dpkg -x "$package" "$sysroot.part"; done
rm -r "$downloads"

# A link to /lib means the sysroot's.
find "$sysroot.part" -type l -lname '/*' | while read -r link; do
  ln -sfnr "$sysroot.part$(readlink "$link")" "$link"
done
mv "$sysroot.part" "$sysroot"
