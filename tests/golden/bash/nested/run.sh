#!/usr/bin/env bash
# outer
# Made by sncompile 0.1.0 from spec.yaml (ad85fdc91c8b).

if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi

# The caller's environment, without what changes how bash takes a script, or cannot be set.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |
  grep -zvE '^(UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_ARGC|BASH_ARGV|BASH_VERSINFO|_)=')
root=../.. state=ws/.sncompile/bash/outer jobs=15

job_1() { # prep/P1
  name=prep/P1 digest=ca0f4c56f61762e96f96a065be1fe186b9d9633e62115a1dc33da0ee91e05258
  outputs=(ws/prep/P1/o.x)
}
command_1() {
  command=(prep ws/prep/P1/o.x)
}

job_2() { # prep/P2
  name=prep/P2 digest=ccf1ec1886766aa70202daba83892b2e53ddf8cb2b8c91a0b26e4216dfade5d1
  outputs=(ws/prep/P2/o.x)
}
command_2() {
  command=(prep ws/prep/P2/o.x)
}

job_3() { # prep2/P1/A
  name=prep2/P1/A digest=68a72ecf686c5d5f1d9b697bbeb68d86142c731c4aeffc9ee42ca2cc2100b04f
  outputs=(ws/prep2/P1/A/o)
}
command_3() {
  command=(prep ws/prep2/P1/A/o)
}

job_4() { # prep2/P1/B
  name=prep2/P1/B digest=ca9f129d98d784447ad7d15436702b3ae8fb32c55d44d239c49c0264fbd18f45
  outputs=(ws/prep2/P1/B/o)
}
command_4() {
  command=(prep ws/prep2/P1/B/o)
}

job_5() { # prep2/P2/A
  name=prep2/P2/A digest=b13820a40818c2e8e447c2fe915b8fa039c0aae57b73af05173167a6464b2b6f
  outputs=(ws/prep2/P2/A/o)
}
command_5() {
  command=(prep ws/prep2/P2/A/o)
}

job_6() { # qc.count/P1/DNA
  name=qc.count/P1/DNA digest=55a12b2484b759e47d68d549f9973a88d284e4c712259695db81d67278233bbc
  after=(1 3 4)
  inputs=(ws/prep/P1/o.x ws/prep2/P1/A/o ws/prep2/P1/B/o)
  made=(ws/prep/P1/o.x 1 ws/prep2/P1/A/o 3 ws/prep2/P1/B/o 4)
  outputs=(ws/qc.count/P1/DNA/o.csv)
}
command_6() {
  command=(count DNA 3 ws/prep/P1/o.x ws/prep2/P1/A/o ws/prep2/P1/B/o ws/qc.count/P1/DNA/o.csv)
}

job_7() { # qc.count/P1/ER
  name=qc.count/P1/ER digest=480570df8c2e760204ab408dcf9a170db8c0c245fdd3e448376a9e5754d1de2c
  after=(1 3 4)
  inputs=(ws/prep/P1/o.x ws/prep2/P1/A/o ws/prep2/P1/B/o)
  made=(ws/prep/P1/o.x 1 ws/prep2/P1/A/o 3 ws/prep2/P1/B/o 4)
  outputs=(ws/qc.count/P1/ER/o.csv)
}
command_7() {
  command=(count ER 3 ws/prep/P1/o.x ws/prep2/P1/A/o ws/prep2/P1/B/o ws/qc.count/P1/ER/o.csv)
}

job_8() { # qc.count/P2/DNA
  name=qc.count/P2/DNA digest=724f09e22e851c6e885396dfabc90eb789ed63225b2e3304e0fce8a76dcb2292
  after=(2 5)
  inputs=(ws/prep/P2/o.x ws/prep2/P2/A/o)
  made=(ws/prep/P2/o.x 2 ws/prep2/P2/A/o 5)
  outputs=(ws/qc.count/P2/DNA/o.csv)
}
command_8() {
  command=(count DNA 3 ws/prep/P2/o.x ws/prep2/P2/A/o ws/qc.count/P2/DNA/o.csv)
}

job_9() { # qc.count/P2/ER
  name=qc.count/P2/ER digest=cc0a3576f7629d987b9f25fb973376b268a0f2ad4e0d62021469ab3574922cad
  after=(2 5)
  inputs=(ws/prep/P2/o.x ws/prep2/P2/A/o)
  made=(ws/prep/P2/o.x 2 ws/prep2/P2/A/o 5)
  outputs=(ws/qc.count/P2/ER/o.csv)
}
command_9() {
  command=(count ER 3 ws/prep/P2/o.x ws/prep2/P2/A/o ws/qc.count/P2/ER/o.csv)
}

