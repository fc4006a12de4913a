#!/usr/bin/env bash
# Every source file is as clang-format (.clang-format) writes it.
set -euo pipefail
cd "$(dirname "$0")/../.."

find common server worker launcher tests -name '*.h' -o -name '*.cc' | xargs -P "$(nproc)" -n 40 clang-format --dry-run -Werror
