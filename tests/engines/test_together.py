"""Features of the language that meet in one step, in every engine: each is known by itself elsewhere."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ..command_line import plain_snakemake, sncompile

Engine = Callable[[Path, str], None]

SCRATCH = """\
sncompile: 1
pipeline: together
tables:
  t: {key: k, rows: [{k: a 1}, {k: it's}]}
steps:
  make:
    by: k
    with: {k: "${k}"}
    module:
      params: {k: {type: string}}
      outputs:
        x: {type: "file?", from: "x*.txt"}
        q: {type: "directory?", from: "q"}
        o: {type: file, from: o, companions: [.i]}
      shell: |
        echo o > o; echo i > o.i
        if [ ${params.k} = "a 1" ]; then echo x > x1.txt; else mkdir q; fi
  words:
    by: k
    with: {x: "${make.x}", q: "${make.q}", o: "${make.o}"}
    module:
      inputs:
        x: {type: "file?", as: the x}
        q: {type: "directory?", as: -q}
        o: {type: file, as: oo, companions: [.i]}
      outputs: {r: {type: file}}
      command:
        - sh
        - -c
        - 'r=$1; shift; { for i; do basename -- "$i"; done; ls; cat oo oo.i; } > "$r"'
        - _
        - ${outputs.r}
        - {option: --x, value: "${inputs.x}"}
        - ${inputs.q}
        - ${inputs.o}
  script:
    by: k
    with: {x: "${make.x}", o: "${make.o}"}
    module:
      inputs: {x: {type: "file?", as: the x}, o: {type: file, as: oo, companions: [.i]}}
      outputs: {r: {type: file}}
      shell: |
        { cat oo oo.i ${inputs.x}; ls; } > ${outputs.r}
outputs: {x: "${make.x}", words: "${words.r}", scripts: "${script.r}"}
"""

VALUES = """\
sncompile: 1
pipeline: together
tables:
  t: {key: k, rows: [{k: a}, {k: it's}]}
steps:
  weigh:
    by: k
    with: {k: "${k}"}
    module:
      params: {k: {type: string}}
      outputs: {v: {type: string}}
      shell: printf '%s kg' ${params.k} > ${outputs.v}
  use:
    by: k
    with: {v: "${weigh.v}"}
    module:
      params: {v: {type: string}}
      outputs: {o: {type: file}}
      shell: echo ${params.v} > ${outputs.o}
  all:
    with: {values: "${weigh.v}", files: "${use.o}"}
    module:
      inputs: {files: {type: "file[]"}}
      params: {values: {type: "string[]"}}
      outputs: {o: {type: file}}
      shell: (printf '%s\\n' ${params.values}; cat ${inputs.files}) > ${outputs.o}
"""


def by_snakemake(folder: Path, level: str) -> None:
    _well(folder, "compile", "main.yaml", level, "-o", "out", "--verify")
    plain_snakemake(folder, "out/Snakefile")


def by_bash(folder: Path, level: str) -> None:
    _well(folder, "compile", "main.yaml", level, "--target", "bash", "-o", "out", "--verify")
    done = subprocess.run(["bash", "out/run.sh", "-j", "2"], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _well(folder: Path, *arguments: str) -> None:
    done = sncompile(folder, *arguments)
    assert done.returncode == 0, done.stderr


ENGINES = pytest.mark.parametrize("engine", [by_snakemake, by_bash])


@ENGINES
def test_optional_outputs_have_names_in_scratch_folders_and_are_taken_from_them(tmp_path: Path, engine: Engine) -> None:
    """What is not there has no name, and no word: those behind it keep theirs."""
    (tmp_path / "main.yaml").write_text(SCRATCH)
    engine(tmp_path, "-O1")
    results = tmp_path / "results"
    assert (results / "make/a 1/x").read_text() == "x\n"
    assert not (results / "make/it's/x").exists()
    assert (results / "words/a 1/r").read_text().split("\n") == [
        "--x",
        "the x",
        "oo",
        "oo",
        "oo.i",
        "the x",
        "o",
        "i",
        "",
    ]
    assert (results / "words/it's/r").read_text().split() == ["-q", "oo", "-q", "oo", "oo.i", "o", "i"]
    assert (results / "script/a 1/r").read_text().split("\n") == ["o", "i", "x", "oo", "oo.i", "the x", ""]
    assert (results / "script/it's/r").read_text().split() == ["o", "i", "oo", "oo.i"]


@ENGINES
def test_values_stay_until_all_that_take_them_have_read_them(tmp_path: Path, engine: Engine) -> None:
    """`all` waits for `use`, which has read the values before it: they are deleted (`-O2`) once it has, too."""
    (tmp_path / "main.yaml").write_text(VALUES)
    engine(tmp_path, "-O2")
    assert (tmp_path / "results/all/o").read_text() == "a kg\nit's kg\n" * 2
    assert not (tmp_path / "results/weigh/a/v").exists()


@ENGINES
def test_optional_outputs_are_not_written_without_their_companions(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "main.yaml").write_text(
        "sncompile: 1\npipeline: together\nsteps:\n"
        '  a: {module: {outputs: {x: {type: "file?", companions: .i}}, shell: "echo x > ${outputs.x}"}}\n'
    )
    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        engine(tmp_path, "-O1")


@ENGINES
def test_companions_of_optional_outputs_come_with_them(tmp_path: Path, engine: Engine) -> None:
    """Neither is there, or both are; in a script and in a command, with a part of a directory beside."""
    (tmp_path / "main.yaml").write_text(
        "sncompile: 1\npipeline: together\nsteps:\n"
        '  a: {module: {outputs: {x: {type: "file?", companions: .i}}, shell: "echo ${outputs.x}"}}\n'
        "  b:\n    module:\n"
        '      outputs: {x: {type: "file?", companions: [.i, .j]}, d: {type: directory},\n'
        "                p: {type: file, in: d, path: p}}\n"
        "      command: [sh, -c, 'echo x > $0; echo x > $0.i; echo x > $0.j; mkdir -p $1; echo x > $1/p', "
        '"${outputs.x}", "${outputs.d}"]\n'
    )
    engine(tmp_path, "-O1")
    assert not (tmp_path / "results/a").is_dir() or not [p for p in (tmp_path / "results/a").iterdir() if p.is_file()]
    assert (tmp_path / "results/b/x.j").read_text() == "x\n"
