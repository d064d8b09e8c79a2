"""How diagnostics and results leave a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import click

from sncompile import __version__
from sncompile.api import Checked, told_as
from sncompile.diagnostics import CompileError, Diagnostic, Severity
from sncompile.diagnostics.text import TextRenderer, summary, visible
from sncompile.faults import catalogue

MOST_ALIKE = 20
"""So many warnings of one code are shown as text; forms for machines have all."""


class Reporter(NamedTuple):
    """How a command tells what it found: `form` is text, json, sarif or github, `color` is auto, always or never.

    Text goes to standard error, as do forms for machines unless they are the command's result. With `strict`, warnings
    count as errors; whoever finds them is told so.
    """

    strict: bool
    form: str
    color: str

    def show(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, result: bool = False) -> None:
        """Write diagnostics; `result` says that the command is there to find them."""
        if self.form == "text":
            if diagnostics:
                shown, rest = _few_of_a_kind(diagnostics)
                text = TextRenderer(dict(sources), color=wants_color(self.color, sys.stderr)).render(shown)
                write(text + rest + _more(diagnostics), err=True)
            return
        write(_for_machines(diagnostics, self.form), err=not result)

    def warn(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> None:
        """Write warnings. Raises `CompileError` where `--strict` makes errors of them."""
        found = tuple(told_as(diagnostic, self.strict) for diagnostic in diagnostics)
        if any(each.severity is Severity.ERROR for each in found):
            raise CompileError(found, dict(sources))
        self.show(found, sources)

    def sum_up(self, name: str, diagnostics: Sequence[Diagnostic]) -> None:
        """Write below diagnostics shown as text how many there are of a document."""
        if self.form == "text":
            write(f"{visible(name)}: {summary(diagnostics)}\n", err=True)

    def finish(self, checked: Checked) -> None:
        """Write a spec's diagnostics, and leave with code 1 where there are errors."""
        self.show(checked.diagnostics, checked.sources)
        if checked.failed:
            self.sum_up(checked.name, checked.diagnostics)
            sys.exit(1)

    def fail(self, error: CompileError, sources: Mapping[str, str] | None = None, *, result: bool = False) -> NoReturn:
        """Write the diagnostics of an error and leave with code 1; `sources` are texts read before it."""
        self.show(error.diagnostics, {**(sources or {}), **error.sources}, result=result)
        if self.form == "text":
            write(f"{summary(error.diagnostics)}\n", err=True)
        sys.exit(1)


def _for_machines(diagnostics: Sequence[Diagnostic], form: str) -> str:
    from sncompile.diagnostics.machine import to_github, to_json, to_sarif

    if form == "json":
        return to_json(diagnostics)
    return to_sarif(diagnostics, catalogue(), __version__) if form == "sarif" else to_github(diagnostics)


def _few_of_a_kind(diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], str]:
    """The diagnostics without the later ones of very many warnings of a kind, and lines that say how many those are."""
    counts: dict[str, int] = {}
    shown = []
    for diagnostic in diagnostics:
        counts[diagnostic.code] = counts.get(diagnostic.code, 0) + 1
        if diagnostic.severity is Severity.ERROR or counts[diagnostic.code] <= MOST_ALIKE:
            shown.append(diagnostic)
    left = {d.code: counts[d.code] - MOST_ALIKE for d in diagnostics if d.severity is not Severity.ERROR}
    lines = [f"\n… and {n:,} more of {code}; `--format json` shows all\n" for code, n in left.items() if n > 0]
    return shown, "".join(lines)


def _more(diagnostics: Sequence[Diagnostic]) -> str:
    """A line that says, to a person at a terminal, where more is told of the errors."""
    codes = list(dict.fromkeys(d.code for d in diagnostics if d.severity is Severity.ERROR))
    if not codes or not _is_terminal(sys.stderr):
        return ""
    what = (
        f"this: sncompile explain {codes[0]}" if len(codes) == 1 else f"each: sncompile explain {codes[0]}, and so on"
    )
    return f"\nmore on {what}\n"


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether an error is among them."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def wants_color(choice: str, stream: Any) -> bool:
    """Whether to colour what goes to a stream."""
    if choice != "auto":
        return choice == "always"
    return not os.environ.get("NO_COLOR") and _is_terminal(stream)


def _is_terminal(stream: Any) -> bool:
    return hasattr(stream, "isatty") and stream.isatty()


def bold(color: str) -> Callable[[str], str]:
    """Makes text bold where standard output takes it."""
    return (lambda text: f"\x1b[1m{text}\x1b[0m") if wants_color(color, sys.stdout) else (lambda text: text)


def as_json(value: Any) -> str:
    """A result for machines."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write(text: str, *, err: bool = False) -> None:
    """Write text as it is, in UTF-8, whatever the terminal's locale."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return  # Closed by whoever started us.
    try:
        stream.flush()
        stream.buffer.write(text.encode("utf-8", "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"cannot write: {error.strerror}") from None
