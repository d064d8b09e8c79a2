"""Outputs that need not be written, in every engine: who takes them does without, and runs again as they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from .calls import WAYS

SPEC = """\
sncompile: 1
pipeline: optional
tables:
  t: {key: [k], rows: [{k: a, raw: data/a.txt}, {k: it's b, raw: "data/b b.txt"}, {k: c, raw: data/c.txt}]}
steps:
  index:
    by: [k]
    with: {raw: "${t.raw}"}
    module:
      inputs: {raw: {type: file}}
      outputs: {bam: {type: file}, bai: {type: "file?"}, d: {type: "directory?"}}
      shell: |
        cp ${inputs.raw} ${outputs.bam}
        if grep -q yes ${inputs.raw}; then
          cp ${inputs.raw} ${outputs.bai}; mkdir ${outputs.d}; echo ${inputs.raw} > ${outputs.d}/x
        fi
      success: {non_empty: [bai], min_files: {d: 1}}
  use:
    by: [k]
    with: {bam: "${index.bam}", bai: "${index.bai}"}
    module:
      inputs: {bam: {type: file}, bai: {type: "file?"}}
      outputs: {o: {type: file}}
      command:
        - sh
        - -c
        - 'out=$1; shift; printf "<%s>" "$@" > "$out"'
        - sh
        - ${outputs.o}
        - {option: --bai, value: "${inputs.bai}"}
        - ${inputs.bam}
        - ${inputs.bai}
  script:
    by: [k]
    with: {bai: "${index.bai}", d: "${index.d}"}
    module:
      inputs: {bai: {type: "file?"}, d: {type: "directory?"}}
      outputs: {o: {type: file}}
      shell: |
        if [ -n "${inputs.bai}" ]; then echo with "${inputs.bai}"; fi > ${outputs.o}
        for each in ${inputs.d}; do cat "$each"/x; done >> ${outputs.o}
  python:
    by: [k]
    with: {bai: "${index.bai}"}
    module:
      inputs: {bai: {type: "file?"}}
      outputs: {o: {type: file}}
      python: "called:write"
  all:
    with: {bais: "${index.bai}", outs: ["${use.o}", "${script.o}", "${python.o}"]}
    module:
      inputs: {bais: {type: "file[]"}, outs: {type: "file[]"}}
      outputs: {o: {type: file}}
      command:
        - sh
        - -c
        - 'out=$1; shift; cat "$1" > "$out"; shift; printf "%s\\n" "$@" >> "$out"'
        - sh
        - ${outputs.o}
        - {list_file: "${inputs.bais}"}
        - {option: --bai, value: "${inputs.bais}", repeat: true}
        - {option: --all, value: "${inputs.bais}"}
        - ${inputs.outs}
outputs: {o: "${all.o}", bais: "${index.bai}", use: "${use.o}", script: "${script.o}", python: "${python.o}"}
"""
KEYS = ("a", "it's b", "c")
RAW = {"a": "a.txt", "it's b": "b b.txt", "c": "c.txt"}


def lay_out(folder: Path, *with_index: str) -> None:
    """The pipeline, with data of which some have an index."""
    (folder / "data").mkdir(exist_ok=True)
    for key in KEYS:
        write(folder, key, key in with_index)
    (folder / "called.py").write_text("def write(o, bai=None):\n    open(o, 'w').write(repr(bai))\n")
    (folder / "spec.yaml").write_text(SPEC)


def write(folder: Path, key: str, indexed: bool) -> None:
    """The data of a key, where it is not so already."""
    file, text = folder / "data" / RAW[key], f"{'yes' if indexed else 'no'} {key}\n"
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


def check(folder: Path, *with_index: str) -> None:
    """Whether all results are those of data of which some have an index."""
    results = folder / "results"
    bais = []
    for key in KEYS:
        bai, there = f"results/index/{key}/bai", key in with_index
        bais += [bai] if there else []
        assert (folder / bai).exists() == there == (folder / f"results/index/{key}/d").exists()
        option = f"<--bai><{bai}>" if there else ""
        end = f"<{bai}>" if there else ""
        assert (results / f"use/{key}/o").read_text() == f"{option}<results/index/{key}/bam>{end}"
        script = f"with {bai}\ndata/{RAW[key]}\n" if there else ""
        assert (results / f"script/{key}/o").read_text() == script
        assert (results / f"python/{key}/o").read_text() == repr(bai if there else None)
    words = [w for bai in bais for w in ("--bai", bai)] + (["--all", *bais] if bais else [])
    words += [f"results/{step}/{key}/o" for step in ("use", "script", "python") for key in KEYS]
    assert (results / "all/o").read_text() == "".join(f"{line}\n" for line in (*bais, *words))
    kept = {"index", "use", "script", "python", "all", ".sncompile"}
    assert {path.name for path in results.iterdir()} <= kept
    assert {p.name for p in (results / "index" / "a").iterdir()} <= {"bam", "bai", "d"}


@pytest.mark.parametrize("level", ["-O1", "-O2"])
@pytest.mark.parametrize("engine", WAYS)
def test_what_takes_an_optional_output_does_without_and_runs_again_when_it_comes_and_goes(tmp_path, engine, level):
    lay_out(tmp_path, "a", "c")
    engine(tmp_path, level)
    check(tmp_path, "a", "c")
    for key, indexed in (("a", False), ("it's b", True)):
        write(tmp_path, key, indexed)
    engine(tmp_path, level)
    check(tmp_path, "it's b", "c")
    for key in KEYS:
        write(tmp_path, key, False)
    engine(tmp_path, level)
    check(tmp_path)
