out=$2
printf '<%s>\n' "$@" > "$out"
