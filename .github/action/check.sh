#!/usr/bin/env bash
# Checks the specs that $SPECS names, a pattern a line, with the options of $OPTIONS, one a line.
set -euo pipefail
shopt -s globstar nullglob

options=(--format github)
while IFS= read -r line; do [ -z "$line" ] || options+=("$line"); done <<< "${OPTIONS:-}"
[ "${STRICT:-false}" != true ] || options+=(--strict)

specs=()
IFS=
while read -r pattern; do
  [ -n "$pattern" ] || continue
  # Unquoted, so that bash fills the pattern in; with an empty IFS a name with spaces stays one.
  found=($pattern)
  if [ "${#found[@]}" = 0 ]; then found=("$pattern"); fi
  specs+=("${found[@]}")
done <<< "$SPECS"
[ "${#specs[@]}" -gt 0 ] || { echo "::error::no spec is named"; exit 2; }

exec sncompile check "${options[@]}" -- "${specs[@]}"
