#!/usr/bin/env bash
# illumination: Illumination correction
# Made by sncompile 0.1.0 from illumination.yaml (bc5c46734862).

# The caller's environment, without what changes how bash takes a script.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0)
root=../.. state=results/.sncompile/bash jobs=10

job_1() { # calc
  name=calc digest=65784fabaae1a3c9ece361205ae38b99ced46098a6e3604c0b0fdc897114dddb
  inputs=(images/A01_s1.tif images/A01_s2.tif images/B02_s1.tif)
  given=(images/A01_s1.tif images/A01_s2.tif images/B02_s1.tif)
  outputs=(results/calc/function.npy)
  checks=(non_empty results/calc/function.npy '')
}
command_1() {
  command=(python build/illumination/files/calc/calc.py --percentile 40 --sigma 0.05 --out results/calc/function.npy -- images/A01_s1.tif images/A01_s2.tif images/B02_s1.tif)
}

job_2() { # apply/A01/1
  name=apply/A01/1 digest=501e5a5f9cf4e4f76ccf2cd21c1937e7c2c059bec0f3cacb0470b147e5934fab
  after=(1)
  inputs=(images/A01_s1.tif results/calc/function.npy)
  made=(results/calc/function.npy 1)
  given=(images/A01_s1.tif)
  outputs=(results/apply/A01/1/corrected.tiff)
  checks=(non_empty results/apply/A01/1/corrected.tiff '')
}
command_2() {
  command=(python build/illumination/files/correct/correct.py --function results/calc/function.npy --floor 0.1 --out results/apply/A01/1/corrected.tiff -- images/A01_s1.tif)
}

job_3() { # apply/A01/2
  name=apply/A01/2 digest=d3e88d3ab14cfd29afc5a836300dc33802deaf80bec59305606c4dea949489f4
  after=(1)
  inputs=(images/A01_s2.tif results/calc/function.npy)
  made=(results/calc/function.npy 1)
  given=(images/A01_s2.tif)
  outputs=(results/apply/A01/2/corrected.tiff)
  checks=(non_empty results/apply/A01/2/corrected.tiff '')
}
command_3() {
  command=(python build/illumination/files/correct/correct.py --function results/calc/function.npy --floor 0.1 --out results/apply/A01/2/corrected.tiff -- images/A01_s2.tif)
}

job_4() { # apply/B02/1
  name=apply/B02/1 digest=9588c5c5efdf92a7a90d5e552c96bedb7da9f56d7f32b04bd01b29ab2eb06a92
  after=(1)
  inputs=(images/B02_s1.tif results/calc/function.npy)
  made=(results/calc/function.npy 1)
  given=(images/B02_s1.tif)
  outputs=(results/apply/B02/1/corrected.tiff)
  checks=(non_empty results/apply/B02/1/corrected.tiff '')
}
command_4() {
  command=(python build/illumination/files/correct/correct.py --function results/calc/function.npy --floor 0.1 --out results/apply/B02/1/corrected.tiff -- images/B02_s1.tif)
}

job_5() { # segment/A01/1
  name=segment/A01/1 digest=c7c5e140e9fd36a25783fd73cf91d28f744c0d2911d29046a25ca93aff8dfab5
  after=(2)
  inputs=(results/apply/A01/1/corrected.tiff)
  made=(results/apply/A01/1/corrected.tiff 2)
  outputs=(results/segment/A01/1/labels.tiff)
  checks=(non_empty results/segment/A01/1/labels.tiff '')
}
command_5() {
  command=(python build/illumination/files/segment/segment.py --image results/apply/A01/1/corrected.tiff --diameter 36 --contrast 0.03 --smallest 0.15 --out results/segment/A01/1/labels.tiff)
}

job_6() { # segment/A01/2
  name=segment/A01/2 digest=c8071bd4f982efec363ebbd3b56f43cce3bebc5213d54ac3c3398a6c3b9a5cd8
  after=(3)
  inputs=(results/apply/A01/2/corrected.tiff)
  made=(results/apply/A01/2/corrected.tiff 3)
  outputs=(results/segment/A01/2/labels.tiff)
  checks=(non_empty results/segment/A01/2/labels.tiff '')
}
command_6() {
  command=(python build/illumination/files/segment/segment.py --image results/apply/A01/2/corrected.tiff --diameter 36 --contrast 0.03 --smallest 0.15 --out results/segment/A01/2/labels.tiff)
}

