"""What is changed in a spec between two runs reaches the jobs that it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: changed
params: {v: {type: string}}
tables: {t: {key: k, rows: [{k: a, c: CELL}]}}
steps:
  function:
    by: k
    with: {v: "${params.v}", c: "${t.c}"}
    module: {params: {v: {type: string}, c: {type: string}}, outputs: {o: {type: file}}, python: "told:tell"}
  option:
    with: {i: ["${function.o}", given.txt]}
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      command: [bash, -c, 'echo "$@" > $0', "${outputs.o}", {option: --NAME, value: "${inputs.i}", repeat: true}]
  effect: {module: {params: {v: {type: string}}, shell: "echo ${params.v} >> effect.txt"}, with: {v: "${params.v}"}}
outputs: {f: "${function.o}", o: "${option.o}"}
"""


@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_a_changed_value_runs_a_job_again(level: str, tmp_path: Path) -> None:
    """A parameter, a cell, an option's name: also where Snakemake has them in one parameter with paths."""
    (tmp_path / "told.py").write_text("def tell(v, c, o):\n    open(o, 'w').write(v + c)\n")
    (tmp_path / "given.txt").touch()

    def run(value: str, cell: str, name: str) -> None:
        (tmp_path / "spec.yaml").write_text(SPEC.replace("CELL", cell).replace("NAME", name))
        done = sncompile(tmp_path, "run", "spec.yaml", "-O", level, "--set", f"v={value}")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "results/function/a/o").read_text() == value + cell
        assert f"--{name} results/function/a/o --{name} given.txt" in (tmp_path / "results/option/o").read_text()

    run("one", "c", "in")
    run("two", "c", "in")
    run("two", "d", "in")
    run("two", "d", "from")
    assert (tmp_path / "effect.txt").read_text() == "one\ntwo\n"
