#!/usr/bin/env bash
# hand
# Made by sncompile 0.1.0 from spec.yaml (7858159a3dfd).

if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi

# The caller's environment, without what changes how bash takes a script, or cannot be set.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |
  grep -zvE '^(UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_ARGC|BASH_ARGV|BASH_VERSINFO|_)=')
root=../.. state='out dir/.sncompile/bash/hand' jobs=15

job_1() { # s1/x1/1
  name=s1/x1/1 digest=1924169203354d383d02467fe8f02998287d7db3db094dc16b5aea6c0e3605e5
  inputs=(in/x1/1.txt)
  given=(in/x1/1.txt)
  outputs=('out dir/s1/x1_1.txt' 'out dir/x1-1.idx')
  temporary=('out dir/x1-1.idx')
}
command_1() {
  command=(tool in/x1/1.txt 'out dir/s1/x1_1.txt' 'out dir/x1-1.idx')
}

job_2() { # s1/x1/2
  name=s1/x1/2 digest=8e177e84dc98214081e7164691eac410f22d516856dc0b2f9cddf7b79abe4aa5
  inputs=(in/x1/2.txt)
  given=(in/x1/2.txt)
  outputs=('out dir/s1/x1_2.txt' 'out dir/x1-2.idx')
  temporary=('out dir/x1-2.idx')
}
command_2() {
  command=(tool in/x1/2.txt 'out dir/s1/x1_2.txt' 'out dir/x1-2.idx')
}

job_3() { # s1/y_2/1
  name=s1/y_2/1 digest=c32263b259d581eeb4bfc7a962f80aaa87ef9703536729ce28d619dbb8278bef
  inputs=(in/y_2/1.txt)
  given=(in/y_2/1.txt)
  outputs=('out dir/s1/y_2_1.txt' 'out dir/y_2-1.idx')
  temporary=('out dir/y_2-1.idx')
}
command_3() {
  command=(tool in/y_2/1.txt 'out dir/s1/y_2_1.txt' 'out dir/y_2-1.idx')
}

job_4() { # s2/x1/1
  name=s2/x1/1 digest=54a088f41584edbda2a9712ba4f16ecc6a6fee934c3f20e6ed64f8ab702e1473
  after=(1)
  inputs=('out dir/s1/x1_1.txt')
  made=('out dir/s1/x1_1.txt' 1)
  outputs=('out dir/s1/x1_1.txt.1' 'out dir/s1/x1_1.txt.2')
}
command_4() {
  script='split '''"'"'out dir/s1/x1_1.txt'"'"''' '''"'"'out dir/s1/x1_1.txt.1'"'"''' '''"'"'out dir/s1/x1_1.txt.2'"'"''
}

job_5() { # s2/x1/2
  name=s2/x1/2 digest=cf2a09fd782a3806d7ad19c0945d8c40c0094e73c95fdd9fef06014645d7e6aa
  after=(2)
  inputs=('out dir/s1/x1_2.txt')
  made=('out dir/s1/x1_2.txt' 2)
  outputs=('out dir/s1/x1_2.txt.1' 'out dir/s1/x1_2.txt.2')
}
command_5() {
  script='split '''"'"'out dir/s1/x1_2.txt'"'"''' '''"'"'out dir/s1/x1_2.txt.1'"'"''' '''"'"'out dir/s1/x1_2.txt.2'"'"''
}

job_6() { # s2/y_2/1
  name=s2/y_2/1 digest=0f59140b97430c27492b40eb55362a70b158c31b4c815197658c7836695de5ff
  after=(3)
  inputs=('out dir/s1/y_2_1.txt')
  made=('out dir/s1/y_2_1.txt' 3)
  outputs=('out dir/s1/y_2_1.txt.1' 'out dir/s1/y_2_1.txt.2')
}
command_6() {
  script='split '''"'"'out dir/s1/y_2_1.txt'"'"''' '''"'"'out dir/s1/y_2_1.txt.1'"'"''' '''"'"'out dir/s1/y_2_1.txt.2'"'"''
}

