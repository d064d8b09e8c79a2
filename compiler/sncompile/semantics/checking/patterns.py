"""Path patterns of tables against outputs: what a table lists must not be what the pipeline writes.

Looked at by the patterns, so that it is told at the first compile, when no such file is there yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.ir.keys.table import Table
from sncompile.semantics.paths.identity import Folder, handed_down
from sncompile.semantics.paths.identity import Place as Where
from sncompile.semantics.paths.writers import Paths, Writer, output_span
from sncompile.semantics.program import Program
from sncompile.semantics.tables.globs import Listed, Matcher


def check_patterns(program: Program, paths: Paths, report: Report) -> set[Table]:
    """Tell of outputs that fit the pattern of a table; gives the tables that list some."""
    caught: set[Table] = set()
    for table in program.tables.values():
        if not isinstance(table, Listed):
            continue
        told: set[tuple[str, str]] = set()
        listing = _Listing(table, paths)
        for where, writer in listing.candidates():
            if writer[:2] not in told and listing.lists(where):
                told.add(writer[:2])
                step = program.steps[writer.step]
                derived = step.outputs[writer.port].derived
                message = (
                    f"`{writer.path}` of `{writer.step}.{writer.port}` fits the pattern of the table `{table.name}`"
                )
                report.add(caught_by_pattern(message, output_span(step, writer.port), table, derived=derived))
                caught.add(table)
    return caught


def caught_by_pattern(message: str, span: Span, table: Table, *, derived: bool) -> Diagnostic:
    """The diagnostic of an output that a table lists, or will list once it is there."""
    constrain = "constrain a part of the pattern so that it does not fit (`{name,[0-9]+}`)"
    hint = f"leave its path out (it is derived then), or {constrain}"
    if derived:
        hint = f"have the pattern start at a folder that no step writes to, or {constrain}"
    return faults.CAUGHT_BY_PATTERN.at(
        span, message, help=hint, related=(Place("the table is here", table.span),) if table.span != span else ()
    )


class _Listing:
    """What a table's pattern would list of the outputs."""

    def __init__(self, table: Listed, paths: Paths) -> None:
        self._pattern, self._paths = table.pattern, paths
        self._matcher = Matcher(table.pattern)
        self._root = paths.identity.folder(table.pattern.root or ".")
        self._below: dict[str, str | None] = {}

    def candidates(self) -> Iterator[tuple[Where, Writer]]:
        """The outputs that may be listed: all that are written out, and those of a step whose folder is looked into."""
        for places, writer in self._paths.written:
            for where in places:
                yield where, writer
        for step in self._paths.plain_steps:
            if self._looks_into(self._paths.folder_of(step), step):
                for written, number, path in self._paths.derived(step):
                    yield self._paths.place(path, written.output), Writer(step, written.port, number, path)

    def _looks_into(self, folder: Folder, step: str) -> bool:
        """Whether files of a step's own folder can be listed: they lie below it by a folder for each key."""
        if any(above.key == folder.key for above in self._root.around()):
            return True
        below = self._relative(folder)
        depth = self._pattern.depth
        return below is not None and (depth is None or below.count("/") + self._paths.keys_of(step) == depth)

    def lists(self, where: Where) -> bool:
        """Whether a file at a place fits the pattern."""
        below = self._relative(where.folder)
        if below is None or (self._pattern.depth is not None and below.count("/") != self._pattern.depth):
            return False
        return self._matcher.match(f"{self._pattern.root}{below}{where.name}") is not None

    def _relative(self, folder: Folder) -> str | None:
        """What stands in paths below the pattern's folder for the files of a folder; None for those elsewhere."""
        return handed_down(folder, self._below, self._below_at)

    def _below_at(self, folder: Folder, above: str | None) -> str | None:
        if folder.key == self._root.key:
            return ""
        return None if above is None else f"{above}{folder.actual.rpartition('/')[2]}/"
