"""A program as it was before steps were renamed: with its derived paths where they were.

map was called align          results/map/A/bam.bam   =>   results/align/A/bam.bam
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sncompile.ir.language.encoding import below
from sncompile.ir.values.model import Const, Text, Value
from sncompile.semantics.program import OutputPath, Program


def formers(program: Program) -> Iterator[tuple[Mapping[str, str], Program]]:
    """The program as it was before the last renaming, before the last two, and so on; with former names by present.

    Somebody's results may be of any of these times.
    """
    for number in range(1, len(program.moves) + 1):
        undone = program.moves[-number:]
        names = {name: old for name in program.steps if (old := before(name, undone)) != name}
        steps = dict(program.steps)
        for name, old in names.items():
            outputs = steps[name].outputs
            moved = {port: _moved(output, program.workspace, name, old) for port, output in outputs.items()}
            steps[name] = steps[name]._replace(outputs=moved)
        yield names, replace(program, steps=steps, moves=())


def before(step: str, moves: Sequence[tuple[str, str]]) -> str:
    """What a step was called before some moves.

    >>> before("map", [("bwa", "align"), ("align", "map")])
    'bwa'
    >>> before("prepare.trim", [("prep", "prepare")])
    'prep.trim'
    """
    for old, new in reversed(moves):
        if step == new or step.startswith(f"{new}."):
            step = old + step[len(new) :]
    return step


def _moved(output: OutputPath, workspace: str, name: str, old: str) -> OutputPath:
    if not output.derived:
        return output
    return output._replace(path=_path(output.path, below(workspace, f"{name}/"), below(workspace, f"{old}/")))


def _path(path: Value, start: str, former: str) -> Value:
    """A derived path with another beginning; its first part is text."""
    if isinstance(path, Text):
        return path._replace(parts=(_path(path.parts[0], start, former), *path.parts[1:]))
    if isinstance(path, Const) and isinstance(path.value, str) and path.value.startswith(start):
        return path._replace(value=former + path.value.removeprefix(start))
    return path
