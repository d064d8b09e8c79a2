"""What a diagnostic is: data, with no knowledge of any particular fault and none of how it is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


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


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault found: its code, where it stands, what is wrong and how to mend it."""

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    related: tuple[Related, ...] = ()
    help: str | None = None

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
    ) -> Diagnostic:
        """A diagnostic of this kind at `span`. A line that quotes a very long name is cut in the middle."""
        return Diagnostic(
            self.code, self.severity, _clip(message), span, related, help and "\n".join(map(_clip, help.split("\n")))
        )


_CAUSES = ("SN330", *(f"SN{code}" for code in range(401, 411)))
"""Errors of tables and their cells: what is not read brings about other faults, in files whose names may come first."""


def sort_key(diagnostic: Diagnostic) -> tuple[bool, str, int, int, str, str]:
    """The order in which diagnostics are told: what causes others first; then by place, and by code."""
    span, follows = diagnostic.span, diagnostic.severity is not Severity.ERROR or diagnostic.code not in _CAUSES
    if span is None:
        return (False, "", 0, 0, diagnostic.code, diagnostic.message)
    return (follows, span.file, span.line, span.column, diagnostic.code, diagnostic.message)
