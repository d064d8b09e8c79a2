"""The Snakefile as data: everything is decided here, templates only lay it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.targets.snakemake.python_code import Code


class Entry(NamedTuple):
    """`name=code` in a directive, and the place in the spec that it comes from. An empty name stands for none."""

    name: str
    code: Code
    span: Span


class Directive(NamedTuple):
    """A directive of a rule with its entries, or, for `shell`, its pieces of string."""

    name: str
    entries: tuple[Entry, ...]


class Rule(NamedTuple):
    """A rule. `comments` stand above it."""

    name: str
    step: str
    comments: tuple[str, ...]
    directives: tuple[Directive, ...]
    span: Span
    module_span: Span | None
    checkpoint: bool = False


class LateRows(NamedTuple):
    """That the rows of a sidecar are read through a checkpoint; the sidecar itself has the checkpoint's instances.

    `columns` leads from the sidecar's columns to those that are read, which have `types`. `within` are the folders in
    which files may lie, beside the checkpoint's own. `names` are the columns of a sheet
    without a header, `comment` is how lines begin that are no rows.
    """

    checkpoint: str
    output: str
    own: tuple[str, ...]
    pattern: str
    columns: Mapping[str, str]
    types: Mapping[str, str]
    within: tuple[str, ...]
    names: tuple[str, ...] = ()
    comment: str = ""


class Sidecar(NamedTuple):
    """A table beside the Snakefile: columns of text cells, read once. `keys` are those by which rows are chosen.

    One with `parts` has no file: its rows are those of other tables put together, by the variables of these.
    """

    name: str
    variable: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    late: LateRows | None = None
    parts: tuple[str, ...] = ()


class Workflow(NamedTuple):
    """A whole Snakefile. `files` go below `files/`: `container.sh` among them where it `runs_containers`, `value.sh`
    where it `looks_at_values`. It `counts_files` by a function of the shell. `marked` are the families
    whose jobs are known by a mark.
    """

    name: str
    title: str
    spec: str
    digest: str
    version: str
    sidecars: tuple[Sidecar, ...]
    functions: tuple[str, ...]
    uses_files: bool
    runs_containers: bool
    looks_at_values: bool
    counts_files: bool
    secrets: tuple[str, ...]
    constraints: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    files: Mapping[str, bytes]
    marked: frozenset[str]
    recursion: int
    """How deep Snakemake must be able to go, where that is deeper than Python goes; else 0."""
    providers: tuple[str, ...] = ()
    """Storage plugins that the rules use."""


def texts(whole: object) -> Iterator[str]:
    """Every text in a workflow or a part of one, in order; the cells of a sidecar, of which there may be
    millions, as one text with a line for each."""
    # By hand and not by calls: a large workflow has a million parts, and each is looked at.
    pending, files = [whole], set()
    while pending:
        part = pending.pop()
        if part is None or isinstance(part, int):
            continue
        if isinstance(part, str):
            yield part
        elif isinstance(part, Span):
            if part.file not in files:
                files.add(part.file)
                yield part.file
        elif isinstance(part, Sidecar):
            yield "\n".join(chain.from_iterable(part.rows))
            pending.extend(reversed(part._replace(rows=())))
        elif isinstance(part, (tuple, frozenset)):
            pending.extend(reversed(tuple(part)))
        elif isinstance(part, Mapping):
            pending.extend(reversed((*part.keys(), *part.values())))
