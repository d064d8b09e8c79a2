#!/usr/bin/env bash
# Tells in the summary and in one comment which jobs of $PLAN the pull request changes.
set -euo pipefail

options=()
while IFS= read -r line; do [ -z "$line" ] || options+=("$line"); done <<< "${OPTIONS:-}"

git fetch --quiet --depth 1 origin "$GITHUB_BASE_REF"
status=0
sncompile diff --git FETCH_HEAD --markdown "${options[@]}" -- "$PLAN" > "$RUNNER_TEMP/plan.md" || status=$?
# 1 says that jobs differ, which is what is told; it also says that a spec has errors, and then nothing is printed.
if [ "$status" -gt 1 ] || [ ! -s "$RUNNER_TEMP/plan.md" ]; then exit "$status"; fi

cat "$RUNNER_TEMP/plan.md" >> "$GITHUB_STEP_SUMMARY"
gh pr comment "$NUMBER" --edit-last --create-if-none --body-file "$RUNNER_TEMP/plan.md" ||
  echo "::notice::no comment, as for a pull request from a fork; the summary has it"
