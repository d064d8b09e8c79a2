
# What follows is the same for every pipeline.
#
#     container.sh [--env NAME]… [--network] IMAGE WORD…
#
# The words run in a container of the image. It sees the folders above and these files, each at its own place, and
# nothing else of this machine. It gets the variables that are named, and a network only if that is asked. What it
# writes belongs to the caller. Its exit status is that of the words; a signal that ends this ends the container.
set -euo pipefail

variables=()
network=(--network none)
while [[ ${1-} == --* ]]; do
    case $1 in
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
mount() {
    local place=${1//\"/\"\"}
    mounts+=(--mount "type=bind,\"source=$place\",\"target=$place\"${2-}")
}

for path in ${write[@]+"${write[@]}"}; do
    mkdir -p -- "$path"
    mount "$(absolute "$path")"
done
for path in ${read[@]+"${read[@]}"} "$(dirname -- "${BASH_SOURCE[0]}")"; do
    if [[ -e $path ]]; then mount "$(absolute "$path")" ,readonly; fi
done

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
