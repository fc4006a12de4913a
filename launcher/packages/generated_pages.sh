#!/usr/bin/env bash
# Makes fathom's man pages, one for it and one for each of its commands, and its completion for bash, from what the
# program says of itself.
#
#   generated_pages.sh PROGRAM VERSION FOLDER DOCS      DOCS: where the pages will lie
set -euo pipefail
fathom=$(realpath "$1") version=$2 folder=$3 docs=$4

rm -rf "$folder"
mkdir -p "$folder/man1" "$folder/help"

# help2man knows options by "-h, --help", and sections by stars.
as_help2man_reads() {
  sed -E -e 's/^(  -.),--/\1, --/' -e 's/^Positionals:$/*Arguments*/' -e 's/^Subcommands:$/*Commands*/' -e 's/^Exit codes: /*Exit status*\n/'
}

# Words of the command ("" is fathom itself), what it does, what else to read.
page() {
  local name=fathom${1:+-$1} executable
  executable=$folder/help/$name
  { echo '#!/bin/sh'; echo "cat <<'END_OF_HELP'"; "$fathom" ${1:+"$1"} --help | as_help2man_reads; echo END_OF_HELP; } >"$executable"
  chmod +x "$executable"
  printf '[SEE ALSO]\n%s\n.PP\nConfigs to begin with and all pages lie in\n.IR %s .\n' "$3" "$docs" >"$executable.more"
  help2man --no-info --name "$2" --source "fathom $version" --version-string "$version" --include "$executable.more" "$executable" >"$folder/man1/$name.1"
  gzip -9n "$folder/man1/$name.1"
}

commands=$("$fathom" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1 \2/p')
[ -n "$commands" ] || { echo "generated_pages.sh: $fathom --help lists no commands" >&2; exit 1; }
all=$(sed 's/^\([a-z]*\).*/.BR fathom-\1 (1),/; $ s/,$//' <<<"$commands")
page "" "trains Wide & Deep models on parameter servers" "$all"
while read -r command meaning; do page "$command" "$meaning" ".BR fathom (1)"; done <<<"$commands"

"$fathom" completion >"$folder/fathom.bash"
rm -r "$folder/help"
touch "$folder/done"
