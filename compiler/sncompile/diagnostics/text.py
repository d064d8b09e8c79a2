"""Diagnostics as text for people: a snippet of the file with the span marked, and a help line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sncompile.diagnostics.model import Diagnostic, Related, Severity, Span
from sncompile.lazy_regex import regex

_BOLD, _RED, _YELLOW, _BLUE, _CYAN, _RESET = (
    "\x1b[1m",
    "\x1b[1;31m",
    "\x1b[1;33m",
    "\x1b[34m",
    "\x1b[36m",
    "\x1b[0m",
)
_TONES = {Severity.ERROR: _RED, Severity.WARNING: _YELLOW, Severity.REMARK: _CYAN}
# A spec is somebody else's text: nothing in it may steer the reader's terminal.
_UNSAFE = regex("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MAX_LINE = 160


def visible(text: str) -> str:
    """`text` with control characters, bidirectional controls and lone surrogates written as escapes."""
    return _UNSAFE.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


class TextRenderer:
    """Renders diagnostics with snippets taken from `sources` (file name → text)."""

    def __init__(self, sources: Mapping[str, str], *, color: bool = False) -> None:
        self._lines = {name: text.split("\n") for name, text in sources.items()}
        self._color = color

    def render(self, diagnostics: Iterable[Diagnostic]) -> str:
        """All diagnostics, a blank line between them."""
        return "\n".join(self._diagnostic(d) for d in diagnostics)

    def _paint(self, color: str, text: str) -> str:
        return f"{color}{text}{_RESET}" if self._color else text

    def _diagnostic(self, diagnostic: Diagnostic) -> str:
        tone = _TONES[diagnostic.severity]
        head = self._paint(tone, f"{diagnostic.severity.value}[{diagnostic.code}]")
        lines = [f"{head}: {self._paint(_BOLD, visible(diagnostic.message))}"]
        places: list[tuple[Span, str, str]] = []
        if diagnostic.span is not None:
            places.append((diagnostic.span, "^", ""))
        places += [(r.span, "-", r.message) for r in diagnostic.related if isinstance(r, Related)]
        width = max([len(str(span.line)) for span, _, _ in places], default=1)
        for number, (span, mark, label) in enumerate(places):
            lines += self._snippet(span, mark, label, width, tone if number == 0 else _BLUE)
        if diagnostic.help:
            first, *rest = visible(diagnostic.help).split("\n")
            lines.append(f"{' ' * width} = {self._paint(_CYAN, 'help')}: {first}")
            lines += [f"{' ' * width}         {line}" for line in rest]
        return "\n".join(lines) + "\n"

    def _snippet(self, span: Span, mark: str, label: str, width: int, tone: str) -> list[str]:
        place = f"{visible(span.file)}:{span.line}:{span.column}"
        bar = self._paint(_BLUE, "|")
        lines = [f"{' ' * width}{self._paint(_BLUE, '-->')} {place}"]
        text = self._lines.get(span.file)
        if text is None or not 1 <= span.line <= len(text):
            if label:
                lines.append(f"{' ' * width} {bar} {visible(label)}")
            return lines
        line = text[span.line - 1].rstrip("\r")
        end = span.end_column if span.end_line == span.line else len(line) + 1
        start, end = min(span.column, len(line) + 1), max(min(end, len(line) + 1), span.column + 1)
        # A very long line is shown around its span.
        cut = max(0, start - 60) if len(line) > _MAX_LINE else 0
        shown = line[cut : cut + _MAX_LINE]
        before = visible(shown[: start - 1 - cut]).replace("\t", " ")
        marked = visible(shown[start - 1 - cut : end - 1 - cut]).replace("\t", " ")
        rest = visible(shown[end - 1 - cut :]).replace("\t", " ")
        carets = self._paint(tone, mark * max(1, len(marked)))
        number = self._paint(_BLUE, f"{span.line:>{width}}")
        prefix = "…" if cut else ""
        lines.append(f"{number} {bar} {prefix}{before}{marked}{rest}")
        note = f" {visible(label)}" if label else ""
        lines.append(f"{' ' * width} {bar} {' ' * (len(prefix) + len(before))}{carets}{note}")
        return lines


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """The closing line: `2 errors, 1 warning, 1 remark`; empty where there is nothing."""
    counts = dict.fromkeys(Severity, 0)
    for diagnostic in diagnostics:
        counts[diagnostic.severity] += 1
    parts = [f"{count} {severity.value}{'' if count == 1 else 's'}" for severity, count in counts.items() if count]
    return ", ".join(parts)