job_7() { # segment/B02/1
  name=segment/B02/1 digest=2f297179ee3efb4c2d7b81c86be5d7ab52aa6df6eff54f9142b990ca57ca206f
  after=(4)
  inputs=(results/apply/B02/1/corrected.tiff)
  made=(results/apply/B02/1/corrected.tiff 4)
  outputs=(results/segment/B02/1/labels.tiff)
  checks=(non_empty results/segment/B02/1/labels.tiff '')
}
command_7() {
  command=(python build/illumination/files/segment/segment.py --image results/apply/B02/1/corrected.tiff --diameter 36 --contrast 0.03 --smallest 0.15 --out results/segment/B02/1/labels.tiff)
}

job_8() { # measure/A01
  name=measure/A01 digest=61e42fc0a58b32ae8141bb6944ebb4b3e3c8c2f2601f643be4c7bec4e1e3dfb5
  after=(2 3 5 6)
  inputs=(results/apply/A01/1/corrected.tiff results/apply/A01/2/corrected.tiff results/segment/A01/1/labels.tiff results/segment/A01/2/labels.tiff)
  made=(results/apply/A01/1/corrected.tiff 2 results/apply/A01/2/corrected.tiff 3 results/segment/A01/1/labels.tiff 5 results/segment/A01/2/labels.tiff 6)
  outputs=(results/measure/A01/table.csv)
  checks=(non_empty results/measure/A01/table.csv '')
}
command_8() {
  command=(python build/illumination/files/measure/measure.py --images results/apply/A01/1/corrected.tiff results/apply/A01/2/corrected.tiff --labels results/segment/A01/1/labels.tiff results/segment/A01/2/labels.tiff --out results/measure/A01/table.csv --well=A01 -- 1 2)
}

job_9() { # measure/B02
  name=measure/B02 digest=a9e127a9246f34b4703f65bc68ad0c91b7f0b5c2e33f81cb85973b866bcbdfbe
  after=(4 7)
  inputs=(results/apply/B02/1/corrected.tiff results/segment/B02/1/labels.tiff)
  made=(results/apply/B02/1/corrected.tiff 4 results/segment/B02/1/labels.tiff 7)
  outputs=(results/measure/B02/table.csv)
  checks=(non_empty results/measure/B02/table.csv '')
}
command_9() {
  command=(python build/illumination/files/measure/measure.py --images results/apply/B02/1/corrected.tiff --labels results/segment/B02/1/labels.tiff --out results/measure/B02/table.csv --well=B02 -- 1)
}

job_10() { # report
  name=report digest=778ec4073e7269af1a84988ef8d13a3b7ab7ff563cf49dfc768f8081fcac25b4
  after=(1 2 3 4 5 6 7 8 9)
  inputs=(results/measure/A01/table.csv results/measure/B02/table.csv images/A01_s1.tif images/A01_s2.tif images/B02_s1.tif results/apply/A01/1/corrected.tiff results/apply/A01/2/corrected.tiff results/apply/B02/1/corrected.tiff results/segment/A01/1/labels.tiff results/segment/A01/2/labels.tiff results/segment/B02/1/labels.tiff results/calc/function.npy)
  made=(results/measure/A01/table.csv 8 results/measure/B02/table.csv 9 results/apply/A01/1/corrected.tiff 2 results/apply/A01/2/corrected.tiff 3 results/apply/B02/1/corrected.tiff 4 results/segment/A01/1/labels.tiff 5 results/segment/A01/2/labels.tiff 6 results/segment/B02/1/labels.tiff 7 results/calc/function.npy 1)
  given=(images/A01_s1.tif images/A01_s2.tif images/B02_s1.tif)
  outputs=(results/illumination.html results/wells.csv)
  checks=(non_empty results/illumination.html '' non_empty results/wells.csv '')
}
command_10() {
  command=(python build/illumination/files/report/report.py --layout build/illumination/files/report/report.html '--title=Illumination correction' --outlines 4 --function results/calc/function.npy --tables results/measure/A01/table.csv results/measure/B02/table.csv --raw images/A01_s1.tif images/A01_s2.tif images/B02_s1.tif --corrected results/apply/A01/1/corrected.tiff results/apply/A01/2/corrected.tiff results/apply/B02/1/corrected.tiff --labels results/segment/A01/1/labels.tiff results/segment/A01/2/labels.tiff results/segment/B02/1/labels.tiff --html results/illumination.html --csv results/wells.csv -- A01 A01 B02 1 2 1)
}

