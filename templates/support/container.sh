
# What follows is the same for every pipeline.
#
#     container.sh [--inputs FILE] [--env NAME]… [--network] IMAGE WORD…
#
# The words run in a container of the image. It sees the folders above and these files, each at its own place, and
# nothing else of this machine but what links among the inputs lead to; these stand in FILE, each with a NUL behind it.
# It gets the variables that are named, and a network only if that is asked. What it writes belongs to the caller. Its
# exit status is that of the words; a signal that ends this ends the container.
set -euo pipefail

variables=()
network=(--network none)
inputs=
while [[ ${1-} == --* ]]; do
    case $1 in
        --inputs) inputs=$2; shift 2 ;;
        --env) variables+=(--env "$2"); shift 2 ;;
        --network) network=(); shift ;;
        *) echo "container.sh: $1 is no option" >&2; exit 64 ;;
    esac
done

absolute() {
    if [[ -d $1 ]]; then (cd -- "$1" && pwd); else (cd -- "$(dirname -- "$1")" && echo "$PWD/$(basename -- "$1")"); fi
}

# A mount is a line of CSV, so that a name may hold commas and quotes.
mounts=()
shown=()
mount() { # SOURCE TARGET [OPTION]
    mounts+=(--mount "type=bind,\"source=${1//\"/\"\"}\",\"target=${2//\"/\"\"}\"${3-}")
    shown+=("$2")
}

for path in ${write[@]+"${write[@]}"}; do
    mkdir -p -- "$path"
    path=$(absolute "$path")
    mount "$path" "$path"
done
for path in ${read[@]+"${read[@]}"} "$(dirname -- "${BASH_SOURCE[0]}")"; do
    if [[ -e $path ]]; then
        path=$(absolute "$path")
        mount "$path" "$path" ,readonly
    fi
done

# --- Links ------------------------------------------------------------------------------------------------------------

