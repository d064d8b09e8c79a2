"""What a check of an open document found, and what follows from it: the program, its jobs, the first of each step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sncompile.api import Checked, check_opened, compile_program
from sncompile.diagnostics import CompileError, Diagnostic, Span
from sncompile.faults.values import MISSING_INPUT, MISSING_PARAM
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion, Job
from sncompile.ir.keys.table import Table
from sncompile.ir.values.evaluate import AtRunTime
from sncompile.lsp.readings import Opened
from sncompile.semantics.program import Options, Program, Step
from sncompile.state.versions import Hashing

GIVEN_LATER = frozenset((MISSING_INPUT.code, MISSING_PARAM.code))
"""Faults of what is given to a spec, and not of the spec."""

MAX_PLANNED = 20_000
"""Jobs of a pipeline whose state is looked at while it is edited."""


@dataclass(frozen=True)
class Outcome:
    """What a check of a text found. Paths that diagnostics name start from `folder`."""

    path: Path
    text: str
    folder: Path
    checked: Checked
    version: int = 0
    _jobs: dict[str, Job | None] = field(default_factory=dict, repr=False)

    def file(self, span: Span) -> Path:
        """The file of a span."""
        return Path(os.path.normpath(self.folder / span.file))

    @property
    def program(self) -> Program | None:
        """The program, as far as it goes."""
        return self.checked.partial

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables, by name."""
        return self.program.tables if self.program is not None else {}

    def step(self, name: str) -> Step | None:
        """A step, over the rows that stand in for it where its jobs are known later."""
        if self.program is None:
            return None
        whole = self.program.whole[0] if self.program.whole is not None else self.program
        return self.program.steps.get(name) or whole.steps.get(name)

    def count(self, name: str) -> int | None:
        """How many jobs a step has, with those of its own steps where it is a pipeline; None where it is not known."""
        if self.program is None or any(name in late.steps for late in self.program.late):
            return None
        found = [s for n, s in self.program.steps.items() if n == name or n.startswith(f"{name}.")]
        return sum(len(step.keys) for step in found) if found else None

    @cached_property
    def graph(self) -> Graph | None:
        """The graph of a pipeline without errors."""
        if self.checked.program is None:
            return None
        return compile_program(self.checked.program).unoptimized

    @cached_property
    def _expansion(self) -> Expansion | None:
        return None if self.graph is None else Expansion(self.graph)

    def first_job(self, name: str) -> Job | None:
        """The first job of a step; None where it has none, or where it is not known what it is."""
        if name not in self._jobs:
            self._jobs[name] = self._first(name)
        return self._jobs[name]

    def _first(self, name: str) -> Job | None:
        graph, expansion = self.graph, self._expansion
        if graph is None or expansion is None or name not in graph.families or not len(graph.families[name].keys):
            return None
        try:
            return expansion.facts(name, 0)
        except (AtRunTime, ValueError, CompileError):
            return None

    @cached_property
    def states(self) -> Mapping[str, str]:
        """What of each step has to run, in words.

        Nothing for a pipeline with errors, for a very large one, and for one with files on other machines.
        """
        if self.graph is None or self.checked.program is None or self.graph.job_count() > MAX_PLANNED:
            return {}
        from sncompile.runner.state.deciding import decisions_for
        from sncompile.views.work import reasons_told, work_of

        try:
            made = compile_program(self.checked.program)
            tasks = made.jobs.tasks.values()
            if any(port.remote for t in tasks for port in t.inputs.values()) or any(
                port.remote for t in tasks for port in t.outputs.values()
            ):
                return {}  # Servers would be asked, and nobody who opens a spec has wanted that.
            work = work_of(decisions_for(made, Hashing.NEVER), made.graph.folder)
        except (CompileError, OSError):
            return {}
        told = {}
        for name, step in work.steps.items():
            counts = [
                (step.to_run, "to run"),
                (step.may_run, "may run"),
                (step.taken, "taken"),
                (step.current, "current"),
            ]
            words = ", ".join(f"{number} {what}" for number, what in counts if number)
            reason = next(iter(reasons_told(step)), "") if work.known else ""
            told[name] = f"{words} ({reason})" if reason else words
        return told


def check(path: Path, text: str, opened: Opened, options: Options, version: int = 0) -> Outcome:
    """Check a text. Raises `Superseded` where nobody waits for it any more."""
    name = os.path.relpath(path, options.invoked_from)
    checked = check_opened(path, text, opened, options, name=name)
    return Outcome(path, text, options.invoked_from, checked, version)


def is_given_later(diagnostic: Diagnostic) -> bool:
    """Whether a fault is that something is not given, which who runs the spec will give."""
    return diagnostic.code in GIVEN_LATER
