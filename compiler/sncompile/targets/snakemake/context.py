"""What the printing of one rule needs to know: its wildcards, its instances, and the workflow around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.faults import targets as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import to_text
from sncompile.lazy_regex import regex
from sncompile.lowering.expressions import Expression, expression_text
from sncompile.lowering.files import Files
from sncompile.lowering.model import Column, Lowered, Task
from sncompile.lowering.pieces import Cell, Given
from sncompile.targets.snakemake.marking import Marks
from sncompile.targets.snakemake.patterns import Hole, Part, Plainness, path_parts
from sncompile.targets.snakemake.sidecars import Sidecars
from sncompile.targets.target import Engine

_VARIABLE = regex(r"<\w+>")
CellT = TypeVar("CellT")

_OFTEN = 3
"""What stands in so many places of a Snakefile is better said once."""


class Surroundings:
    """What all rules of a Snakefile share."""

    def __init__(
        self,
        lowered: Lowered,
        sidecars: Sidecars,
        report: Report,
        marks: Marks | None = None,
        containers: Engine | None = None,
    ) -> None:
        self.lowered = lowered
        self.marks = marks or Marks()
        self.sidecars = sidecars
        self.report = report
        self.plainness = Plainness()
        self.functions: set[str] = set()
        """Functions of the header that rules use."""
        self.uses_files = False
        self.providers: set[str] = set()
        """Storage plugins that rules use."""
        self.containers = containers
        """The engine that commands are wrapped for; without one, rules name their image."""
        counts = [check for task in lowered.tasks.values() for check in task.checks if check.kind == "min_files"]
        self.counts_files = len(counts) >= _OFTEN
        """Whether a function of the shell counts files, and not each rule for itself."""

    def tell(self, diagnostic: Diagnostic) -> None:
        """Keep a fault."""
        self.report.add(diagnostic)


class Context:
    """A rule and its instances: `names` are its wildcards, once the outputs are known."""

    def __init__(self, name: str, keys: KeySet, around: Surroundings) -> None:
        self.name, self.keys, self.around = name, keys, around
        self.names: dict[Hole, str] = {}
        self.cells: dict[str, list[str]] = {}
        """The value of every wildcard, for every instance."""

    def parts(self, files: Files) -> list[Part]:
        """A single path as text, keys and columns."""
        return path_parts(files.pieces, self.around.plainness)

    def hole_cells(self, hole: Hole) -> list[str]:
        """A key of every instance, as it stands in paths."""
        cells: Sequence[str] = self.keys.column(hole.name)
        # Keys are nearly always plain, and a hundred thousand of them take their time to encode.
        if not hole.encoded or self.around.plainness.plain(self.keys, hole.name):
            return list(cells)
        return [encode_key(c) for c in cells]

    def told_apart(self, cells: Sequence[CellT]) -> tuple[Mapping[str, Sequence[str]], Sequence[CellT]]:
        """The wildcards that say which of some cells a job has, one for each instance; and the cells, by these.

        Keys that are not known yet cannot stand in a table. What differs between the known ones alone is told by them.
        """
        late = {n for t in self.keys.rows.tables if t.late is not None and t.awaited for n in t.late.own}
        unknown = {name for hole, name in self.names.items() if hole.name in late}
        if not unknown:
            return self.cells, cells
        known = {name: column for name, column in self.cells.items() if name not in unknown}
        found: dict[tuple[str, ...], tuple[int, CellT]] = {}
        keys = zip(*known.values(), strict=True) if known else [()] * len(cells)
        for number, (key, cell) in enumerate(zip(keys, cells, strict=True)):
            if found.setdefault(key, (number, cell))[1] != cell:
                return self.cells, cells
        return (
            {name: [column[number] for number, _ in found.values()] for name, column in known.items()},
            [cell for _, cell in found.values()],
        )

    def wildcards(self, *more: str) -> str:
        """The head of a function of the wildcards; empty where the rule has none and needs nothing more."""
        if not self.names and not more:
            return ""
        return f"lambda {', '.join(('wildcards', *more))}: "

    @property
    def at(self) -> str:
        """The argument that hands the wildcards on, where there are any."""
        return "wildcards" if self.names else ""

    def check_braces(self, text: str, span: Span, kind: str = "path") -> None:
        """Refuse a path, or an image, with a brace or with a name between `<` and `>`."""
        braces = "{" in text or "}" in text
        spaces = kind == "image" and re.search(r"\s", text) is not None
        if braces or spaces or _VARIABLE.search(text):
            what = "a brace, which Snakemake takes for a wildcard" if braces else "`<…>`, a variable to Snakemake"
            what = "a space, and Snakemake takes no such image" if spaces else what
            self.around.tell(
                faults.BRACE_IN_PATH.at(
                    span,
                    f"the {kind} `{text}` has {what}",
                    help="rename the file, or leave an output's path out: derived paths encode such signs",
                )
            )


class TaskContext(Context):
    """The rule of a task."""

    def __init__(self, task: Task, around: Surroundings) -> None:
        super().__init__(task.name, task.key_set, around)
        self.task = task

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns of the task."""
        return self.task.columns

    def refuse(self, expression: Expression, what: str = "") -> None:
        """Tell that Snakemake cannot compute something when a job is about to run."""
        self.around.tell(
            faults.NOT_AT_RUN_TIME.at(
                expression.span,
                f"Snakemake cannot compute {what or f'`{expression_text(expression)}`'} when a job is about to run",
                help="use numbers, comparisons, lists and their indexes, or compute it without `attempt` and sizes",
            )
        )

    def images(self) -> list[str]:
        """The image of each job of a task that has one; of all of them the same, it is only once there."""
        image = self.task.image
        images = list(map(str, self.columns[image.column].cells if isinstance(image, Cell) else _given(image)))
        return images if len(set(images)) > 1 else images[:1]


def _given(piece: object) -> list[Any]:
    assert isinstance(piece, Given)
    return [piece.value]


def texts(cells: Sequence[Any]) -> list[str]:
    """Cells of a sidecar; what is absent is empty."""
    return ["" if c is None else to_text(c) for c in cells]
