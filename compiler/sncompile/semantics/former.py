"""A program as it was before steps were renamed: with its derived paths where they were.

map was called align          results/map/A/bam.bam   =>   results/align/A/bam.bam
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from sncompile.ir.language.encoding import below
from sncompile.ir.values.model import Const, Text, Value
from sncompile.semantics.program import Moves, OutputPath, Program

_MOST = 64
"""So many times are looked at, those that are nearest to today; all of a pipeline that uses no others."""


def formers(program: Program) -> Iterator[tuple[Mapping[str, str], Program]]:
    """The program as it was before the last renaming, before the last two, and so on; with former names by present.

    Somebody's results may be of any of these times.
    """
    number = sum(len(each.renamed) for each in program.moves)
    for undone in islice(_times(program.moves), max(_MOST, number)):
        names = {name: old for name in program.steps if (old := before(name, undone)) != name}
        if not names:
            continue
        steps = dict(program.steps)
        for name, old in names.items():
            outputs = steps[name].outputs
            moved = {port: _moved(output, program.workspace, name, old) for port, output in outputs.items()}
            steps[name] = steps[name]._replace(outputs=moved)
        yield names, replace(program, steps=steps, moves=())


def _times(moves: Sequence[Moves]) -> Iterator[list[tuple[str, str]]]:
    """The renamings since each time that there may have been, by whole names, those of inner pipelines last.

    A pipeline has its renamings in order, wherever it is used; how they lie between those of other pipelines, nobody
    says. An inner name stands behind what the pipeline around it is called today, and so is undone first.
    """
    said = list(dict.fromkeys(each.renamed for each in moves))
    lengths = list(map(len, said))
    for count in (found for total in range(1, sum(lengths) + 1) for found in _shared_out(total, lengths)):
        undone = dict(zip(said, count, strict=True))
        yield [
            (prefix + old, prefix + new)
            for prefix, renamed in reversed(moves)
            for old, new in renamed[len(renamed) - undone[renamed] :]
        ]


def _shared_out(total: int, most: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The ways to share out a number, so that nobody has more than he may.

    >>> list(_shared_out(2, [1, 2]))
    [(0, 2), (1, 1)]
    """
    if not most:
        yield from [()] if not total else ()
        return
    for first in range(min(total, most[0]) + 1):
        if total - first <= sum(most[1:]):
            yield from ((first, *rest) for rest in _shared_out(total - first, most[1:]))


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
