#!/usr/bin/env bash
# variants: Variant calling from short reads
# Made by sncompile 0.1.0 from variants.yaml (61dfaf862e0c).

# The caller's environment, without what changes how bash takes a script.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0)
root=../.. state=results/.sncompile/bash jobs=18

job_1() { # reference
  name=reference digest=75d68cdafc53b969c34a57020a4489f255ac863520b50404770abce8c66afd0f
  outputs=(results/reference/genome.fasta)
}
command_1() {
  command=(python build/variants/files/reference/reference.py --length 25000 --seed 1 --gc-content 0.42 --out results/reference/genome.fasta chr1 chr2)
}

job_2() { # index_reference
  name=index_reference digest=123ec8838a58a4f474fe6556e2fdae93a9c9753b5dc3d7bdf2e0228ab8d69e9d
  after=(1)
  inputs=(results/reference/genome.fasta)
  made=(results/reference/genome.fasta 1)
  outputs=(results/reference/genome.fasta.amb results/reference/genome.fasta.ann results/reference/genome.fasta.bwt results/reference/genome.fasta.pac results/reference/genome.fasta.sa results/reference/genome.fasta.fai)
}
command_2() {
  script='bwa index 'results/reference/genome.fasta'
samtools faidx 'results/reference/genome.fasta'
'
}

job_3() { # simulate/ash
  name=simulate/ash digest=844b013e89c20367c98c6c14d1dcd4987eea5a7b1a33fe63a65660b2dcc386db
  after=(1)
  inputs=(results/reference/genome.fasta)
  made=(results/reference/genome.fasta 1)
  outputs=(results/simulate/ash/reads_1.fastq results/simulate/ash/reads_2.fastq results/simulate/ash/mutations.wgsim.tsv)
  temporary=(results/simulate/ash/reads_1.fastq results/simulate/ash/reads_2.fastq)
}
command_3() {
  script='wgsim -S '11' -N '5000' -d '400' \
  -1 '100' -2 '100' -e '0.005' \
  -r '0.002' -R '0.15' \
  'results/reference/genome.fasta' 'results/simulate/ash/reads_1.fastq' 'results/simulate/ash/reads_2.fastq' > 'results/simulate/ash/mutations.wgsim.tsv'
'
}

job_4() { # simulate/birch
  name=simulate/birch digest=582801c6bd7626b478e26739e109770b56b2e5fa2db1bf18f9101e882a34b6a5
  after=(1)
  inputs=(results/reference/genome.fasta)
  made=(results/reference/genome.fasta 1)
  outputs=(results/simulate/birch/reads_1.fastq results/simulate/birch/reads_2.fastq results/simulate/birch/mutations.wgsim.tsv)
  temporary=(results/simulate/birch/reads_1.fastq results/simulate/birch/reads_2.fastq)
}
command_4() {
  script='wgsim -S '22' -N '7500' -d '400' \
  -1 '100' -2 '100' -e '0.005' \
  -r '0.003' -R '0.15' \
  'results/reference/genome.fasta' 'results/simulate/birch/reads_1.fastq' 'results/simulate/birch/reads_2.fastq' > 'results/simulate/birch/mutations.wgsim.tsv'
'
}

job_5() { # simulate/cedar
  name=simulate/cedar digest=6d0aee46c2856866824367b23bcdc6a148ce07817be9d6cc66159407bc8f0e1b
  after=(1)
  inputs=(results/reference/genome.fasta)
  made=(results/reference/genome.fasta 1)
  outputs=(results/simulate/cedar/reads_1.fastq results/simulate/cedar/reads_2.fastq results/simulate/cedar/mutations.wgsim.tsv)
  temporary=(results/simulate/cedar/reads_1.fastq results/simulate/cedar/reads_2.fastq)
}
command_5() {
  script='wgsim -S '33' -N '10000' -d '400' \
  -1 '100' -2 '100' -e '0.005' \
  -r '0.001' -R '0.15' \
  'results/reference/genome.fasta' 'results/simulate/cedar/reads_1.fastq' 'results/simulate/cedar/reads_2.fastq' > 'results/simulate/cedar/mutations.wgsim.tsv'
'
}