job_7() { # s3/x1
  name=s3/x1 digest=68714bc8ed899231e45549837ff46c376054ba780e29f80c8defec06b3008ed9
  after=(4 5)
  inputs=('out dir/s1/x1_1.txt.1' 'out dir/s1/x1_1.txt.2' 'out dir/s1/x1_2.txt.1' 'out dir/s1/x1_2.txt.2')
  made=('out dir/s1/x1_1.txt.1' 4 'out dir/s1/x1_1.txt.2' 4 'out dir/s1/x1_2.txt.1' 5 'out dir/s1/x1_2.txt.2' 5)
  outputs=('out dir/X1/x1.txt')
  protected=('out dir/X1/x1.txt')
}
command_7() {
  script='inputs_i=('''"'"'out dir/s1/x1_1.txt.1'"'"''' '''"'"'out dir/s1/x1_1.txt.2'"'"''' '''"'"'out dir/s1/x1_2.txt.1'"'"''' '''"'"'out dir/s1/x1_2.txt.2'"'"''')
outputs_o='''"'"'out dir/X1/x1.txt'"'"'''
cat ${inputs_i[@]+"${inputs_i[@]}"} > "${outputs_o}"; echo "x ${inputs_i[@]-} y" '"'"''"'"'"${outputs_o}"'"'"''"'"''
}

job_8() { # s3/y_2
  name=s3/y_2 digest=78597f053b6b2b2a15e89f3b94497939fb05c1380336f4dacb658fc9bd02185a
  after=(6)
  inputs=('out dir/s1/y_2_1.txt.1' 'out dir/s1/y_2_1.txt.2')
  made=('out dir/s1/y_2_1.txt.1' 6 'out dir/s1/y_2_1.txt.2' 6)
  outputs=('out dir/Y_2/y_2.txt')
  protected=('out dir/Y_2/y_2.txt')
}
command_8() {
  script='inputs_i=('''"'"'out dir/s1/y_2_1.txt.1'"'"''' '''"'"'out dir/s1/y_2_1.txt.2'"'"''')
outputs_o='''"'"'out dir/Y_2/y_2.txt'"'"'''
cat ${inputs_i[@]+"${inputs_i[@]}"} > "${outputs_o}"; echo "x ${inputs_i[@]-} y" '"'"''"'"'"${outputs_o}"'"'"''"'"''
}

job_9() { # s4/1
  name=s4/1 digest=acd1f2d3cb3fc4baa7739867e69bed3087e9de44e191e02fe54b6ca919d35994
  after=(4 6)
  inputs=('out dir/s1/x1_1.txt.1' 'out dir/s1/x1_1.txt.2' 'out dir/s1/y_2_1.txt.1' 'out dir/s1/y_2_1.txt.2')
  made=('out dir/s1/x1_1.txt.1' 4 'out dir/s1/x1_1.txt.2' 4 'out dir/s1/y_2_1.txt.1' 6 'out dir/s1/y_2_1.txt.2' 6)
}
command_9() {
  command=(tool 'out dir/s1/x1_1.txt.1' 'out dir/s1/x1_1.txt.2' 'out dir/s1/y_2_1.txt.1' 'out dir/s1/y_2_1.txt.2')
}

job_10() { # s4/2
  name=s4/2 digest=f00272902fbd1395ecedb78c8eae3e4fac834ebb344f5bd4e167ef9e47efbd20
  after=(5)
  inputs=('out dir/s1/x1_2.txt.1' 'out dir/s1/x1_2.txt.2')
  made=('out dir/s1/x1_2.txt.1' 5 'out dir/s1/x1_2.txt.2' 5)
}
command_10() {
  command=(tool 'out dir/s1/x1_2.txt.1' 'out dir/s1/x1_2.txt.2')
}

job_11() { # s5
  name=s5 digest=e7dca731749a5c0e72331ee176cc7dcf66b0c570c8a7599b8d92e1b56cc2d284
  after=(7 8 9 10)
  inputs=('out dir/X1/x1.txt')
  made=('out dir/X1/x1.txt' 7)
  outputs=('out dir/s5/o')
}
command_11() {
  command=(tool 'out dir/X1/x1.txt' 'out dir/s5/o')
}

job_12() { # s6/1
  name=s6/1 digest=25bd65a18e7bd8e07625893e93a850e4cc8af3f3c54f528a74209369583e6482
  after=(11)
  inputs=(const.txt 'out dir/s5/o')
  made=('out dir/s5/o' 11)
  given=(const.txt)
  outputs=('out dir/s6/1/o')
}
command_12() {
  command=(tool const.txt 'out dir/s5/o' 'out dir/s6/1/o')
}

job_13() { # s6/2
  name=s6/2 digest=e53d2b2bd7d92b7e8dda3d1b4d303f211f21c5408b612615bf09e47458f998f3
  after=(11)
  inputs=(const.txt 'out dir/s5/o')
  made=('out dir/s5/o' 11)
  given=(const.txt)
  outputs=('out dir/s6/2/o')
}
command_13() {
  command=(tool const.txt 'out dir/s5/o' 'out dir/s6/2/o')
}

job_14() { # s7/1
  name=s7/1 digest=c15f2733d2d935592dc07dce12fc40dd4a8f7ad638c1f6113c9c59b58e9ccf30
  after=(4 6 12)
  inputs=(const.txt 'out dir/s1/x1_1.txt.1' 'out dir/s1/x1_1.txt.2' 'out dir/s1/y_2_1.txt.1' 'out dir/s1/y_2_1.txt.2' 'out dir/s6/1/o')
  made=('out dir/s1/x1_1.txt.1' 4 'out dir/s1/x1_1.txt.2' 4 'out dir/s1/y_2_1.txt.1' 6 'out dir/s1/y_2_1.txt.2' 6 'out dir/s6/1/o' 12)
  given=(const.txt)
  outputs=('out dir/s7/1/o')
}
command_14() {
  command=(tool const.txt 'out dir/s1/x1_1.txt.1' 'out dir/s1/x1_1.txt.2' 'out dir/s1/y_2_1.txt.1' 'out dir/s1/y_2_1.txt.2' 'out dir/s6/1/o' 'out dir/s7/1/o')
}

job_15() { # s7/2
  name=s7/2 digest=9af16a3916ea970879bef9bb54c0601c2bbff2f614d166f0a19188365b85c17b
  after=(5 13)
  inputs=(const.txt 'out dir/s1/x1_2.txt.1' 'out dir/s1/x1_2.txt.2' 'out dir/s6/2/o')
  made=('out dir/s1/x1_2.txt.1' 5 'out dir/s1/x1_2.txt.2' 5 'out dir/s6/2/o' 13)
  given=(const.txt)
  outputs=('out dir/s7/2/o')
}
command_15() {
  command=(tool const.txt 'out dir/s1/x1_2.txt.1' 'out dir/s1/x1_2.txt.2' 'out dir/s6/2/o' 'out dir/s7/2/o')
}

functions='function floor(x) { return x == int(x) || x > 0 ? int(x) : int(x) - 1 }
function ceil(x) { return -floor(-x) }
function min(x, y) { return x < y ? x : y }
function max(x, y) { return x > y ? x : y }
function whole(x) { return x == 0 ? 0 : ceil(x - 1e-9) < 1 ? 1 : ceil(x - 1e-9) }
'

