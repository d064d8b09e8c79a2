#!/usr/bin/env bash
# nonrect
# Made by sncompile 0.1.0 from spec.yaml (32c5a5e8c78f).

if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi

# The caller's environment, without what changes how bash takes a script, or cannot be set.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |
  grep -zvE '^(UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_ARGC|BASH_ARGV|BASH_VERSINFO|_)=')
root=../.. state=results/.sncompile/bash/nonrect jobs=21

job_1() { # field/P1/A/1
  name=field/P1/A/1 digest=f1e1766405e32de90cef4adb5ac9d34a5172c0fc19e403d49d4281144f6707db
  outputs=(results/field/P1/A/1/o.txt)
}
command_1() {
  command=(tool results/field/P1/A/1/o.txt 'P1-A-1-x y' 1.5)
}

job_2() { # field/P1/A/2
  name=field/P1/A/2 digest=6b79ce3d78df66aa1d1a69b261b6d294660273e50b1025d02e20438385c332c5
  outputs=(results/field/P1/A/2/o.txt)
}
command_2() {
  command=(tool results/field/P1/A/2/o.txt 'P1-A-2-x y' 2)
}

job_3() { # field/P1/B/1
  name=field/P1/B/1 digest=fac3f159879a18cde7cd2ba4584f398488b6d7e6ffcba5beb9ab1617dab0ea4d
  outputs=(results/field/P1/B/1/o.txt)
}
command_3() {
  command=(tool results/field/P1/B/1/o.txt 'P1-B-1-it'"'"'s' 3)
}

job_4() { # field/P2/A/1
  name=field/P2/A/1 digest=1565b47a542d3208b9f20a72aadb09b28906dea24ce47a2753ef34ac96c6bcb2
  outputs=(results/field/P2/A/1/o.txt)
}
command_4() {
  command=(tool results/field/P2/A/1/o.txt P2-A-1-z 4)
}

job_5() { # field/P2/C/7
  name=field/P2/C/7 digest=e3d33c392eefc8409a929f26c1f1f2274670461ee502c26da46d91e2c4294bf1
  outputs=(results/field/P2/C/7/o.txt)
}
command_5() {
  command=(tool results/field/P2/C/7/o.txt 'P2-C-7-{b}' 5)
}

job_6() { # good/P1/A/1
  name=good/P1/A/1 digest=0217a7354f3fac5413ce6fbde91a9b3675ca2f2d143de9deeb08c1769c410032
  outputs=(results/good/P1/A/1/o.txt)
}
command_6() {
  command=(tool results/good/P1/A/1/o.txt good 0)
}

job_7() { # good/P1/B/1
  name=good/P1/B/1 digest=a5284fb79a79580df49022b9b1c04a885bb71535cca0833eeb9cd6c2fbd3c854
  outputs=(results/good/P1/B/1/o.txt)
}
command_7() {
  command=(tool results/good/P1/B/1/o.txt good 0)
}

job_8() { # good/P2/A/1
  name=good/P2/A/1 digest=7cbecf463c72d81ac38577527e491c1aa274a3e29a1b4af604dca6552e6cb3a0
  outputs=(results/good/P2/A/1/o.txt)
}
command_8() {
  command=(tool results/good/P2/A/1/o.txt good 0)
}

job_9() { # perwell/P1/A
  name=perwell/P1/A digest=cfe9ca9b9bf2a339d389e990e365452b51bd11502870a66bac1e07a4b4566091
  after=(1 2)
  inputs=(results/field/P1/A/1/o.txt results/field/P1/A/2/o.txt)
  made=(results/field/P1/A/1/o.txt 1 results/field/P1/A/2/o.txt 2)
  outputs=(results/perwell/P1/A/o results/perwell/P1/A/d)
  folders=(results/perwell/P1/A/d)
}
command_9() {
  command=(tool results/field/P1/A/1/o.txt results/field/P1/A/2/o.txt results/perwell/P1/A/o results/perwell/P1/A/d --v good --v bad good bad)
}

