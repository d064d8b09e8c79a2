# Runs a command, and looks whether parts of the directories that it has written are there, and companions of files:
#
#     bash parts.sh [f|s|d PATH]… [m PATH [c PATH]…]… x [WORD…]
#
# `f` is a file, `s` one that is not empty, `d` a directory. `m` is a file that need not be there; where it is, so must be
# each `c` behind it. Without a word it only looks.
set -euo pipefail

looks=()
while [[ $1 != x ]]; do
    looks+=("$1" "$2")
    shift 2
done
shift
if (($#)); then "$@"; fi
for ((i = 0; i < ${#looks[@]}; i += 2)); do
    kind=${looks[i]} path=${looks[i + 1]}
    if [[ $kind == m ]]; then main=$path; fi
    if [[ $kind == m || ($kind == c && ! -e $main) ]]; then continue; fi
    case $kind in
        d) [[ -d $path ]] ;;
        *) [[ -f $path ]] ;;
    esac || { printf 'not as promised: %s is not there\n' "$path" >&2; exit 1; }
    if [[ $kind == s && ! -s $path ]]; then
        printf 'not as promised: %s is empty\n' "$path" >&2
        exit 1
    fi
done