job_6() { # align/ash
  name=align/ash digest=9cead9d41b8167b37390ae174b4266e07ebdd23a9b85b93807a552708cf3ce16
  after=(1 2 3)
  inputs=(results/reference/genome.fasta results/reference/genome.fasta.amb results/reference/genome.fasta.ann results/reference/genome.fasta.bwt results/reference/genome.fasta.pac results/reference/genome.fasta.sa results/simulate/ash/reads_1.fastq results/simulate/ash/reads_2.fastq)
  made=(results/reference/genome.fasta 1 results/reference/genome.fasta.amb 2 results/reference/genome.fasta.ann 2 results/reference/genome.fasta.bwt 2 results/reference/genome.fasta.pac 2 results/reference/genome.fasta.sa 2 results/simulate/ash/reads_1.fastq 3 results/simulate/ash/reads_2.fastq 3)
  outputs=(results/align/ash/alignment.bam)
  cpus=2
  retries=2
}
command_6() {
  script='bwa mem -t '"$cpus"' -K 10000000 \
  -R '"'"'@RG\tID:'"'"''ash''"'"'\tSM:'"'"''ash''"'"'\tPL:ILLUMINA'"'"' \
  'results/reference/genome.fasta' 'results/simulate/ash/reads_1.fastq' 'results/simulate/ash/reads_2.fastq' \
| sed '"'"'/^@PG\t/d'"'"' \
| samtools sort --no-PG -@ '"$cpus"' -m 256M -O bam -o 'results/align/ash/alignment.bam' -
'
}

job_7() { # align/birch
  name=align/birch digest=c7cde2a580a88160a29cedf02b98a29e203d0a25ec296afe52c7ba4440ac99c4
  after=(1 2 4)
  inputs=(results/reference/genome.fasta results/reference/genome.fasta.amb results/reference/genome.fasta.ann results/reference/genome.fasta.bwt results/reference/genome.fasta.pac results/reference/genome.fasta.sa results/simulate/birch/reads_1.fastq results/simulate/birch/reads_2.fastq)
  made=(results/reference/genome.fasta 1 results/reference/genome.fasta.amb 2 results/reference/genome.fasta.ann 2 results/reference/genome.fasta.bwt 2 results/reference/genome.fasta.pac 2 results/reference/genome.fasta.sa 2 results/simulate/birch/reads_1.fastq 4 results/simulate/birch/reads_2.fastq 4)
  outputs=(results/align/birch/alignment.bam)
  cpus=2
  retries=2
}
command_7() {
  script='bwa mem -t '"$cpus"' -K 10000000 \
  -R '"'"'@RG\tID:'"'"''birch''"'"'\tSM:'"'"''birch''"'"'\tPL:ILLUMINA'"'"' \
  'results/reference/genome.fasta' 'results/simulate/birch/reads_1.fastq' 'results/simulate/birch/reads_2.fastq' \
| sed '"'"'/^@PG\t/d'"'"' \
| samtools sort --no-PG -@ '"$cpus"' -m 256M -O bam -o 'results/align/birch/alignment.bam' -
'
}

job_8() { # align/cedar
  name=align/cedar digest=9bb9b931429561f42b58cd786e23cf5d4b6185b86dd9289600b7bc165b55437a
  after=(1 2 5)
  inputs=(results/reference/genome.fasta results/reference/genome.fasta.amb results/reference/genome.fasta.ann results/reference/genome.fasta.bwt results/reference/genome.fasta.pac results/reference/genome.fasta.sa results/simulate/cedar/reads_1.fastq results/simulate/cedar/reads_2.fastq)
  made=(results/reference/genome.fasta 1 results/reference/genome.fasta.amb 2 results/reference/genome.fasta.ann 2 results/reference/genome.fasta.bwt 2 results/reference/genome.fasta.pac 2 results/reference/genome.fasta.sa 2 results/simulate/cedar/reads_1.fastq 5 results/simulate/cedar/reads_2.fastq 5)
  outputs=(results/align/cedar/alignment.bam)
  cpus=2
  retries=2
}
command_8() {
  script='bwa mem -t '"$cpus"' -K 10000000 \
  -R '"'"'@RG\tID:'"'"''cedar''"'"'\tSM:'"'"''cedar''"'"'\tPL:ILLUMINA'"'"' \
  'results/reference/genome.fasta' 'results/simulate/cedar/reads_1.fastq' 'results/simulate/cedar/reads_2.fastq' \
| sed '"'"'/^@PG\t/d'"'"' \
| samtools sort --no-PG -@ '"$cpus"' -m 256M -O bam -o 'results/align/cedar/alignment.bam' -
'
}

