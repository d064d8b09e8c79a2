"""What all pipelines of one compile share."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sncompile.diagnostics import Report, Span
from sncompile.faults import names as faults
from sncompile.ir.graph.commands import Waits
from sncompile.ir.keys.table import Table
from sncompile.semantics.late.link import KnownRows
from sncompile.semantics.late.stand_ins import StandIns
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.link import TypedModule, link_module
from sncompile.semantics.program import Handed, Moves, NamedOutput, Step
from sncompile.semantics.queries.databases import Databases
from sncompile.syntax.document import ModuleDoc

if TYPE_CHECKING:
    from sncompile.semantics.inference.inferred import Given, Inferred

MAX_NESTED = 16
MAX_PIPELINES = 1_000
"""Pipelines inside pipelines: how deep, and how many in all; ten files of a few lines can name a billion steps."""


class Shared:
    """The library, the report, the working folder, and what was linked."""

    def __init__(
        self,
        library: Library,
        report: Report,
        folder: Path,
        origin: Path,
        known: KnownRows = MappingProxyType({}),
        stand_ins: StandIns = StandIns.ONE,
    ) -> None:
        self.library = library
        self.report = report
        self.folder = folder
        self.origin = origin
        """The folder of the spec that is compiled. What it says of paths moves with the working folder."""
        self.databases = Databases()
        """Those that answer queries and read Parquet files; tables keep what is asked later."""
        self.steps: dict[str, Step] = {}
        self.tables: dict[str, Table] = {}
        self.queried: set[str] = set()
        """The tables that queries name."""
        self.handed: list[Handed] = []
        self.named: list[NamedOutput] = []
        self.order: dict[str, list[Waits]] = {}
        self.moves: list[Moves] = []
        """How steps and nested pipelines were renamed, from what to what."""
        self.by_default: dict[str, frozenset[str]] = {}
        """Step → the inputs that it takes by convention."""
        self.inferred: dict[str, Inferred] = {}
        self.given: dict[str, Given] = {}
        """What the user gives for inferred values of the pipeline that is compiled."""
        self.known = known
        """Rows that steps wrote and that were read, and what stands in for those that were not."""
        self.stand_ins = stand_ins
        self._pipelines = 0
        self._modules: dict[int, tuple[ModuleDoc, TypedModule]] = {}
        self._looked_at: dict[int, ModuleDoc] = {}

    def module(self, doc: ModuleDoc) -> TypedModule:
        """The typed module of a document, typed once."""
        found = self._modules.get(id(doc))
        if found is None:
            found = self._modules[id(doc)] = (doc, link_module(doc, self.library, self.report))
        return found[1]

    def look_at(self, doc: ModuleDoc) -> None:
        """Tell the faults of a module of which nothing may be made here: its files are not emitted for that."""
        if id(doc) in self._modules or id(doc) in self._looked_at:
            return
        self._looked_at[id(doc)] = doc
        claimed, used = dict(self.library.claimed), dict(self.library.used)
        link_module(doc, self.library, self.report)
        self.library.claimed, self.library.used = claimed, used

    def may_enter(self, depth: int, span: Span) -> bool:
        """Whether one more pipeline may be linked inside `depth` others; told where it may not."""
        self._pipelines += 1
        if depth <= MAX_NESTED and self._pipelines <= MAX_PIPELINES:
            return True
        if depth > MAX_NESTED or self._pipelines == MAX_PIPELINES + 1:
            what = f"deeper than {MAX_NESTED}" if depth > MAX_NESTED else f"more than {MAX_PIPELINES:,} times"
            self.report.add(
                faults.TOO_MUCH_NESTING.at(
                    span,
                    f"pipelines stand inside pipelines {what}",
                    help="let a step range over a table instead (`by`)",
                )
            )
        return False
