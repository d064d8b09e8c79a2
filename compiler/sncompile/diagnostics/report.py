"""A growing list of diagnostics, and the error that carries them."""

from __future__ import annotations

from collections.abc import Iterable

from sncompile.diagnostics.model import Diagnostic, Severity, sort_key

MAX_OF_A_CODE = 1_000
"""Diagnostics of one code that are kept."""


class Report:
    """Collects diagnostics, so that every fault of a spec is told in one go."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._counts: dict[str, int] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic; one that is already here is kept once, and of one code no more than anybody mends."""
        if diagnostic in self._found:
            return
        count = self._counts[diagnostic.code] = self._counts.get(diagnostic.code, 0) + 1
        if count <= MAX_OF_A_CODE:
            self._found[diagnostic] = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several diagnostics."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(d.severity is Severity.ERROR for d in self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        # An empty report is a report all the same.
        return True

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, sorted by place."""
        return tuple(sorted(self._found, key=sort_key))


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
