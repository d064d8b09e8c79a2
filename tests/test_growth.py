"""What a compile costs grows with the spec, and not faster: calls are counted, and no time is taken.

A fault of this kind is silent: where each step looks at all steps, a hundred of them cost nothing that anybody would
notice, and ten thousand take minutes. Twice as many more steps must take twice as many more calls.

    20 steps      40 steps      80 steps
    120,000       200,000       360,000     + 80,000, then + 160,000: it grows with the steps
    120,000       140,000       220,000     + 20,000, then + 80,000:  it grows with their square
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest

from sncompile.api import CompileOptions, check, compile_program
from sncompile.runner.state.deciding import decisions_for
from tests.bench.graphs import write_steps_spec, write_table_spec, write_trace
from tests.traces import read_trace, spec_of

BRANCHES = (10, 20, 40)
"""Six steps each, or five jobs."""

MOST = 2.05
"""How many times as many more calls twice as many more steps may take: what grows with the steps takes 2.00 times as
many, what grows with their square four times, and mostly there is much of the one with little of the other."""


def written_out(folder: Path, branches: int) -> Path:
    """Every job a step, with modules in files."""
    return write_steps_spec(folder, branches)


def inline(folder: Path, branches: int) -> Path:
    """Every job a step, with modules in the steps."""
    path = folder / "inline.yaml"
    folder.mkdir()
    path.write_text(spec_of(read_trace(write_trace(folder, branches)), "inline"), "utf-8")
    return path


def by_table(folder: Path, branches: int) -> Path:
    """Six steps over a table."""
    return write_table_spec(folder, branches * 10)


def parameters(folder: Path, branches: int) -> Path:
    """Parameters, each read by a step of its own, with texts that could be meant as references."""
    folder.mkdir()
    lines = ["sncompile: 1", "pipeline: parameters", "params:"]
    lines += [f"  p{n}: {{type: string, default: p{n}.x}}" for n in range(branches * 5)]
    lines += ["steps:"]
    for n in range(branches * 5):
        module = "{params: {a: {type: string}, b: {type: string}}, outputs: {o: {type: file}}, command: [echo]}"
        lines += [f"  s{n}:", f"    module: {module}", f"    with: {{a: '${{params.p{n}}}', b: s{n}.x}}"]
    path = folder / "parameters.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def of_a_folder(folder: Path, branches: int) -> Path:
    """Steps that each read some of the files of one folder."""
    (folder / "in").mkdir(parents=True)
    module = "{inputs: {i: {type: 'file[]'}}, outputs: {o: {type: file}}, command: [cat, '${inputs.i}']}"
    lines = ["sncompile: 1", "pipeline: folder", "steps:"]
    for n in range(branches):
        names = [f"in/{n}_{number}" for number in range(50)]
        for name in names:
            (folder / name).touch()
        lines += [f"  s{n}:", f"    module: {module}", f"    with: {{i: [{', '.join(names)}]}}"]
    path = folder / "folder.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def calls(work: Callable[[Path], None], spec: Path) -> int:
    """How many calls of functions, those of Python itself among them, some work with a spec takes."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work(spec)
    finally:
        sys.setprofile(before)
    return count


def checked(spec: Path) -> None:
    assert check(spec).program is not None


def compiled(target: str, level: int) -> Callable[[Path], None]:
    def work(spec: Path) -> None:
        program = check(spec).program
        assert program is not None
        assert compile_program(program, CompileOptions(target=target, level=level)).emitted.files

    return work


def planned(spec: Path) -> None:
    program = check(spec).program
    assert program is not None
    assert any(decisions_for(compile_program(program, CompileOptions())).total().values())


CASES = [
    (written_out, checked),
    (written_out, planned),
    (written_out, compiled("snakemake", 0)),
    (written_out, compiled("cwl", 1)),
    (parameters, checked),
    (parameters, compiled("snakemake", 2)),
    (parameters, compiled("bash", 1)),
    (of_a_folder, checked),
    (inline, checked),
    (inline, compiled("snakemake", 1)),
    (by_table, checked),
    (by_table, planned),
]
"""Of targets not for tables: of many jobs some are read back, and how many that are goes up and down."""


@pytest.mark.parametrize(("spec", "work"), CASES)
def test_calls_grow_with_the_spec(
    spec: Callable[[Path, int], Path], work: Callable[[Path], None], tmp_path: Path
) -> None:
    work(spec(tmp_path / "first", BRANCHES[0]))  # What is made once for all.
    found = [calls(work, spec(tmp_path / str(branches), branches)) for branches in BRANCHES]
    first, second = (after - before for before, after in pairwise(found))
    assert second <= MOST * first, found
