"""The bench's graph in every form that is compared: B branches of five steps, and a gather of their ends.

The steps are `cp`s and an `echo`, so that the same graph can really be run. What varies between branches is a name and
a number. Everything is written below one folder; nothing is kept in memory, so that millions of jobs do not count as
memory of whoever measures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

CHAIN = ("draw", "scale", "shift", "trim", "count")
"""The steps of a branch: the first writes a number, each other one copies what the one before it wrote."""

_DRAW = """\
sncompile: 1
module: draw
params: {seed: {type: integer}}
outputs: {number: {type: file, format: txt}}
shell: echo ${params.seed} > ${outputs.number}
"""
_COPY = """\
sncompile: 1
module: copy
inputs: {source: {type: file, format: txt}}
outputs: {number: {type: file, format: txt}}
command: [cp, "${inputs.source}", "${outputs.number}"]
"""
_GATHER = """\
sncompile: 1
module: gather
inputs: {numbers: {type: "file[]", format: txt}}
outputs: {list: {type: file, format: txt}}
shell: for number in ${inputs.numbers}; do echo "$number"; done > ${outputs.list}
"""


class Job(NamedTuple):
    """A job of the graph, with its files as every form but the one by table has them."""

    name: str
    step: str
    branch: int
    inputs: tuple[str, ...]
    output: str


def branch_name(number: int) -> str:
    """What a branch is called."""
    return f"b{number:06d}"


def seed(number: int) -> int:
    """What varies in a branch, beside its name."""
    return number * 7919 % 100_003


def jobs_in(branches: int) -> int:
    """How many jobs the graph has."""
    return branches * len(CHAIN) + 1


def jobs(branches: int) -> Iterator[Job]:
    """Every job, branch after branch, the gather last."""
    for number in range(branches):
        name = branch_name(number)
        above: tuple[str, ...] = ()
        for step in CHAIN:
            output = f"results/{step}_{name}/number.txt"
            yield Job(f"{step}_{name}", step, number, above, output)
            above = (output,)
    ends = tuple(f"results/{CHAIN[-1]}_{branch_name(number)}/number.txt" for number in range(branches))
    yield Job("gather", "gather", -1, ends, "results/gather/list.txt")


def write_table_spec(folder: Path, branches: int) -> Path:
    """The graph as a person writes it: six steps over a table."""
    _write_modules(folder)
    with (folder / "branches.tsv").open("w") as file:
        file.write("branch\tseed\n")
        file.writelines(f"{branch_name(number)}\t{seed(number)}\n" for number in range(branches))
    lines = ["sncompile: 1", "pipeline: table", "", "tables:", "  branches: {key: branch, file: branches.tsv}"]
    lines += ["", "steps:", "  draw:", "    module: ./modules/draw.yaml", "    by: branch"]
    lines += ['    with: {seed: "${branches.seed}"}']
    for above, step in pairwise(CHAIN):
        lines += [f"  {step}:", "    module: ./modules/copy.yaml", "    by: branch"]
        lines += [f'    with: {{source: "${{{above}.number}}"}}']
    lines += ["  gather:", "    module: ./modules/gather.yaml", f'    with: {{numbers: "${{{CHAIN[-1]}.number}}"}}']
    return _written(folder / "table.yaml", (line + "\n" for line in lines))


def write_steps_spec(folder: Path, branches: int) -> Path:
    """The graph with every job a step of its own, with modules in files."""
    _write_modules(folder)

    def lines() -> Iterator[str]:
        yield "sncompile: 1\npipeline: steps\n\nsteps:\n"
        for job in jobs(branches):
            if job.step == "gather":
                ends = "".join(f'\n        - "${{{CHAIN[-1]}_{branch_name(n)}.number}}"' for n in range(branches))
                yield f"  gather:\n    module: ./modules/gather.yaml\n    with:\n      numbers:{ends}\n"
            elif job.inputs:
                above = job.inputs[0].split("/")[1]
                yield f"  {job.name}:\n    module: ./modules/copy.yaml\n"
                yield f'    with: {{source: "${{{above}.number}}"}}\n'
            else:
                yield f"  {job.name}:\n    module: ./modules/draw.yaml\n    with: {{seed: {seed(job.branch)}}}\n"

    return _written(folder / "steps.yaml", lines())


def write_trace(folder: Path, branches: int) -> Path:
    """The graph's jobs as a trace (see `tests/traces`), for forms that are made from tasks."""

    def lines() -> Iterator[str]:
        for job in jobs(branches):
            parents = [name.split("/")[1] for name in job.inputs]
            command = (
                " ".join(["cp", *job.inputs, job.output]) if job.inputs else f"draw {seed(job.branch)} {job.output}"
            )
            task = {
                "name": job.name,
                "type": job.step,
                "command": command,
                "inputs": job.inputs,
                "outputs": [job.output],
                "parents": parents,
                "runtime_s": 0.1,
                "cores": None,
            }
            yield json.dumps(task) + "\n"

    return _written(folder / "trace.jsonl", lines())


def _write_modules(folder: Path) -> None:
    (folder / "modules").mkdir(parents=True, exist_ok=True)
    for name, text in (("draw", _DRAW), ("copy", _COPY), ("gather", _GATHER)):
        (folder / "modules" / f"{name}.yaml").write_text(text)


def _written(path: Path, lines: Iterator[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        file.writelines(lines)
    return path
