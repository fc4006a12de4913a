#!/usr/bin/env bash
# Checks that what README.md, CHANGELOG.md, CONTRIBUTING.md and docs/*.md point at exists: the file of each relative
# link, the heading of its anchor, and each path in backticks (as it stands, or with .h or .cc). And
# that each path that code, comments, scripts and configs name exists. Needs bash, grep and sed.
#
#   tests/structure/doc_links.sh [FOLDER]      FOLDER: the repository's root
set -euo pipefail
cd "${1:-"$(dirname "$0")/../.."}"

folders='common|server|worker|launcher|tests|configs|docs'
links=0
paths=0
wrong=0

complain() {  # file, what
  echo "$1: $2" >&2
  wrong=$((wrong + 1))
}

# The anchors of a page, as GitHub makes them of its headings.
anchors_of() {
  sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^[:alnum:] _-]//g; s/ /-/g'
}

check_link() {  # page, target
  local page=$1 target=${2%%#*} anchor=
  [[ $2 != *'#'* ]] || anchor=${2#*#}
  case $2 in http://* | https://* | mailto:*) return 0 ;; esac
  links=$((links + 1))
  local file=$page
  [ -z "$target" ] || file=$(dirname "$page")/$target
  if [ ! -e "$file" ]; then
    complain "$page" "the link ($2) leads to no file"
  elif [ -n "$anchor" ] && ! anchors_of "$file" | grep -qxF -- "$anchor"; then
    complain "$page" "the link ($2) leads to no heading of ${file#./}"
  fi
}

exists() { [ -e "$1" ] || [ -e "$1.h" ] || [ -e "$1.cc" ]; }

check_path() {  # file, path
  paths=$((paths + 1))
  exists "$2" || complain "$1" "there is no $2"
}

for page in README.md CHANGELOG.md CONTRIBUTING.md docs/*.md; do
  while read -r target; do check_link "$page" "$target"; done < <(grep -o '](\([^) ]*\))' "$page" | sed 's/^](//; s/)$//')
  while read -r path; do check_path "$page" "$path"; done < <(
    grep -oE "\`($folders)/[A-Za-z0-9_./-]*\`" "$page" | tr -d '\`' | sort -u)
done

# In other files: whole paths with an extension.
while IFS=: read -r file path; do check_path "$file" "$path"; done < <(
  grep -rIoE --include='*.h' --include='*.cc' --include='*.sh' --include='*.py' --include='*.toml' --include='CMakeLists.txt' \
    "(^|[^A-Za-z0-9_./\$}*-])($folders)/[a-z0-9_/-]+\.(h|cc|md|sh|py|toml)\b" \
    common server worker launcher tests configs CMakeLists.txt | sed -E "s#:[^A-Za-z0-9:]#:#" | sort -u)

echo "$links links and $paths paths were followed, $wrong lead nowhere"
[ "$links" -gt 0 ] && [ "$paths" -gt 0 ] && [ "$wrong" -eq 0 ]
