"""What no job may write over: the files that a pipeline is made of, what sncompile and its engine keep, and data.

They are listed when a pipeline is linked, while it is known where each is named; `outputs.py` compares outputs
with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sncompile
from sncompile.diagnostics import Span
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.keys.table import Table
from sncompile.lazy_regex import regex
from sncompile.semantics.modules.lock_file import LOCK

if TYPE_CHECKING:
    from sncompile.semantics.program import UsedFile


KEPT_BY_PROGRAMS = {
    ".git": "the repository's own files",
    ".snakemake": "Snakemake's own files",
    OWN_FOLDER: "sncompile's own files",
}
"""Folders that belong to a program wherever they are, by their names."""

RECORDS = "runs"
RECORD = regex(r"-\d{8}T\d{6}Z(-\d+)?$")
"""How the name of a run's record in `runs` ends."""


class Reach(Enum):
    """How far something is kept: from who would take its place or a folder around it, in any case from the latter."""

    AROUND = "around"
    ITSELF = "itself"
    INSIDE = "inside"
    """Nothing may be written into it either."""


class Kept(NamedTuple):
    """A place that no job may write over; relative to the working folder, or absolute.

    `span` is where the spec names it. `data` is what jobs read; all else belongs to the pipeline or to sncompile.
    """

    path: str
    what: str
    span: Span | None = None
    reach: Reach = Reach.ITSELF
    data: bool = False


def own_files(
    spec: Path | None, span: Span, root: Path, used: Iterable[UsedFile], tables: Iterable[Table]
) -> Iterator[Kept]:
    """What a pipeline is made of: its spec, which stands at `span`, the files of modules that it uses, and its tables.

    `root` is the project's, where the lock file is.
    """
    if spec is not None:
        yield Kept(str(spec.absolute()), "the spec", span)
    for file in used:
        yield Kept(str(file.path), f"`{file.shown}`, which the pipeline is made of", file.span)
    yield Kept(str(root / LOCK), "the lock file")
    for table in tables:
        if table.source is not None:
            yield Kept(str(table.source.absolute()), f"the file of the table `{table.name}`", table.span)
    yield Kept(str(Path(sncompile.__file__).resolve().parent), "sncompile itself", reach=Reach.INSIDE)


def kept_for_runs(name: str, steps: Iterable[Logged]) -> Iterator[Kept]:
    """What sncompile and its engine keep in the working folder of a pipeline."""
    yield Kept(RECORDS, "the folder of the records of runs")
    yield Kept(f"build/{name}", "the folder of the emitted files", reach=Reach.INSIDE)
    for step in steps:
        yield from logs_of(step)


class Logged(NamedTuple):
    """A step or a family, as far as its logs go: whether it has keys, and so a log for each."""

    name: str
    keyed: bool
    span: Span


def logs_of(step: Logged, folder: str = "logs", suffix: str = ".log", what: str = "log") -> Iterator[Kept]:
    """Where the logs of a step's jobs are, or what else every job has."""
    if step.keyed:
        yield Kept(f"{folder}/{step.name}", f"the folder of the {what}s of `{step.name}`", step.span, Reach.INSIDE)
    else:
        yield Kept(f"{folder}/{step.name}{suffix}", f"the {what} of `{step.name}`", step.span)
