
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

if [[ -z ${BASH_SOURCE[0]-} ]]; then
  echo "run.sh: run it by its name; read from elsewhere it does not know where it stands" >&2
  exit 2
fi
here=${BASH_SOURCE[0]}
while [[ -L $here ]]; do
  link=$(readlink -- "$here")
  if [[ $link != /* ]]; then link=$(dirname -- "$here")/$link; fi
  here=$link
done
here=$(cd -- "$(dirname -- "$here")" && pwd -P) || exit
cd -- "$here/$root" || exit

# The file by which a directory that a job made is known; Snakemake has the same.
made_by_job=.snakemake_timestamp

is_set() { # NAME: whether the caller has set a variable
  local each
  for each in "${sncompile_environment[@]}"; do
    [[ $each != "$1="* ]] || return 0
  done
  return 1
}

say() { printf '%s\n' "$*" >&2; }

# Sets what is said of a job: its name, its files, and what it waits for.
describe() {
  after=() inputs=() values=() made=() given=() outputs=() folders=() temporary=() protected=() create=()
  variables=() secrets=() optional=() checks=() command=() script='' cpus=1 retries=0 priority=0 number=$1
  "job_$1"
  if ((cpus > cores)); then cpus=$cores; fi
  mark=$state/jobs/$name.done begun=$state/jobs/$name.begun started_at=$state/jobs/$name.start log=$state/jobs/$name.log
}

# --- What has to run --------------------------------------------------------------------------------------------------

# Whether the job that is described is done: as it is now, with all that it is to leave, and after all that it reads.
is_done() {
  local path
  [[ -f $mark && $(< "$mark") == "$(as_done)" ]] || return
  for path in "${outputs[@]}"; do
    [[ -e $path ]] || is_among "$path" "${temporary[@]}" "${optional[@]}" || return
  done
  for path in "${inputs[@]}" "${values[@]}"; do
    ! [[ $path -nt $mark ]] || return
  done
}

# What the mark of the job holds where it is done: its digest, and which outputs are there of those that need not be.
as_done() {
  local path
  printf %s "$digest"
  for path in "${optional[@]}"; do
    if [[ -e $path ]]; then printf ' 1'; else printf ' 0'; fi
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
    for path in "${outputs[@]}"; do
      if [[ -d $path && ! -e $begun && ! -e $path/$made_by_job && -n $(ls -A -- "$path") ]]; then
        say "$name writes $path, where a directory is that was made by no job; move it away" && missing=1
      fi
    done
    for path in "${protected[@]}"; do
      if [[ -e $path ]]; then say "$name would write $path again, which is protected; delete it first" && missing=1; fi
    done
    for path in "${secrets[@]}"; do
      if ! is_set "$path"; then say "$name needs the variable $path, which is not set" && missing=1; fi
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
  # A script may be longer than an argument can be.
  printf '%s\n' "$script" > "$begun"
  if ((${#command[@]})); then
    (become -c '"$@"' bash "${command[@]}")
  else
    (become -- "$begun")
  fi
  for path in "${outputs[@]}"; do
    if [[ ! -e $path ]] && is_among "$path" "${optional[@]}"; then continue; fi
    [[ -e $path ]] || fail "the output $path is not there"
    if is_among "$path" "${folders[@]}"; then
      [[ -d $path ]] || fail "the output $path is no directory"
      : > "$path/$made_by_job"
    else
      [[ ! -d $path ]] || fail "the output $path is a directory, and not a file"
    fi
  done
  for ((i = 0; i < ${#checks[@]}; i += 3)); do check "${checks[@]:i:3}"; done
  for path in "${protected[@]}"; do chmod -R a-w -- "$path"; done
}

# A list for the command, in a file: it may be longer than a command line can be.
list() { # PATH FORMAT ITEM…
  local path=$1 form=$2
  shift 2
  mkdir -p -- "$(dirname -- "$path")"
  if (($#)); then printf "$form" "$@" > "$path"; else : > "$path"; fi
}

# Sets a variable to those of some files that are there, each with what stands before it, or what stands before all.
there() { # NAME BEFORE LEAD PATH…
  local -n sncompile_found=$1
  local before=$2 lead=$3 path
  shift 3
  sncompile_found=()
  for path; do
    if [[ -e $path ]]; then sncompile_found+=(${before:+"$before"} "$path"); fi
  done
  if [[ -n $lead ]] && ((${#sncompile_found[@]})); then sncompile_found=("$lead" "${sncompile_found[@]}"); fi
}

# Adds a member to the text of a JSON object: a file, or a list of files, of those that are there.
add_member() { # NAME KEY IS_LIST PATH JSON…
  local -n sncompile_object=$1
  local key=$2 many=$3 items=
  shift 3
  while (($#)); do
    if [[ -e $1 ]]; then items+="${items:+, }$2"; fi
    shift 2
  done
  if ((many)); then items="[$items]"; fi
  if [[ -n $items ]]; then sncompile_object+="${sncompile_object:+, }$key: $items"; fi
}

# Sets a variable to what stands in a file that a step wrote for its value, without one line break at the end.
content() { # NAME PATH
  local -n sncompile_content=$1
  [[ -f $2 ]] || fail "$2 is not there"
  IFS= read -r -d '' sncompile_content < "$2" || true
  sncompile_content=${sncompile_content%$'\n'}
}

# The same for several files, each with what stands before it.
contents() { # NAME BEFORE PATH…
  local -n sncompile_contents=$1
  local before=$2 path text
  shift 2
  sncompile_contents=()
  for path; do
    content text "$path"
    sncompile_contents+=(${before:+"$before"} "$text")
  done
}

# A number that stands in a file; 1 for what is true, and 0 for what is not. Nothing else gets into a computation.
numeral() { # PATH
  local text
  content text "$1"
  if [[ $text == true ]]; then text=1; elif [[ $text == false ]]; then text=0; fi
  [[ $text =~ ^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$ ]] || fail "$1 holds no number"
  printf %s "$text"
}

# Words as a script has them.
words() {
  local word all=
  for word; do # Numbers and booleans stand as they are: they may be inside of quotes, a here-document or `$((…))`.
    if [[ $word =~ ^(-?[0-9][0-9.eE+-]*|true|false)$ ]]; then all+=" $word"; else all+=" ${word@Q}"; fi
  done
  printf %s "${all# }"
}

# Runs bash in the place of this shell, with the caller's environment and what the spec says. What this script has set is
# its own; and no value is ever an argument, which others could see.
become() {
  local sncompile_bash=$BASH sncompile_each
  for sncompile_each in "${sncompile_environment[@]}" "${variables[@]}"; do
    unset -v "${sncompile_each%%=*}"  # A list could not be handed on.
    export "${sncompile_each?}"
  done
  exec "$sncompile_bash" -euo pipefail "$@"
}

check() { # WHAT PATH WANTED
  local found
  if [[ ! -e $2 ]]; then return; fi
  case $1 in
    non_empty)
      if [[ -d $2 ]]; then found=$(ls -A -- "$2" | grep -vxF "$made_by_job" || true); else found=$(head -c 1 -- "$2" | wc -c) found=${found//[ 0]/}; fi
      [[ -n $found ]] || fail "the output $2 is empty"
      ;;
    sha256)
      found=$(sha256sum < "$2")
      [[ ${found%% *} == "$3" ]] || fail "the output $2 has not the sum $3"
      ;;
    value)
      is_value "$3" "$2" || fail "the output $2 holds no value of the type $3"
      ;;
    min_files)
      found=$(find "$(plain "$2")" -type f ! -name "$made_by_job" | wc -l)
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

# A number that is known when the job is about to run; what comes to none is a failure.
amount() {
  local found
  found=$(awk "$functions"'
    BEGIN { printf "%.0f", '"$1"' }') && [[ $found =~ ^-?[0-9]+$ ]] && printf %s "$found"
}

work() { # NUMBER
  local attempt status=1
  describe "$1"
  mkdir -p -- "$(dirname -- "$mark")"
  rm -f -- "$mark"
  : > "$begun"
  : > "$started_at"
  if [[ -d $state/lock.d ]]; then : > "$state/lock.d/job.$BASHPID"; fi
  for ((attempt = 1; attempt <= retries + 1; attempt++)); do
    (set -e; attempt_it) &> "$log" < /dev/null
    status=$?
    if ((status == 0)); then
      # What is read may change while the job runs: the mark is as old as its start.
      as_done > "$mark.new" && echo >> "$mark.new" && touch -r "$started_at" -- "$mark.new" && mv -- "$mark.new" "$mark"
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
    say "$name failed ($2); its log is $log"
    tail -c 4000 -- "$log" | tail -n 20 | LC_ALL=C tr -d '\000-\010\013-\037\177' | sed 's/^/  | /' >&2
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
  # Of an earlier run that was ended some may be left.
  if ((finished == total && !failed)); then
    for ((n = 1; n <= jobs; n++)); do tidy "$n"; done
  fi
  say "$((finished - failed)) of $total jobs done$( ((!failed)) || echo ", $failed failed"); $((jobs - total)) were done already"
  ((finished == total && !failed))
}

# Two of these at once would write into each other's files. With `flock` the jobs hold the lock, too: where this died, they
# may still be at work. Without it, who died has left its number behind, and nobody has that.
lock() {
  mkdir -p -- "$state" || exit
  if command -v flock > /dev/null; then
    exec 9> "$state/lock"
    flock -n 9 || busy "$state/lock is held, perhaps by a process that a job has left"
    return
  fi
  until mkdir -- "$state/lock.d" 2> /dev/null; do
    holder=$(cat -- "$state/lock.d/pid" 2> /dev/null)
    [[ -n $holder ]] || sleep 1
    for holder in ${holder:-$(cat -- "$state/lock.d/pid" 2> /dev/null)} "$state"/lock.d/job.*; do
      holder=${holder##*.}
      if [[ $holder != "*" ]] && kill -0 "$holder" 2> /dev/null; then
        busy "process $holder; if that is neither, delete $state/lock.d"
      fi
    done
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
