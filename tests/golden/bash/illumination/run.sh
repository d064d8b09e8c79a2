#!/usr/bin/env bash
# illumination: Illumination correction
# Made by sncompile 0.1.0 from illumination.yaml (5f43fc2efeeb).

if [ -z "${BASH_VERSION-}" ]; then exec bash "$0" "$@"; fi

# The caller's environment, without what changes how bash takes a script, or cannot be set.
unset BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV EXECIGNORE FUNCNEST GLOBIGNORE IFS POSIXLY_CORRECT TMOUT
mapfile -d '' -t sncompile_environment < <(env -0 | grep -zE '^[A-Za-z_][A-Za-z0-9_]*=' |
  grep -zvE '^(UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_ARGC|BASH_ARGV|BASH_VERSINFO|_)=')
root=../.. state=results/.sncompile/bash/illumination jobs=10

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

