# Runs a command in a fresh folder of its own, which is removed when the command has done what it should:
#
#     bash scratch.sh run [b|B PATH] [a PATH n NAME]… [g PATTERN]… [d PATH]… [tKIND] … x WORD…
#
#   b PATH     an output of the job: the folder lies beside it, in `.sncompile/scratch`, and has its name
#   B PATH     where there is none: the folder lies in this one
#   a PATH     an input that has a name in the folder, which comes as
#   n NAME     without a path before it, where the input is an optional output that is not there
#   g PATTERN  what to take from the folder, as a pattern of bash, for the path that comes as
#   d PATH
#   tKIND      `tfile` or `tdirectory`: the patterns and paths since the last one belong together, one pattern for each
#              path, or one for all of them, whose files go to the paths of the same name; `tfile?` if it need not be there
#
# From `x` on come the words of the command, each with what it is before it, since paths are made absolute:
#
#   =TEXT      a word              wOPTION TEXT   a word, OPTION as another one before it if it is not empty
#   pOPTION PATH  a path           sOPTION NAME   a name in the folder
#   P PATH TEXT   a path, a word   j TEXT  k PATH  m NAME   pieces of a word, which ends with `.`
#
# A script reads this file, with `open` in the place of `run`, and calls `sncompile_absolute`, `sncompile_inside` and, for
# words as above, `sncompile_spell` with names of variables, `sncompile_go` to go there, and `sncompile_close` at the end.

sncompile_fail() {
    printf 'scratch folder: %s\n' "$1" >&2
    exit 1
}

sncompile_at() { # PATH: where it is, as `REPLY`
    if [[ -z $1 || $1 == /* || $1 =~ ^[A-Za-z][A-Za-z0-9+.-]*:// ]]; then
        REPLY=$1
    else
        REPLY=$sncompile_home/$1
    fi
}

sncompile_absolute() { # VARIABLE…: its paths are absolute
    local sncompile_each sncompile_path sncompile_paths
    for sncompile_each; do
        sncompile_paths=()
        eval "set -- \${$sncompile_each[@]+\"\${$sncompile_each[@]}\"}"
        for sncompile_path; do
            sncompile_at "$sncompile_path"
            sncompile_paths+=("$REPLY")
        done
        eval "$sncompile_each=(\${sncompile_paths[@]+\"\${sncompile_paths[@]}\"})"
    done
}

sncompile_inside() { # VARIABLE…: its names are those of files in the folder; of one that is not there it has none
    local sncompile_each sncompile_name sncompile_paths
    for sncompile_each; do
        sncompile_paths=()
        eval "set -- \${$sncompile_each[@]+\"\${$sncompile_each[@]}\"}"
        for sncompile_name; do
            sncompile_lacks "$sncompile_name" || sncompile_paths+=("$sncompile_scratch/$sncompile_name")
        done
        eval "$sncompile_each=(\${sncompile_paths[@]+\"\${sncompile_paths[@]}\"})"
    done
}

sncompile_lacks() { # NAME: whether no file has it, as the optional output that should is not there
    local each
    for each in ${sncompile_absent[@]+"${sncompile_absent[@]}"}; do
        [[ $each != "$1" ]] || return 0
    done
    return 1
}

sncompile_spell() { # VARIABLE: the words that it holds with what each is, as they are
    local sncompile_words=()
    eval "sncompile_read_words \${$1[@]+\"\${$1[@]}\"}"
    eval "$1=(\${sncompile_words[@]+\"\${sncompile_words[@]}\"})"
}

sncompile_go() { cd -- "$sncompile_scratch"; }

sncompile_read() { # ARGUMENT…: what is said of the folder, and the command's words
    local patterns=0 paths=0 beside= above=
    while (($#)); do
        case $1 in
            b) # Of a list the first one.
                beside=${beside:-${2%/}}
                shift 2
                ;;
            B) above=$2 && shift 2 ;;
            a) sncompile_at "$2" && sncompile_inputs+=("$REPLY") && shift 2 ;;
            n)
                # Of an optional output that is not there no path comes before the name.
                if ((${#sncompile_inputs[@]} > ${#sncompile_names[@]})); then
                    sncompile_names+=("$2")
                else
                    sncompile_absent+=("$2")
                fi
                shift 2
                ;;
            g) sncompile_patterns+=("$2") patterns=$((patterns + 1)) && shift 2 ;;
            d) sncompile_at "${2%/}" && sncompile_places+=("$REPLY") paths=$((paths + 1)) && shift 2 ;;
            t*) sncompile_takes+=("${1#t}" "$patterns" "$paths") patterns=0 paths=0 && shift ;;
            x) shift && break ;;
            *) sncompile_fail "scratch.sh does not know $1" ;;
        esac
    done
    if [[ -n $beside ]]; then
        sncompile_at "$beside"
        sncompile_scratch=${REPLY%/*}/.sncompile/scratch/${REPLY##*/}
    else
        sncompile_at "$above"
        mkdir -p -- "$REPLY"
        sncompile_scratch=$(mktemp -d -- "$REPLY/job.XXXXXXXX")
    fi
    sncompile_read_words "$@"
}

sncompile_read_words() { # WORD…: the words, each with what it is before it, as `sncompile_words`
    local piece=
    while (($#)); do
        case $1 in
            =*) sncompile_words+=("${1#=}") && shift ;;
            [wps]*)
                if [[ $1 == s* ]] && sncompile_lacks "$2"; then
                    shift 2
                    continue
                fi
                if ((${#1} > 1)); then sncompile_words+=("${1:1}"); fi
                case $1 in
                    w*) REPLY=$2 ;;
                    p*) sncompile_at "$2" ;;
                    s*) REPLY=$sncompile_scratch/$2 ;;
                esac
                sncompile_words+=("$REPLY") && shift 2
                ;;
            P) sncompile_at "$2" && sncompile_words+=("$REPLY" "$3") && shift 3 ;;
            j) piece+=$2 && shift 2 ;;
            k) sncompile_at "$2" && piece+=$REPLY && shift 2 ;;
            m) piece+=$sncompile_scratch/$2 && shift 2 ;;
            .) sncompile_words+=("$piece") piece= && shift ;;
            *) sncompile_fail "scratch.sh does not know $1" ;;
        esac
    done
}

