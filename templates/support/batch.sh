#!/usr/bin/env bash
# Does the instances of one batch, one after the other: batch.sh TABLE FIRST LAST MARKS
#
# Each line of the table, from line FIRST to line LAST, is a call of `instance` below. An instance that failed does not
# keep the others from being done; one that is done already, by its mark below the folder MARKS, is left alone unless its
# command changed or one of its inputs is newer. The batch ends with the status of the first instance that failed.
set -uo pipefail

table=$1 first=$2 last=$3 marks=$4
failed=0 done=0 kept=0 status=0

# instance ID DIGEST SCRIPT NUMBER-OF-OUTPUTS OUTPUT… INPUT…, where an output is `e:PATH` or, if it must not be empty, `s:PATH`
instance() {
    local id=$1 digest=$2 script=$3 count=$4 ended=0
    shift 4
    local outputs=("${@:1:count}") inputs=("${@:count+1}") mark="$marks/$id.done" output
    if is_done "$mark" "$digest"; then
        kept=$((kept + 1))
        return
    fi
    echo "== $id"
    for output in "${outputs[@]}"; do
        rm -rf -- "${output#?:}" && mkdir -p -- "$(dirname -- "${output#?:}")"
    done
    rm -f -- "$mark"
    # A word of a command line has a limit, and a script none.
    bash -euo pipefail <(printf '%s\n' "$script") || ended=$?
    if [ "$ended" -eq 0 ] && promised; then
        for output in "${outputs[@]}"; do
            # As Snakemake does: so a directory that a job made is told from one that somebody else did.
            if [ -d "${output#?:}" ]; then touch -- "${output#?:}/.snakemake_timestamp"; fi
        done
        mkdir -p -- "$(dirname -- "$mark")"
        printf '%s\n' "$digest" > "$mark"
        done=$((done + 1))
    else
        echo "== $id failed"
        for output in "${outputs[@]}"; do rm -rf -- "${output#?:}"; done
        if [ "$failed" -eq 0 ]; then status=$((ended ? ended : 1)); fi
        failed=$((failed + 1))
    fi
}

# Whether the mark is there with this digest, every output is there, and no input is newer than the mark; or whether the
# mark says that the instance is left out.
is_done() {
    local mark=$1 digest=$2 path found
    [ -f "$mark" ] && found=$(cat -- "$mark") || return 1
    if [ "$found" = "$digest left out" ]; then return 0; fi
    [ "$found" = "$digest" ] || return 1
    for path in "${outputs[@]}"; do [ -e "${path#?:}" ] || return 1; done
    for path in "${inputs[@]}"; do ! [ "$path" -nt "$mark" ] || return 1; done
}

promised() {
    local path
    for path in "${outputs[@]}"; do
        test "-${path%%:*}" "${path#?:}" || { echo "not as promised: ${path#?:}"; return 1; }
    done
}

source <(sed -n "${first},${last}p;${last}q" "$table")
echo "== $done done, $kept were done already, $failed failed"
exit "$status"