job_10() { # perwell/P1/B
  name=perwell/P1/B digest=b18254f94d1f8e45cf46d89e40cf7630275468880c6a3b28f165fe3677b502cd
  after=(3)
  inputs=(results/field/P1/B/1/o.txt)
  made=(results/field/P1/B/1/o.txt 3)
  outputs=(results/perwell/P1/B/o results/perwell/P1/B/d)
  folders=(results/perwell/P1/B/d)
}
command_10() {
  command=(tool results/field/P1/B/1/o.txt results/perwell/P1/B/o results/perwell/P1/B/d --v good good)
}

job_11() { # perwell/P2/A
  name=perwell/P2/A digest=3d36a421e714943a6d596b8d15b15a289593eb4c56e13bc70675dadd0209ca6f
  after=(4)
  inputs=(results/field/P2/A/1/o.txt)
  made=(results/field/P2/A/1/o.txt 4)
  outputs=(results/perwell/P2/A/o results/perwell/P2/A/d)
  folders=(results/perwell/P2/A/d)
}
command_11() {
  command=(tool results/field/P2/A/1/o.txt results/perwell/P2/A/o results/perwell/P2/A/d --v good good)
}

job_12() { # perwell/P2/C
  name=perwell/P2/C digest=dd7c32e3b037d32bbabe64c9fdcce6f86dea0efc852ca8c49b38b7327e22f6ad
  after=(5)
  inputs=(results/field/P2/C/7/o.txt)
  made=(results/field/P2/C/7/o.txt 5)
  outputs=(results/perwell/P2/C/o results/perwell/P2/C/d)
  folders=(results/perwell/P2/C/d)
}
command_12() {
  command=(tool results/field/P2/C/7/o.txt results/perwell/P2/C/o results/perwell/P2/C/d --v bad bad)
}

job_13() { # perplate/P1
  name=perplate/P1 digest=646349961b202bd7ad697da790463058528f03b0d32277dbc0f6e4cd8d5ec78f
  after=(6 7 9 10)
  inputs=(results/good/P1/A/1/o.txt results/good/P1/B/1/o.txt results/perwell/P1/A/o results/perwell/P1/B/o)
  made=(results/good/P1/A/1/o.txt 6 results/good/P1/B/1/o.txt 7 results/perwell/P1/A/o 9 results/perwell/P1/B/o 10)
  outputs=(results/perplate/P1/o results/perplate/P1/d)
  folders=(results/perplate/P1/d)
}
command_13() {
  command=(tool results/good/P1/A/1/o.txt results/good/P1/B/1/o.txt --j results/perwell/P1/A/o --j results/perwell/P1/B/o results/perplate/P1/o results/perplate/P1/d --v 'x y' --v 'it'"'"'s' 'x y' 'it'"'"'s')
}

job_14() { # perplate/P2
  name=perplate/P2 digest=ec99aaadf348e40f73c45d7a31036e9995b90eb67e2371b07f848a3d91a70f95
  after=(8 11 12)
  inputs=(results/good/P2/A/1/o.txt results/perwell/P2/A/o results/perwell/P2/C/o)
  made=(results/good/P2/A/1/o.txt 8 results/perwell/P2/A/o 11 results/perwell/P2/C/o 12)
  outputs=(results/perplate/P2/o results/perplate/P2/d)
  folders=(results/perplate/P2/d)
}
command_14() {
  command=(tool results/good/P2/A/1/o.txt --j results/perwell/P2/A/o --j results/perwell/P2/C/o results/perplate/P2/o results/perplate/P2/d --v z --v '{b}' z '{b}')
}

job_15() { # all_
  name=all_ digest=36fb76ca169448a9d5e4d1b53af61a2767137cf0af55748a2baeec0805f9bb5e
  after=(6 7 8 13 14)
  inputs=(results/perplate/P1/o results/perplate/P2/o results/good/P1/A/1/o.txt results/good/P1/B/1/o.txt results/good/P2/A/1/o.txt)
  made=(results/perplate/P1/o 13 results/perplate/P2/o 14 results/good/P1/A/1/o.txt 6 results/good/P1/B/1/o.txt 7 results/good/P2/A/1/o.txt 8)
  outputs=(results/all_/o results/all_/d)
  folders=(results/all_/d)
}
command_15() {
  command=(tool results/perplate/P1/o results/perplate/P2/o --j results/good/P1/A/1/o.txt --j results/good/P1/B/1/o.txt --j results/good/P2/A/1/o.txt results/all_/o results/all_/d --v 'x y' --v 'it'"'"'s' --v z --v '{b}' 'x y' 'it'"'"'s' z '{b}')
}