job_9() { # index_bam/ash
  name=index_bam/ash digest=2877846e2355893881e24c3b5c77035a1ae14ec33805d49c94cc81142a376877
  after=(6)
  inputs=(results/align/ash/alignment.bam)
  made=(results/align/ash/alignment.bam 6)
  outputs=(results/align/ash/alignment.bam.bai)
}
command_9() {
  command=(samtools index results/align/ash/alignment.bam results/align/ash/alignment.bam.bai)
}

job_10() { # index_bam/birch
  name=index_bam/birch digest=720a257810c9d8a42bd36b8986c63d2a3ee60f874514a747522f42acf7e87f54
  after=(7)
  inputs=(results/align/birch/alignment.bam)
  made=(results/align/birch/alignment.bam 7)
  outputs=(results/align/birch/alignment.bam.bai)
}
command_10() {
  command=(samtools index results/align/birch/alignment.bam results/align/birch/alignment.bam.bai)
}

job_11() { # index_bam/cedar
  name=index_bam/cedar digest=b1f38006a82a8fe21858c9210471e0ce75816f6b7767b62d812a24696e7e29a2
  after=(8)
  inputs=(results/align/cedar/alignment.bam)
  made=(results/align/cedar/alignment.bam 8)
  outputs=(results/align/cedar/alignment.bam.bai)
}
command_11() {
  command=(samtools index results/align/cedar/alignment.bam results/align/cedar/alignment.bam.bai)
}

job_12() { # call/chr1
  name=call/chr1 digest=3efb37c1e63525aab9568b58dc9151c1b919f82192e3f830570b2c0c35212c39
  after=(1 2 6 7 8 9 10 11)
  inputs=(results/reference/genome.fasta results/reference/genome.fasta.fai results/align/ash/alignment.bam results/align/birch/alignment.bam results/align/cedar/alignment.bam results/align/ash/alignment.bam.bai results/align/birch/alignment.bam.bai results/align/cedar/alignment.bam.bai)
  made=(results/reference/genome.fasta 1 results/reference/genome.fasta.fai 2 results/align/ash/alignment.bam 6 results/align/birch/alignment.bam 7 results/align/cedar/alignment.bam 8 results/align/ash/alignment.bam.bai 9 results/align/birch/alignment.bam.bai 10 results/align/cedar/alignment.bam.bai 11)
  outputs=(results/call/chr1/variants.vcf.gz)
}
command_12() {
  script='bcftools mpileup --no-version --regions 'chr1' \
  --min-MQ '20' --fasta-ref 'results/reference/genome.fasta' \
  --output-type u 'results/align/ash/alignment.bam' 'results/align/birch/alignment.bam' 'results/align/cedar/alignment.bam' \
| bcftools call --no-version --multiallelic-caller --variants-only --output-type u \
| bcftools view --no-version --include '"'"'QUAL >= '"'"''20' \
  --output-type z --output 'results/call/chr1/variants.vcf.gz'
'
}

job_13() { # call/chr2
  name=call/chr2 digest=332a3690c6f87a868478b193134103da046adbcdb850ccf2c81c0a1e35314c2e
  after=(1 2 6 7 8 9 10 11)
  inputs=(results/reference/genome.fasta results/reference/genome.fasta.fai results/align/ash/alignment.bam results/align/birch/alignment.bam results/align/cedar/alignment.bam results/align/ash/alignment.bam.bai results/align/birch/alignment.bam.bai results/align/cedar/alignment.bam.bai)
  made=(results/reference/genome.fasta 1 results/reference/genome.fasta.fai 2 results/align/ash/alignment.bam 6 results/align/birch/alignment.bam 7 results/align/cedar/alignment.bam 8 results/align/ash/alignment.bam.bai 9 results/align/birch/alignment.bam.bai 10 results/align/cedar/alignment.bam.bai 11)
  outputs=(results/call/chr2/variants.vcf.gz)
}
command_13() {
  script='bcftools mpileup --no-version --regions 'chr2' \
  --min-MQ '20' --fasta-ref 'results/reference/genome.fasta' \
  --output-type u 'results/align/ash/alignment.bam' 'results/align/birch/alignment.bam' 'results/align/cedar/alignment.bam' \
| bcftools call --no-version --multiallelic-caller --variants-only --output-type u \
| bcftools view --no-version --include '"'"'QUAL >= '"'"''20' \
  --output-type z --output 'results/call/chr2/variants.vcf.gz'
'
}