# A link that leads out of what is shown leads nowhere in a container, so what it names is shown as well, at that place:
# up to 20 files one by one, of more their folder. Of a folder its own entries are looked at, and not what lies deeper.
follow_links() { # NUL-SEPARATED-FILE
    local -A is_shown=() plain=() target_of=() files=()
    local paths=() links=() targets=() path i count
    for path in "${shown[@]}"; do is_shown[$path]=1; done
    mapfile -d '' -t paths < "$1"
    count=${#paths[@]}
    for ((i = 0; i < count; i++)); do
        normal "${paths[i]}"
        paths[i]=$REPLY
        if [[ -L $REPLY ]]; then links+=("$REPLY"); fi
        if [[ -d $REPLY ]]; then
            while IFS= read -r -d '' path; do
                paths+=("$path") links+=("$path")
            done < <(find "${REPLY%/}/" -maxdepth 1 -type l -print0)
        fi
    done
    # One call for all of them: there may be ten thousand.
    mapfile -d '' -t targets < <(printf '%s\0' ${links[@]+"${links[@]}"} | xargs -0 readlink -z -- 2> /dev/null)
    if ((${#targets[@]} == ${#links[@]})); then
        for ((i = 0; i < ${#links[@]}; i++)); do target_of[${links[i]}]=${targets[i]}; done
    fi
    for path in "${paths[@]}"; do follow "$path"; done
    while ((${#files[@]})); do show_files; done
}

# An absolute path without `.` and `..`, as `REPLY`.
normal() {
    local rest=$1/ part
    if [[ $rest != /* ]]; then rest=$PWD/$rest; fi
    REPLY=
    while [[ -n $rest ]]; do
        part=${rest%%/*} rest=${rest#*/}
        case $part in
            '' | .) ;;
            ..) REPLY=${REPLY%/*} ;;
            *) REPLY+=/$part ;;
        esac
    done
    REPLY=${REPLY:-/}
}

inside() { # PATH: whether it lies below something that is shown
    local at=$1
    while [[ -n $at ]]; do
        at=${at%/*}
        if [[ -n ${is_shown[${at:-/}]-} ]]; then return 0; fi
    done
    return 1
}

follow() { # PATH: see that it leads somewhere
    local rest=${1#/} at= part hops=0
    while [[ -n $rest ]]; do
        part=${rest%%/*}
        if [[ $rest == */* ]]; then rest=${rest#*/}; else rest=; fi
        at+=/$part
        if [[ -n ${plain[$at]-} ]]; then continue; fi
        if [[ ! -L $at ]] || ! inside "$at"; then
            plain[$at]=1
            continue
        fi
        if ((++hops > 40)); then
            lost "$at" "is in a ring of links"
            return
        fi
        REPLY=${target_of[$at]-$(readlink -- "$at")}
        if [[ $REPLY != /* ]]; then REPLY=${at%/*}/$REPLY; fi
        normal "$REPLY"
        if ! inside "$REPLY" && [[ -z ${is_shown[$REPLY]-} ]]; then
            if [[ -f $at ]]; then
                files[$REPLY]=$at
                return
            fi
            show_folder "$REPLY" "$at" || return 0
        fi
        rest=${REPLY#/}${rest:+/$rest} at=
    done
}

show_folder() { # TARGET LINK
    if [[ ! -d $2 ]]; then
        lost "$2" "leads to $1, where no file is"
        return 1
    fi
    if of_images "$1"; then
        lost "$2" "leads to $1, a folder that images have of their own"
        return 1
    fi
    mount "$(cd -P -- "$2" && pwd)" "$1" ,readonly
    is_shown[$1]=1 plain=()
}

show_files() {
    local path folder common=
    local -A folders=() here=()
    for path in "${!files[@]}"; do here[$path]=${files[$path]} folders[${path%/*}/]=$path; done
    files=()
    if ((${#here[@]} <= 20)); then
        for path in "${!here[@]}"; do mount "$(readlink -f -- "${here[$path]}")" "$path" ,readonly; done
        return
    fi
    for folder in "${!folders[@]}"; do
        common=${common:-$folder}
        while [[ $folder != "$common"* ]]; do common=${common%/} common=${common%/*}/; done
    done
    if ! of_images "${common%/}"; then folders=([$common]=${folders[$folder]}); fi
    for folder in "${!folders[@]}"; do
        show_folder "${folder%/}" "${folder%/}" || true
    done
    for path in "${!here[@]}"; do follow "$path"; done
}

of_images() { # FOLDER: whether images have something of their own there
    case ${1:-/} in
        / | /bin | /boot | /lib | /lib32 | /lib64 | /run | /sbin | /tmp | /usr | /var) return 0 ;;
        /usr/bin | /usr/lib | /usr/lib64 | /usr/libexec | /usr/local | /usr/sbin | /usr/share | /var/lib | /var/tmp) return 0 ;;
        /dev | /dev/* | /etc | /etc/* | /proc | /proc/* | /sys | /sys/*) return 0 ;;
    esac
    return 1
}

lost() { # LINK WHY
    echo "container.sh: $1 $2: no container can follow it" >&2
}

if [[ -n $inputs ]]; then
    # Older versions of bash have no such lists.
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then follow_links "$inputs"; else cat -- "$inputs" > /dev/null; fi
fi

# Whose files they are. An engine that runs without root takes its own root for the caller.
user=(--user "$(id -u):$(id -g)")
for group in $(id -G); do user+=(--group-add "$group"); done
if [[ $engine == podman && $(id -u) != 0 ]]; then
    user=(--userns keep-id)
elif [[ $engine == docker && $(docker info --format '{{.SecurityOptions}}') == *rootless* ]]; then
    user=(--user 0:0)
fi

# As the first process of a container a command would not heed the signals that it does not handle.
init=(--init)
if [[ $engine == podman ]]; then
    found=0
    for place in {/usr,/usr/local}/{libexec,lib}/podman/catatonit "$(command -v catatonit)"; do
        if [[ -x $place ]]; then found=1; fi
    done
    if ((! found)); then init=(); fi
fi

name=sncompile-$$-$RANDOM$RANDOM
options=(--rm --name "$name" --workdir "$PWD" --entrypoint "" --security-opt label=disable
    --security-opt no-new-privileges --env HOME=/tmp)
if [[ -n ${SNCOMPILE_RUN-} ]]; then options+=(--label "sncompile.run=$SNCOMPILE_RUN"); fi

ending=
end() {
    if [[ -n $ending ]]; then return; fi
    ending=$1
    "$engine" kill --signal "$1" "$name" > /dev/null 2>&1 || true
    # Who does not heed a signal is not asked again.
    (sleep 5; "$engine" kill "$name" > /dev/null 2>&1) &
}
trap 'end INT' INT
trap 'end TERM' TERM HUP

"$engine" run ${init[@]+"${init[@]}"} "${options[@]}" ${network[@]+"${network[@]}"} "${user[@]}" ${mounts[@]+"${mounts[@]}"} \
    ${variables[@]+"${variables[@]}"} "$@" &
client=$!
status=0
wait "$client" || status=$?
while kill -0 "$client" 2> /dev/null; do
    status=0
    wait "$client" || status=$?
done
exit "$status"
