"""What checking a spec found, for whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sncompile.diagnostics import CompileError, Diagnostic, Severity
from sncompile.faults.names import NOT_A_PIPELINE
from sncompile.semantics.inference.inferred import Inferred
from sncompile.semantics.program import Program
from sncompile.syntax.document import Document


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a spec found: its document, the program of a pipeline without errors, and every diagnostic.

    `sources` are the texts that were read, by the names that diagnostics use.
    """

    name: str
    document: Document | None
    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str] = field(repr=False)
    inferred: Mapping[str, Inferred] = field(default_factory=dict, repr=False)
    """What was read off the tables, whether there are errors or not."""
    partial: Program | None = field(default=None, repr=False)
    """The program as far as it goes, whether there are errors or not: it may lack steps, and values be unknown."""

    @property
    def failed(self) -> bool:
        """Whether there are errors."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    def require(self) -> Program:
        """The program. Raises `CompileError` where there are errors, and for a module."""
        if self.program is not None:
            return self.program
        if not self.failed and self.document is not None:
            message = f"`{self.name}` is a module, not a pipeline"
            told = NOT_A_PIPELINE.at(self.document.span, message, help="use it in a pipeline's step")
            raise CompileError([*self.diagnostics, told], self.sources)
        raise CompileError(self.diagnostics, self.sources)