functions='function floor(x) { return x == int(x) || x > 0 ? int(x) : int(x) - 1 }
function ceil(x) { return -floor(-x) }
function min(x, y) { return x < y ? x : y }
function max(x, y) { return x > y ? x : y }
function whole(x) { return x == 0 ? 0 : ceil(x - 1e-9) < 1 ? 1 : ceil(x - 1e-9) }
'

# --- What follows is the same for every pipeline. ---------------------------------------------------------------------

set -uo pipefail
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "run.sh: this is bash $BASH_VERSION; it takes 4.4 or newer" >&2
  exit 2
fi

usage="usage: run.sh [-j CORES] [-k] [-n]

  -j CORES  so many processors may be used at once; 1 unless given
  -k        where a job fails, go on with all that does not need it
  -n        say what would run, and run nothing"

cores=1 going=0 dry=0
while getopts "j:knh" option; do
  case $option in
    j) cores=$OPTARG ;;
    k) going=1 ;;
    n) dry=1 ;;
    h) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
if (($#)) || ! [[ $cores =~ ^[1-9][0-9]*$ ]]; then
  echo "$usage" >&2
  exit 2
fi

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P) || exit
cd -- "$here/$root" || exit

say() { printf '%s\n' "$*" >&2; }

# Sets what is said of a job: its name, its files, and what it waits for.
describe() {
  after=() inputs=() made=() given=() outputs=() folders=() temporary=() protected=() create=() variables=() secrets=()
  checks=() command=() script='' cpus=1 retries=0 priority=0 number=$1
  "job_$1"
  if ((cpus > cores)); then cpus=$cores; fi
  mark=$state/jobs/$name.done begun=$state/jobs/$name.begun log=$state/jobs/$name.log
}

# --- What has to run --------------------------------------------------------------------------------------------------

# Whether the job that is described is done: as it is now, with all that it is to leave, and after all that it reads.
is_done() {
  local path
  [[ -f $mark && $(< "$mark") == "$digest" ]] || return
  for path in "${outputs[@]}"; do
    [[ -e $path ]] || is_among "$path" "${temporary[@]}" || return
  done
  for path in "${inputs[@]}"; do
    ! [[ $path -nt $mark ]] || return
  done
}

is_among() { # TEXT TEXTS…
  local text=$1 each
  shift
  for each; do
    [[ $each != "$text" ]] || return 0
  done
  return 1
}

names=() needs=() due=() lacking=() sizes=() order=() ranked=0
plan() {
  local n i other again=1
  for ((n = 1; n <= jobs; n++)); do
    describe "$n"
    names[n]=$name needs[n]=${after[*]} sizes[n]=$cpus order[n]=$priority due[n]=0 lacking[n]=
    if ((priority != order[1])); then ranked=1; fi
    is_done || due[n]=1
    for ((i = 0; i < ${#made[@]}; i += 2)); do
      [[ -e ${made[i]} ]] || lacking[n]+=" ${made[i + 1]}"
    done
  done
  # Who reads from a job that is run is run, and so is who made what is read by one and is not there any more.
  while ((again)); do
    again=0
    for ((n = jobs; n >= 1; n--)); do
      ((due[n])) || continue
      for other in ${lacking[n]}; do
        if ((!due[other])); then due[other]=1 again=1; fi
      done
    done
    for ((n = 1; n <= jobs; n++)); do
      ((!due[n])) || continue
      for other in ${needs[n]}; do
        if ((due[other])); then due[n]=1 again=1; fi
      done
    done
  done
}

# Whether all is there that no job makes, and no folder that somebody else made is in the way.
can_start() {
  local n path missing=0
  for ((n = 1; n <= jobs; n++)); do
    ((due[n])) || continue
    describe "$n"
    for path in "${given[@]}"; do
      if ! [[ -e $path ]]; then say "$name reads $path, which is not there" && missing=1; fi
    done
    for path in "${folders[@]}"; do
      if [[ -e $path && ! -e $begun ]] && { [[ ! -d $path ]] || [[ -n $(ls -A -- "$path") ]]; }; then
        say "$name writes the directory $path, which is there and was made by no job; move it away" && missing=1
      fi
    done
    for path in "${protected[@]}"; do
      if [[ -e $path ]]; then say "$name would write $path again, which is protected; delete it first" && missing=1; fi
    done
    for path in "${secrets[@]}"; do
      if ! [[ -v $path ]]; then say "$name needs the variable $path, which is not set" && missing=1; fi
    done
  done
  return "$missing"
}

# --- One job ----------------------------------------------------------------------------------------------------------

fail() {
  say "$name: $*"
  exit 1
}

# The job that is described, in a shell of its own that ends with its first failure.
attempt_it() {
  local path i
  rm -rf -- "${outputs[@]}"
  for path in "${outputs[@]}"; do mkdir -p -- "$(dirname -- "$path")"; done
  for path in "${create[@]}"; do mkdir -p -- "$path"; done
  "command_$number"
  # What this script has set is its own: a job has the caller's environment, and what the spec says.
  if ((${#command[@]})); then
    env -i -- "${sncompile_environment[@]}" "${variables[@]}" "$BASH" -euo pipefail -c '"$@"' bash "${command[@]}"
  else
    env -i -- "${sncompile_environment[@]}" "${variables[@]}" "$BASH" -euo pipefail -c "$script"
  fi
  for path in "${outputs[@]}"; do
    [[ -e $path ]] || fail "the output $path is not there"
  done
  for ((i = 0; i < ${#checks[@]}; i += 3)); do check "${checks[@]:i:3}"; done
  for path in "${protected[@]}"; do chmod -R a-w -- "$path"; done
}

check() { # WHAT PATH WANTED
  local found
  case $1 in
    non_empty)
      if [[ -d $2 ]]; then found=$(ls -A -- "$2"); else found=$(head -c 1 -- "$2" | wc -c) found=${found//[ 0]/}; fi
      [[ -n $found ]] || fail "the output $2 is empty"
      ;;
    sha256)
      found=$(sha256sum < "$2")
      [[ ${found%% *} == "$3" ]] || fail "the output $2 has not the sum $3"
      ;;
    min_files)
      found=$(find "$(plain "$2")" -type f | wc -l)
      ((found >= $3)) || fail "the output $2 holds fewer than $3 files"
      ;;
  esac
}

# A path that no tool takes for an option.
plain() {
  if [[ $1 == /* ]]; then printf %s "$1"; else printf %s "./$1"; fi
}

# The size in bytes of files, or of all files in folders.
size() {
  local path total=0 found
  for path; do
    found=$(find -L "$(plain "$path")" -type f -exec wc -c {} + | awk '$2 != "total" { sum += $1 } END { printf "%.0f", sum }')
    total=$((total + found))
  done
  echo "$total"
}

# Whether something holds that is known when the job is about to run.
truth() {
  awk "$functions"' BEGIN { print ('"$1"') ? "true" : "false" }'
}

# A number that is known when the job is about to run.
amount() {
  awk "$functions"'
    BEGIN { x = '"$1"'; if (x - x != 0) exit 1; if (x == int(x)) printf "%.0f", x; else printf "%.17g", x }'
}

work() { # NUMBER
  local attempt status=1
  describe "$1"
  mkdir -p -- "$(dirname -- "$mark")"
  rm -f -- "$mark"
  : > "$begun"
  for ((attempt = 1; attempt <= retries + 1; attempt++)); do
    (set -e; attempt_it) &> "$log" < /dev/null
    status=$?
    if ((status == 0)); then
      printf '%s\n' "$digest" > "$mark.new" && mv -- "$mark.new" "$mark"
      return
    fi
    rm -rf -- "${outputs[@]}"
  done
  return "$status"
}

# --- All of them ------------------------------------------------------------------------------------------------------

declare -A running=()
ready=() first=0 left=() readers=() waiting=()
free=$cores started=0 finished=0 failed=0

stop() {
  local pid tries
  trap - INT TERM HUP
  for pid in "${!running[@]}"; do kill -TERM -- "-$pid" 2> /dev/null; done
  # Who does not heed it is given some seconds.
  for ((tries = 0; tries < 50; tries++)); do
    for pid in "${!running[@]}"; do
      kill -0 -- "-$pid" 2> /dev/null || unset "running[$pid]"
    done
    ((${#running[@]})) || break
    sleep 0.1
  done
  for pid in "${!running[@]}"; do kill -KILL -- "-$pid" 2> /dev/null; done
  wait
  say "run.sh: stopped; what was done stays done"
  unlock
  exit 130
}

make_ready() { # NUMBER: it comes before those of a lower priority
  local place=${#ready[@]} before
  if ((ranked)); then
    while ((place > first)); do
      before=${ready[place - 1]}
      ((order[before] < order[$1])) || break
      ready[place]=$before place=$((place - 1))
    done
  fi
  ready[place]=$1
}

start_ready() {
  local i n
  for ((i = first; i < ${#ready[@]} && free; i++)); do
    n=${ready[i]}
    if ((n == 0 || sizes[n] > free)); then continue; fi
    # Its place is empty from now on: to close the gap of one that stands behind others takes its time.
    ready[i]=0 free=$((free - sizes[n])) started=$((started + 1))
    say "[$started/$total] ${names[n]}"
    work "$n" &
    running[$!]=$n
  done
  while ((first < ${#ready[@]} && ready[first] == 0)); do first=$((first + 1)); done
}

ended() { # NUMBER STATUS
  local n other
  free=$((free + sizes[$1])) finished=$((finished + 1))
  if (($2)); then
    failed=$((failed + 1))
    describe "$1"
    say "$name failed ($2); its log is $log and ends in"
    tail -n 20 -- "$log" | sed 's/^/  | /' >&2
    return
  fi
  for n in ${waiting[$1]-}; do
    left[n]=$((left[n] - 1))
    ((left[n])) || make_ready "$n"
  done
  ((readers[$1])) || tidy "$1"
  for other in ${needs[$1]}; do
    readers[other]=$((readers[other] - 1))
    ((readers[other])) || tidy "$other"
  done
}

tidy() { # NUMBER: nobody needs its temporary files any more
  describe "$1"
  rm -rf -- "${temporary[@]}"
}

main() {
  local n other pid status
  plan
  total=0
  for ((n = 1; n <= jobs; n++)); do
    ((due[n])) || continue
    total=$((total + 1)) left[n]=0
    ((!dry)) || echo "${names[n]}"
    for other in ${needs[n]}; do
      readers[other]=$((${readers[other]-0} + 1))
      if ((due[other])); then left[n]=$((left[n] + 1)) waiting[other]+=" $n"; fi
    done
    readers[n]=${readers[n]-0}
  done
  if ((dry)); then return; fi
  can_start || return 1
  # Whatever becomes of this run: what is due now is due until it is done.
  for ((n = 1; n <= jobs; n++)); do
    ((due[n])) || continue
    describe "$n"
    rm -f -- "$mark"
  done
  for ((n = 1; n <= jobs; n++)); do
    if ((due[n] && left[n] == 0)); then make_ready "$n"; fi
  done
  set -m
  trap stop INT TERM HUP
  while ((first < ${#ready[@]} || ${#running[@]})); do
    if ((!failed || going)); then start_ready; fi
    ((${#running[@]})) || break
    wait -n
    for pid in "${!running[@]}"; do
      if kill -0 "$pid" 2> /dev/null; then continue; fi
      wait "$pid"
      status=$? n=${running[$pid]}
      unset "running[$pid]"
      ended "$n" "$status"
    done
  done
  say "$((finished - failed)) of $total jobs done$( ((!failed)) || echo ", $failed failed"); $((jobs - total)) were done already"
  ((finished == total && !failed))
}

# Two of these at once would write into each other's files. With `flock` the jobs hold the lock, too: where this died, they
# may still be at work. Without it, who died has left its number behind, and nobody has that.
lock() {
  mkdir -p -- "$state" || exit
  if command -v flock > /dev/null; then
    exec 9> "$state/lock"
    flock -n 9 || busy "$state/lock is held"
    return
  fi
  until mkdir -- "$state/lock.d" 2> /dev/null; do
    holder=$(cat -- "$state/lock.d/pid" 2> /dev/null)
    if [[ -z $holder ]] || kill -0 "$holder" 2> /dev/null; then busy "process ${holder:-unknown}, by $state/lock.d"; fi
    rm -rf -- "$state/lock.d"
  done
  echo "$$" > "$state/lock.d/pid"
}

busy() { # HOW IT IS KNOWN
  say "run.sh: another run, or a job that it left, is at work here ($1)"
  exit 1
}

unlock() {
  if [[ -d $state/lock.d ]]; then rm -rf -- "$state/lock.d"; fi
}

if ((dry)); then
  main
  exit
fi
lock
main
status=$?
unlock
exit "$status"
