# Runs one job of the workflow. A CWL engine gives every job an empty folder and its files somewhere else; this puts the
# files where the command looks for them, runs the command, and lays out what it wrote where the engine looks for it.
#
#   bash job.sh JOB GATHERED [WHAT …]… -- COMMAND …
#
#   in COUNT PATH… FILE…            the files stand at these paths
#   out NAME PATH                   the command writes PATH, which is laid out as GATHERED/NAME
#   outs NAME COUNT PATH…           likewise several, in order, as GATHERED/NAME/…
#   non_empty COUNT PATH…           they must not be empty
#   sha256 SUM COUNT PATH…          they must have this sum
#   min_files LEAST COUNT PATH…     the folders must hold so many files
#   protect COUNT PATH…             they become read-only
#   create COUNT PATH…              folders that must be there before
#   set NAME VALUE                  a variable of the command
#   secret NAME                     a variable that the caller must have set
set -euo pipefail

job=$1 gathered=$2
shift 2
folders=() files=() created=() names=() places=() non_empty=() sums=() summed=() least=() counted=() protected=()

fail() {
  printf '%s: %s\n' "$job" "$1" >&2
  exit 1
}

parent() { # PATH: the folder that it lies in is there
  if [[ $1 == */* && ! -d ${1%/*} ]]; then
    mkdir -p -- "${1%/*}"
  fi
}

measure() { # PATH: how many folders deep it lies, as `depth`
  local rest=$1/
  depth=0
  while [[ -n $rest ]]; do
    case ${rest%%/*} in
      '' | .) ;;
      ..) depth=$((depth - 1)) ;;
      *) depth=$((depth + 1)) ;;
    esac
    rest=${rest#*/}
  done
}

place() { # PATH FILE: the file, or all of a folder, stands there too
  if [[ -e $1 || -L $1 ]]; then
    return # It was named before, or lies in a folder that was.
  fi
  parent "$1"
  # To a tool, a hard link is a file like any other; but a container and its files have no file system in common.
  if cp -RlL -- "$2" "$1" 2> /dev/null; then
    return
  fi
  rm -rf -- "$1"
  if [[ -d $2 ]]; then
    mkdir -- "$1"
    cp -Rs -- "$2/." "$1"
  else
    ln -s -- "$2" "$1"
  fi
}

settle() { # PATH: a folder whose links hold only as long as the job lasts has copies instead
  local link real
  real=$(readlink -f -- "$1")
  while IFS= read -r -d '' link; do
    if [[ -e $link && $(readlink -f -- "$link") != "$real"/* ]]; then
      cp -RL -- "$link" "$link.copied"
      rm -- "$link"
      mv -- "$link.copied" "$link"
    fi
  done < <(find "./$1" -type l -print0)
}

while [[ $1 != -- ]]; do
  case $1 in
    in)
      count=$2
      for ((i = 3; i < 3 + count; i++)); do
        path=${!i} j=$((i + count))
        if [[ -d ${!j} ]]; then
          folders+=("${path%/}" "${!j}")
        else
          files+=("${path%/}" "${!j}")
        fi
      done
      shift $((2 + 2 * count))
      ;;
    out)
      names+=("$2") places+=("$3")
      shift 3
      ;;
    outs)
      paths=("${@:4:$3}")
      mkdir -p "$gathered/$2"
      for ((i = 0; i < $3; i++)); do
        printf -v number '%06d' "$i"
        names+=("$2/$number") places+=("${paths[i]}")
      done
      shift $((3 + $3))
      ;;
    non_empty)
      non_empty+=("${@:3:$2}")
      shift $((2 + $2))
      ;;
    sha256)
      for path in "${@:4:$3}"; do
        sums+=("$2") summed+=("$path")
      done
      shift $((3 + $3))
      ;;
    min_files)
      for path in "${@:4:$3}"; do
        least+=("$2") counted+=("$path")
      done
      shift $((3 + $3))
      ;;
    create)
      created+=("${@:3:$2}")
      shift $((2 + $2))
      ;;
    protect)
      protected+=("${@:3:$2}")
      shift $((2 + $2))
      ;;
    set)
      export "$2=$3"
      shift 3
      ;;
    secret)
      [[ -n ${!2+x} ]] || fail "the variable $2 is not set; the caller must hand it on"
      shift 2
      ;;
    *)
      fail "job.sh does not know $1"
      ;;
  esac
done
shift

# A folder comes before what lies in it, whatever the order of the ports.
depths=() deepest=0
for ((i = 0; i < ${#folders[@]}; i += 2)); do
  measure "${folders[i]}"
  depths[i]=$depth
  ((depth <= deepest)) || deepest=$depth
done
for ((depth = 0; depth <= deepest; depth++)); do
  for ((i = 0; i < ${#folders[@]}; i += 2)); do
    ((depths[i] != depth)) || place "${folders[i]}" "${folders[i + 1]}"
  done
done
for ((i = 0; i < ${#files[@]}; i += 2)); do
  place "${files[i]}" "${files[i + 1]}"
done
for ((i = 0; i < ${#created[@]}; i++)); do
  mkdir -p -- "${created[i]}"
done
for ((i = 0; i < ${#places[@]}; i++)); do
  parent "${places[i]}"
done

# The command has a process group of its own, so that all of it is ended when the engine ends the job.
# It may be ended before anything is started, and before the script knows what it has started.
ended=
trap 'ended=yes; [[ -z ${!-} ]] || kill -s TERM -- "-$!" 2> /dev/null' HUP INT TERM
set -m
"$@" <&0 &
group=$!
[[ -z $ended ]] || kill -s TERM -- "-$group" 2> /dev/null
status=0
wait "$group" || status=$?
while kill -s 0 "$group" 2> /dev/null; do
  wait "$group" || status=$?
done
trap - HUP INT TERM
[[ $status == 0 ]] || exit "$status"

for ((i = 0; i < ${#places[@]}; i++)); do
  [[ -e ${places[i]} ]] || fail "the output ${places[i]} is not there"
done
for ((i = 0; i < ${#non_empty[@]}; i++)); do
  path=${non_empty[i]}
  if [[ -d $path ]]; then
    [[ -n $(ls -A -- "$path") ]] || fail "the output $path is empty"
  else
    [[ -s $path ]] || fail "the output $path is empty"
  fi
done
for ((i = 0; i < ${#summed[@]}; i++)); do
  found=$(sha256sum < "${summed[i]}")
  [[ ${found%% *} == "${sums[i]}" ]] || fail "the output ${summed[i]} has not the sum ${sums[i]}"
done
for ((i = 0; i < ${#counted[@]}; i++)); do
  found=$(find "./${counted[i]}" -type f | wc -l)
  ((found >= least[i])) || fail "the output ${counted[i]} holds fewer than ${least[i]} files"
done
for ((i = 0; i < ${#protected[@]}; i++)); do
  chmod a-w -- "${protected[i]}"
done

mkdir -p "$gathered"
for ((i = 0; i < ${#places[@]}; i++)); do
  if [[ -L ${places[i]} ]]; then
    # The engine would take a link to an input for the input.
    cp -RL -- "${places[i]}" "$gathered/${names[i]}"
    continue
  fi
  if [[ -d ${places[i]} ]]; then
    settle "${places[i]}"
  fi
  mv -- "${places[i]}" "$gathered/${names[i]}"
done
