"""A growing list of diagnostics, and the error that carries them."""

from __future__ import annotations

from collections.abc import Iterable

from sncompile.diagnostics.model import CAUSES, Diagnostic, Severity, sort_key

MAX_OF_A_CODE = 1_000
"""Diagnostics of one code that are kept."""


class Report:
    """Collects diagnostics, so that every fault of a spec is told in one go."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._counts: dict[str, int] = {}
        self._errors = 0
        self.given = 0
        """How many diagnostics were given to it, those among them that it did not keep."""

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic; one that is already here is kept once, and of one code no more than anybody mends."""
        self.given += 1
        if diagnostic in self._found:
            return
        count = self._counts[diagnostic.code] = self._counts.get(diagnostic.code, 0) + 1
        if count <= MAX_OF_A_CODE:
            self._found[diagnostic] = None
            self._errors += diagnostic.severity is Severity.ERROR

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several diagnostics."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return self._errors > 0

    def add_once(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless one of its code is there for its place: one thing is told once."""
        self.given += 1
        if not any(d.code == diagnostic.code and d.span == diagnostic.span for d in self._found):
            self.add(diagnostic)

    @property
    def errors(self) -> int:
        """How many of them are errors."""
        return self._errors

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        # An empty report is a report all the same.
        return True

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, sorted by place; first those of files with what may have caused others."""
        causing = {"", *(d.span.file for d in self._found if d.span is not None and _is_cause(d))}

        def key(diagnostic: Diagnostic) -> tuple[bool, tuple[str, int, int, str, str]]:
            place = sort_key(diagnostic)
            return place[0] not in causing, place

        return tuple(sorted(self._found, key=key))


def _is_cause(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR and diagnostic.code in CAUSES


class CompileError(Exception):
    """A spec has errors. `diagnostics` holds all that was found, warnings too; `sources` the texts read."""

    def __init__(self, diagnostics: Iterable[Diagnostic], sources: dict[str, str] | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.sources = sources or {}
        errors = [d for d in self.diagnostics if d.severity is Severity.ERROR]
        super().__init__("; ".join(map(_in_a_line, errors)) or "compile error")

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback, which would say nothing of the spec."""
        from sncompile.diagnostics.text import TextRenderer

        return TextRenderer(self.sources).render(self.diagnostics).splitlines()


def _in_a_line(diagnostic: Diagnostic) -> str:
    """A diagnostic with its place and its help."""
    span = diagnostic.span
    place = f"{span.file}:{span.line}:{span.column}: " if span is not None and span.line else ""
    help = f" ({diagnostic.help})" if diagnostic.help else ""
    return f"{diagnostic.code}: {place}{diagnostic.message}{help}"
