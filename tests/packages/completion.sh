#!/usr/bin/env bash
# What bash offers with an installed completion: every command, option and setting of the program.
#
#   completion.sh PROGRAM COMPLETION
set -euo pipefail
fathom=$(realpath "$(command -v "$1")")
# As bash has it by default.
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
# Only bash itself may call it, in the midst of a completion.
compopt() { :; }
# shellcheck source=/dev/null
source "$2"
cd "$(mktemp -d)"
trap 'rm -r "$PWD"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

offered() {  # the line up to the cursor
  COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
  _fathom
  printf '%s\n' "${COMPREPLY[@]}"
}

offers() {  # line, what must be offered: all of it, in any order
  local line=$1
  shift
  [ "$(offered "$line" | sort | xargs)" = "$(printf '%s\n' "$@" | sort | xargs)" ] ||
    fail "\"$line\" offers \"$(offered "$line" | xargs)\" instead of \"$*\""
}

printf '[[column]]\nname = "reader"\n[[column]]\n  name="book"\n' >my.toml
mkdir models

commands=$("$fathom" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
offers "fathom " $commands -h --help --version
for command in $commands; do
  offers "fathom $command -" $("$fathom" "$command" --help | sed -n 's/^  \(-[^ ]*\) .*/\1/p; s/^  \(-[^ ]*\)$/\1/p' | tr ',' '\n')
done

keys=$("$fathom" settings | sed -n '/^Top level/,/^$/s/^  \([a-z][a-z_.0-9]*\)  *[a-z].* = .*/\1=/p')
[ "$(wc -w <<<"$keys")" -gt 100 ] || fail "fathom settings lists fewer settings than there are"
offers "fathom train my.toml " $keys
"$fathom" settings | sed -n '/^Top level/,/^$/s/^  \([a-z][a-z_.0-9]*\)  *string = .*  (\([a-z0-9_, ]*\))$/\1 \2/p' >sets
[ "$(wc -l <sets)" -gt 10 ] || fail "fathom settings lists fewer closed sets than there are"
while read -r key words; do offers "fathom train my.toml seed=2 $key=" ${words//,/}; done <sets
rm sets
offers "fathom train my.toml train.shuffle=" true false
offers "fathom train my.toml train.shuffle=f" false
offers "fathom train my.toml train.epochs="
offers "fathom train my.toml output.dir=mo" models
[ "$(offered "fathom train my.toml column.bo" | wc -l)" -gt 10 ] || fail "the settings of a column of the config are not offered"
offers "fathom train my.toml column.reader.poo" column.reader.pooling=
offers "fathom train my.toml column.reader.pooling=" sum mean

offers "fathom tr" train
offers "fathom train " models my.toml
offers "fathom evaluate my.toml --model mo" models
offers "fathom evaluate my.toml --model models seed" seed=
offers "fathom evaluate my.toml --model=mo" models
offers "fathom generate " books criteo
offers "fathom generate --rows "
offers "fathom generate --rows 5 " books criteo
offers "fathom predict --logits --model mo" models
offers "fathom predict --logits --model models seed" seed=
offers "fathom plan my.toml --calibrate train.sch" train.schedule=
offers "fathom launch -n 4 -" $(offered "fathom launch -")
offers "fathom launch -n 4 -- " train
offers "fathom launch -n 4 -- train my" my.toml
offers "fathom launch -n 4 -- train my.toml data.qu" data.quote=
COMP_WORDBREAKS=${COMP_WORDBREAKS/=/}
offers "fathom train my.toml data.quote=" data.quote=double data.quote=none
echo "the completion offers $(wc -w <<<"$commands") commands with their options, and $(wc -w <<<"$keys") settings"