job_14() { # concatenate
  name=concatenate digest=a246f7fea3916d490aee90c35f97239e88291b29ca7ff5e0a1e9111cc6f961e9
  after=(12 13)
  inputs=(results/call/chr1/variants.vcf.gz results/call/chr2/variants.vcf.gz)
  made=(results/call/chr1/variants.vcf.gz 12 results/call/chr2/variants.vcf.gz 13)
  outputs=(results/concatenate/variants.vcf.gz)
}
command_14() {
  command=(bcftools concat --no-version --output-type z --output results/concatenate/variants.vcf.gz results/call/chr1/variants.vcf.gz results/call/chr2/variants.vcf.gz)
}

job_15() { # compare/ash
  name=compare/ash digest=c501e198a0a181fc4ed93cb617c6cadfe422f7352e237e44755577002f8bcbb8
  after=(3 14)
  inputs=(results/concatenate/variants.vcf.gz results/simulate/ash/mutations.wgsim.tsv)
  made=(results/concatenate/variants.vcf.gz 14 results/simulate/ash/mutations.wgsim.tsv 3)
  outputs=(results/compare/ash/comparison.tsv)
}
command_15() {
  command=(python build/variants/files/compare/compare.py --sample ash --slack 10 --mutations results/simulate/ash/mutations.wgsim.tsv --variants results/concatenate/variants.vcf.gz --out results/compare/ash/comparison.tsv)
}

job_16() { # compare/birch
  name=compare/birch digest=b568e909097643f2b195d4355bd312b2474597ec78158c3707e2ae306147ac57
  after=(4 14)
  inputs=(results/concatenate/variants.vcf.gz results/simulate/birch/mutations.wgsim.tsv)
  made=(results/concatenate/variants.vcf.gz 14 results/simulate/birch/mutations.wgsim.tsv 4)
  outputs=(results/compare/birch/comparison.tsv)
}
command_16() {
  command=(python build/variants/files/compare/compare.py --sample birch --slack 10 --mutations results/simulate/birch/mutations.wgsim.tsv --variants results/concatenate/variants.vcf.gz --out results/compare/birch/comparison.tsv)
}

job_17() { # compare/cedar
  name=compare/cedar digest=aff28a405d43fce8b3917774f44d3c15dc7c0031575209af1887bfd9b464fdf5
  after=(5 14)
  inputs=(results/concatenate/variants.vcf.gz results/simulate/cedar/mutations.wgsim.tsv)
  made=(results/concatenate/variants.vcf.gz 14 results/simulate/cedar/mutations.wgsim.tsv 5)
  outputs=(results/compare/cedar/comparison.tsv)
}
command_17() {
  command=(python build/variants/files/compare/compare.py --sample cedar --slack 10 --mutations results/simulate/cedar/mutations.wgsim.tsv --variants results/concatenate/variants.vcf.gz --out results/compare/cedar/comparison.tsv)
}

job_18() { # plot
  name=plot digest=0efcf7928b4da724e9175875c26f7623ea68298c102d892c210fdd586f36c7e3
  after=(2 15 16 17)
  inputs=(results/compare/ash/comparison.tsv results/compare/birch/comparison.tsv results/compare/cedar/comparison.tsv results/reference/genome.fasta.fai)
  made=(results/compare/ash/comparison.tsv 15 results/compare/birch/comparison.tsv 16 results/compare/cedar/comparison.tsv 17 results/reference/genome.fasta.fai 2)
  outputs=(results/plot/figure.svg results/plot/summary.tsv)
}
command_18() {
  command=(python build/variants/files/plot/plot.py --title 'Called variants of 3 samples' --sample ash --sample birch --sample cedar --genome-index results/reference/genome.fasta.fai --figure results/plot/figure.svg --summary results/plot/summary.tsv results/compare/ash/comparison.tsv results/compare/birch/comparison.tsv results/compare/cedar/comparison.tsv)
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
