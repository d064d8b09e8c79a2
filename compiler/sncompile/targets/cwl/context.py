"""What the lowering of every family shares."""

from __future__ import annotations

from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Report
from sncompile.targets.cwl.plan import Plan


class Around(NamedTuple):
    """The plan, where faults are told, and the identifier of every task's tool."""

    plan: Plan
    report: Report
    ids: dict[str, str]

    def tell(self, diagnostic: Diagnostic) -> None:
        """Keep a fault."""
        self.report.add(diagnostic)
