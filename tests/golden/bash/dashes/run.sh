#!/usr/bin/env bash
# dashes
# Made by sncompile 0.1.0 from spec.yaml (4af007ebcf3d).

if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi

# The caller's environment, without what changes how bash takes a script, or cannot be set.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |
  grep -zvE '^(UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_ARGC|BASH_ARGV|BASH_VERSINFO|_)=')
root=../.. state=./-ws/.sncompile/bash/dashes jobs=6

job_1() { # one/1
  name=one/1 digest=483b6fe757de12253ba6c16b4426eb56f8560549225ae48726be5801cb3c01e1
  inputs=(./-a.txt)
  given=(./-a.txt)
  outputs=(./-ws/one/1/o)
}
command_1() {
  command=(cp ./-a.txt ./-ws/one/1/o)
}

job_2() { # one/%2D2
  name=one/%2D2 digest=e0a1da69a298c9eb9bfd2c9b0e1fe89f7f186d6c418b4ac8d861638bf6a45055
  inputs=(b.txt)
  given=(b.txt)
  outputs=(./-ws/one/%2D2/o)
}
command_2() {
  command=(cp b.txt ./-ws/one/%2D2/o)
}

job_3() { # two
  name=two digest=43001b332d85e9285300aeb202bb897bf599788bdca481135313e07ab66747e5
  inputs=(./-a.txt)
  given=(./-a.txt)
  outputs=(./-ws/two/o)
}
command_3() {
  command=(cp ./-a.txt ./-ws/two/o)
}

job_4() { # three/1
  name=three/1 digest=4c6f247bcfcab3099793975dfeaec02f9bbffb106673a5e195ff2bbe33cea9e6
  after=(1)
  inputs=(./-ws/one/1/o)
  made=(./-ws/one/1/o 1)
  outputs=(./-out/1.x)
}
command_4() {
  command=(cp ./-ws/one/1/o ./-out/1.x)
}

job_5() { # three/%2D2
  name=three/%2D2 digest=7e8f97be548113ca40ebeed0f67ac4e7f3da6162f330ffb0283b9a690910f6b8
  after=(2)
  inputs=(./-ws/one/%2D2/o)
  made=(./-ws/one/%2D2/o 2)
  outputs=(./-out/-2.x)
}
command_5() {
  command=(cp ./-ws/one/%2D2/o ./-out/-2.x)
}

job_6() { # all_of
  name=all_of digest=1c5f2afa2f673e056b25b4d0216ce2cdc503959dca395898e763e306b89b95c2
  inputs=(./-a.txt b.txt)
  given=(./-a.txt b.txt)
  outputs=(./-ws/all_of/o)
}
command_6() {
  command=(cat ./-a.txt b.txt ./-ws/all_of/o)
}

functions='function floor(x) { return x == int(x) || x > 0 ? int(x) : int(x) - 1 }
function ceil(x) { return -floor(-x) }
function min(x, y) { return x < y ? x : y }
function max(x, y) { return x > y ? x : y }
function whole(x) { return x == 0 ? 0 : ceil(x - 1e-9) < 1 ? 1 : ceil(x - 1e-9) }
'

