# Whether a file holds one value of a type, as a step that writes it promises: UTF-8 without NUL, of 65,536 bytes at most.
# One line break at its end is no part of the value.
#
#   bash value.sh TYPE PATH         TYPE is string, integer, number or boolean
kind=$1 path=$2
wrong() { printf 'not as promised: %s %s\n' "$path" "$1" >&2; exit 1; }

[[ -f $path ]] || wrong 'is no file'
size=$(($(wc -c < "$path")))
((size <= 65536)) || wrong "has $size bytes, and a value has 65536 at most"
(($(tr -d '\000' < "$path" | wc -c) == size)) || wrong 'holds a NUL, and is no text'
iconv -f UTF-8 -t UTF-8 < "$path" > /dev/null 2>&1 || wrong 'is no UTF-8'
IFS= read -r -d '' text < "$path" || true
text=${text%$'\n'}
case $kind in
  integer) form='^-?(0|[1-9][0-9]*)$' example=12 ;;
  number) form='^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]{1,2})?$' example='12, 0.5 or 1e6' ;;
  boolean) form='^(true|false)$' example='true or false' ;;
  *) exit 0 ;;
esac
[[ ${#text} -le 100 && $text =~ $form ]] || wrong "holds no $kind, such as $example: ${text:0:60}"
