# Whether a directory holds as many files as a step that writes it promises, in folders of any depth.
#
#   bash count.sh LEAST PATH
least=$1 path=$2
found=$(($(find "$path" -type f | wc -l)))
((found >= least)) || {
  printf 'not as promised: %s holds fewer than %s files: %s\n' "$path" "$least" "$found" >&2
  exit 1
}