sncompile_open() { # the folder is there, with its links
    local i tries
    trap 'sncompile_tell "$?"' EXIT
    rm -rf -- "$sncompile_scratch"
    # Another job may take the folder around it away just now.
    for tries in 1 2 3 4 5; do
        if mkdir -p -- "$sncompile_scratch"; then break; fi
    done
    for ((i = 0; i < ${#sncompile_inputs[@]}; i++)); do
        mkdir -p -- "$(dirname -- "$sncompile_scratch/${sncompile_names[i]}")"
        # A link of that name would lead into a directory.
        if [[ -e $sncompile_scratch/${sncompile_names[i]} || -L $sncompile_scratch/${sncompile_names[i]} ]]; then
            sncompile_fail "two inputs have the name ${sncompile_names[i]}"
        fi
        ln -s -- "${sncompile_inputs[i]}" "$sncompile_scratch/${sncompile_names[i]}"
    done
}

sncompile_tell() { # STATUS
    if (($1)) && [[ -d $sncompile_scratch ]]; then
        printf 'scratch folder: what the command left is in %s\n' "$sncompile_scratch" >&2
    fi
}

# --- What is taken ----------------------------------------------------------------------------------------------------

sncompile_matches() { # PATTERN KIND: what fits it and is of that kind, as `found`
    local IFS= path
    found=()
    for path in ./$1; do
        if [[ ($2 == file && -f $path) || ($2 == directory && -d $path) ]]; then found+=("${path#./}"); fi
    done
}

sncompile_list() { # NAME…: some names on one line
    local some=("${@:1:20}")
    printf '%q ' ${some[@]+"${some[@]}"}
    if (($# > 20)); then printf '… (%s)' "$#"; fi
}

sncompile_one() { # PATTERN KIND: the only one that fits it, as `found`
    local there
    sncompile_matches "$1" "$2"
    if ((${#found[@]} > 1)); then
        sncompile_fail "more than one $2 fits $1: $(sncompile_list "${found[@]}")"
    fi
    if ((${#found[@]} == 0)); then
        there=(*)
        if [[ ! -e ${there[0]} && ! -L ${there[0]} ]]; then sncompile_fail "no $2 fits $1: the folder is empty"; fi
        sncompile_fail "no $2 fits $1; in the folder are $(sncompile_list "${there[@]}")"
    fi
}

sncompile_real() { # PATH: where it is, as `REPLY`
    REPLY=$(readlink -f -- "$1" && printf x) || REPLY=x
    REPLY=${REPLY%x} REPLY=${REPLY%$'\n'}
}

sncompile_take() { # PATH PLACE
    local real link
    sncompile_real ./"$1"
    real=$REPLY
    [[ $real == "$sncompile_root"/* ]] || sncompile_fail "$1 leads out of the folder, to $real"
    if [[ -d $real ]]; then
        while IFS= read -r -d '' link; do
            sncompile_real "$link"
            [[ $REPLY == "$real"/* && $(readlink -- "$link") != /* ]] ||
                sncompile_fail "the link ${link#"$sncompile_root/"} leads out of the directory that is taken"
        done < <(find "$real" -type l -print0)
    fi
    mkdir -p -- "$(dirname -- "$2")"
    rm -rf -- "$2"
    if [[ -L $1 ]]; then cp -RP -- "$real" "$2"; else mv -- "./$1" "$2"; fi
}

sncompile_close() { # what is taken goes to its place, and the folder goes
    local i j place name found patterns paths kind needed first=0 here=0
    cd -- "$sncompile_scratch"
    sncompile_root=$(pwd -P)
    for ((i = 0; i < ${#sncompile_takes[@]}; i += 3)); do
        kind=${sncompile_takes[i]%\?} needed=1 patterns=${sncompile_takes[i + 1]} paths=${sncompile_takes[i + 2]}
        if [[ ${sncompile_takes[i]} == *\? ]]; then needed=0; fi
        if ((patterns == paths)); then
            for ((j = 0; j < paths; j++)); do
                if ((!needed)); then
                    sncompile_matches "${sncompile_patterns[first + j]}" "$kind"
                    ((${#found[@]})) || continue
                fi
                sncompile_one "${sncompile_patterns[first + j]}" "$kind"
                sncompile_take "${found[0]}" "${sncompile_places[here + j]}"
            done
        elif ((patterns == 1)); then
            sncompile_matches "${sncompile_patterns[first]}" "$kind"
            for ((j = 0; j < paths; j++)); do
                sncompile_by_name "${sncompile_places[here + j]}" ${found[@]+"${found[@]}"}
            done
            ((${#found[@]} == paths)) ||
                sncompile_fail "$paths outputs, and ${#found[@]} fit ${sncompile_patterns[first]}: $(sncompile_list "${found[@]}")"
        else
            sncompile_fail "$patterns patterns for $paths outputs"
        fi
        first=$((first + patterns)) here=$((here + paths))
    done
    cd -- "$sncompile_home"
    trap - EXIT
    rm -rf -- "$sncompile_scratch"
    # Others may be at work beside it.
    rmdir -- "${sncompile_scratch%/*}" 2> /dev/null && rmdir -- "${sncompile_scratch%/scratch/*}" 2> /dev/null || true
}

sncompile_by_name() { # PLACE PATH…: the one that is called as the place goes there
    local place=$1 path name=
    shift
    for path; do
        if [[ ${path##*/} != "${place##*/}" ]]; then continue; fi
        [[ -z $name ]] || sncompile_fail "two are called ${place##*/}: $(sncompile_list "$name" "$path")"
        name=$path
    done
    [[ -n $name ]] || sncompile_fail "none is called ${place##*/} among $(sncompile_list "$@")"
    sncompile_take "$name" "$place"
}

sncompile_home=$PWD sncompile_scratch= sncompile_root=
sncompile_inputs=() sncompile_names=() sncompile_absent=() sncompile_patterns=() sncompile_places=() sncompile_takes=() sncompile_words=()
if [[ $1 == run ]]; then
    set -euo pipefail
    shift
    sncompile_read "$@"
    sncompile_open
    (sncompile_go && exec "${sncompile_words[@]}")
    sncompile_close
else
    shift
    sncompile_read "$@"
    sncompile_open
fi