job_10() { # qc.wellw/P1/A
  name=qc.wellw/P1/A digest=5f245e1f235e20e411982bfba2e5f392c3f1114ea602ad73dd322e2180f40f2e
  after=(6 7)
  inputs=(ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv)
  made=(ws/qc.count/P1/DNA/o.csv 6 ws/qc.count/P1/ER/o.csv 7)
  outputs=(ws/qc.wellw/P1/A/o)
}
command_10() {
  command=(w ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv ws/qc.wellw/P1/A/o)
}

job_11() { # qc.wellw/P1/B
  name=qc.wellw/P1/B digest=86488d957c3d8fe937fc03194c8595461c7bdea5dbedc2a1f369310d2cca2b21
  after=(6 7)
  inputs=(ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv)
  made=(ws/qc.count/P1/DNA/o.csv 6 ws/qc.count/P1/ER/o.csv 7)
  outputs=(ws/qc.wellw/P1/B/o)
}
command_11() {
  command=(w ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv ws/qc.wellw/P1/B/o)
}

job_12() { # qc.wellw/P2/A
  name=qc.wellw/P2/A digest=4c01486e655821d86b12d13b5f1495897e0b490fd3203c175a25def8b8165344
  after=(8 9)
  inputs=(ws/qc.count/P2/DNA/o.csv ws/qc.count/P2/ER/o.csv)
  made=(ws/qc.count/P2/DNA/o.csv 8 ws/qc.count/P2/ER/o.csv 9)
  outputs=(ws/qc.wellw/P2/A/o)
}
command_12() {
  command=(w ws/qc.count/P2/DNA/o.csv ws/qc.count/P2/ER/o.csv ws/qc.wellw/P2/A/o)
}

job_13() { # qc.rep/P1
  name=qc.rep/P1 digest=77cd467c279a3335770660e3cba4992e3f8149d14f2c682b069b814a950c004f
  after=(6 7 10 11)
  inputs=(ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv ws/qc.wellw/P1/A/o ws/qc.wellw/P1/B/o)
  made=(ws/qc.count/P1/DNA/o.csv 6 ws/qc.count/P1/ER/o.csv 7 ws/qc.wellw/P1/A/o 10 ws/qc.wellw/P1/B/o 11)
  outputs=(ws/qc.rep/P1/o)
}
command_13() {
  command=(rep ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv ws/qc.wellw/P1/A/o ws/qc.wellw/P1/B/o ws/qc.rep/P1/o)
}

job_14() { # qc.rep/P2
  name=qc.rep/P2 digest=e29df65452494f88e63533cb6c76c9cc45be36c4e6a88682ad31478ae5e092e2
  after=(8 9 12)
  inputs=(ws/qc.count/P2/DNA/o.csv ws/qc.count/P2/ER/o.csv ws/qc.wellw/P2/A/o)
  made=(ws/qc.count/P2/DNA/o.csv 8 ws/qc.count/P2/ER/o.csv 9 ws/qc.wellw/P2/A/o 12)
  outputs=(ws/qc.rep/P2/o)
}
command_14() {
  command=(rep ws/qc.count/P2/DNA/o.csv ws/qc.count/P2/ER/o.csv ws/qc.wellw/P2/A/o ws/qc.rep/P2/o)
}

job_15() { # done
  name=done digest=43aea2f7cbb986ac557197067e13d127b313b245c79c56ff0f7fc59c012e1927
  after=(6 7 8 9 13 14)
  inputs=(ws/qc.rep/P1/o ws/qc.rep/P2/o ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv ws/qc.count/P2/DNA/o.csv ws/qc.count/P2/ER/o.csv)
  made=(ws/qc.rep/P1/o 13 ws/qc.rep/P2/o 14 ws/qc.count/P1/DNA/o.csv 6 ws/qc.count/P1/ER/o.csv 7 ws/qc.count/P2/DNA/o.csv 8 ws/qc.count/P2/ER/o.csv 9)
  outputs=(ws/done/o)
}
command_15() {
  command=(fin ws/qc.rep/P1/o ws/qc.rep/P2/o ws/qc.count/P1/DNA/o.csv ws/qc.count/P1/ER/o.csv ws/qc.count/P2/DNA/o.csv ws/qc.count/P2/ER/o.csv ws/done/o)
}

functions='function floor(x) { return x == int(x) || x > 0 ? int(x) : int(x) - 1 }
function ceil(x) { return -floor(-x) }
function min(x, y) { return x < y ? x : y }
function max(x, y) { return x > y ? x : y }
function whole(x) { return x == 0 ? 0 : ceil(x - 1e-9) < 1 ? 1 : ceil(x - 1e-9) }
'

