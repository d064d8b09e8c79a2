#!/usr/bin/env bash
# variants: Variant calling from short reads
# Made by sncompile 0.1.0 from variants.yaml (61dfaf862e0c).

if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi

# The caller's environment, without what changes how bash takes a script, or cannot be set.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |
  grep -zvE '^(UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_ARGC|BASH_ARGV|BASH_VERSINFO|_)=')
root=../.. state=results/.sncompile/bash/variants jobs=18

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

