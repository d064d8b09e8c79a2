"""What a diagnostic is: data, with no knowledge of any particular fault and none of how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Self


class Span(NamedTuple):
    """A stretch of a file. Lines and columns count from 1, columns in characters; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Severity(StrEnum):
    """How bad a diagnostic is: an error stops the compile, a warning does so only under `--strict`, a remark never."""

    ERROR = "error"
    WARNING = "warning"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that matters to a diagnostic, with what stands there."""

    message: str
    span: Span


class Edit(NamedTuple):
    """A stretch of a file that is replaced by `text`; an empty span inserts, an empty text deletes.

    Where `old` is not empty the place is still to be found: it is the one place inside of the span where `old` stands.
    `located` (see `fixes`) finds it, and gives an edit without `old`.
    """

    span: Span
    text: str
    old: str = ""


class Fix(NamedTuple):
    """Edits that together mend a fault. A `safe` one can hardly mean anything else than what was meant."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


class Hint(str):
    """A help that knows what is to be written: `meant` instead of `name`, at the place of the diagnostic."""

    name: str
    meant: str
    safe: bool

    def __new__(cls, text: str, name: str, meant: str, *, safe: bool = True) -> Self:
        """The help `text`, with what it says as data."""
        found = super().__new__(cls, text)
        found.name, found.meant, found.safe = name, meant, safe
        return found

    def fix(self, span: Span) -> Fix:
        """What it says to do at a place."""
        return Fix(f"write `{self.meant}`", (Edit(span, self.meant, self.name),), self.safe)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault found: its code, where it stands, what is wrong and how to mend it.

    `fixes` are mends that a program can apply, the likeliest first; each does it alone.
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    related: tuple[Related, ...] = ()
    help: str | None = None
    fixes: tuple[Fix, ...] = ()

    def as_error(self) -> Diagnostic:
        """The same diagnostic as an error."""
        return replace(self, severity=Severity.ERROR)

    def strictly(self) -> Diagnostic:
        """The same diagnostic under `--strict`: a warning is an error, a remark stays one."""
        return self.as_error() if self.severity is Severity.WARNING else self


MAX_MESSAGE = 800
"""Characters of a message or a help; a name in a spec may have a million."""


def _clip(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE // 2]} … {text[-MAX_MESSAGE // 4 :]}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of diagnostic: a stable code, a title, and the page that `sncompile explain` shows.

    Stages declare their faults as constants (see the package `faults`) and make diagnostics with `at`.
    """

    code: str
    title: str
    explanation: str
    severity: Severity = Severity.ERROR

    def at(
        self,
        span: Span | None,
        message: str,
        *,
        help: str | None = None,
        related: tuple[Related, ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> Diagnostic:
        """A diagnostic of this kind at `span`. A line that quotes a very long name is cut in the middle.

        A help that is a `Hint` brings its fix.
        """
        if not fixes and isinstance(help, Hint) and span is not None:
            fixes = (help.fix(span),)
        told = help and "\n".join(map(_clip, help.split("\n")))
        return Diagnostic(self.code, self.severity, _clip(message), span, related, told, fixes)


def sort_key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    """The order in which diagnostics are told: by place, then by code."""
    span = diagnostic.span
    if span is None:
        return ("", 0, 0, diagnostic.code, diagnostic.message)
    return (span.file, span.line, span.column, diagnostic.code, diagnostic.message)