job_16() { # bywell/A
  name=bywell/A digest=07124fee1a6b420fa39d86e5d42fb6b51f04efe82252e0ffa4c7b81f5f0438ba
  after=(13 14)
  inputs=(results/perplate/P1/o results/perplate/P2/o)
  made=(results/perplate/P1/o 13 results/perplate/P2/o 14)
  outputs=(results/bywell/A/o results/bywell/A/d)
  folders=(results/bywell/A/d)
}
command_16() {
  command=(tool results/perplate/P1/o results/perplate/P2/o results/bywell/A/o results/bywell/A/d --v good --v bad --v good good bad good)
}

job_17() { # bywell/B
  name=bywell/B digest=39977031d798e4bfda4abe689c3eedc130bae387798c8cf7f965bac1249a3752
  after=(13)
  inputs=(results/perplate/P1/o)
  made=(results/perplate/P1/o 13)
  outputs=(results/bywell/B/o results/bywell/B/d)
  folders=(results/bywell/B/d)
}
command_17() {
  command=(tool results/perplate/P1/o results/bywell/B/o results/bywell/B/d --v good good)
}

job_18() { # bywell/C
  name=bywell/C digest=73533e5e6fe4584821c7c97bbae4af882843359b657f3c036d12831a6d9594f2
  after=(14)
  inputs=(results/perplate/P2/o)
  made=(results/perplate/P2/o 14)
  outputs=(results/bywell/C/o results/bywell/C/d)
  folders=(results/bywell/C/d)
}
command_18() {
  command=(tool results/perplate/P2/o results/bywell/C/o results/bywell/C/d --v bad bad)
}

job_19() { # wherewell/P1/A
  name=wherewell/P1/A digest=8bdc915146012cc8ae1ce47967da412813475c0b6bf9095f97f23d1f9cc8820f
  after=(6)
  inputs=(results/good/P1/A/1/o.txt)
  made=(results/good/P1/A/1/o.txt 6)
  outputs=(results/wherewell/P1/A/o results/wherewell/P1/A/d)
  folders=(results/wherewell/P1/A/d)
}
command_19() {
  command=(tool results/good/P1/A/1/o.txt results/wherewell/P1/A/o results/wherewell/P1/A/d --v a --v 'x y' a 'x y')
}

job_20() { # wherewell/P1/B
  name=wherewell/P1/B digest=e44254edbdea55222e30ee623ace70f362bd856ab600d608ccd505453d4db94a
  after=(7)
  inputs=(results/good/P1/B/1/o.txt)
  made=(results/good/P1/B/1/o.txt 7)
  outputs=(results/wherewell/P1/B/o results/wherewell/P1/B/d)
  folders=(results/wherewell/P1/B/d)
}
command_20() {
  command=(tool results/good/P1/B/1/o.txt results/wherewell/P1/B/o results/wherewell/P1/B/d --v a --v 'it'"'"'s' a 'it'"'"'s')
}

job_21() { # wherewell/P2/A
  name=wherewell/P2/A digest=82f25d6855d4820d30d25d53db11457d6700815f675cf2ab00ca1a41bc1b4754
  after=(8)
  inputs=(results/good/P2/A/1/o.txt)
  made=(results/good/P2/A/1/o.txt 8)
  outputs=(results/wherewell/P2/A/o results/wherewell/P2/A/d)
  folders=(results/wherewell/P2/A/d)
}
command_21() {
  command=(tool results/good/P2/A/1/o.txt results/wherewell/P2/A/o results/wherewell/P2/A/d --v a --v z a z)
}

functions='function floor(x) { return x == int(x) || x > 0 ? int(x) : int(x) - 1 }
function ceil(x) { return -floor(-x) }
function min(x, y) { return x < y ? x : y }
function max(x, y) { return x > y ? x : y }
function whole(x) { return x == 0 ? 0 : ceil(x - 1e-9) < 1 ? 1 : ceil(x - 1e-9) }
'

