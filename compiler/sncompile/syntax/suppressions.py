"""Comments that keep a warning from being told: `# sncompile: ignore[SN224] the tool knows where to write`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from sncompile.faults import slips as faults
from sncompile.lazy_regex import regex
from sncompile.syntax.composer import YamlError
from sncompile.syntax.formatting.layout import Comment, read_layout
from sncompile.syntax.source import Source
from sncompile.syntax.yaml import read_events

_MARK = "sncompile: ignore"
_FORM = regex(r"#\s*sncompile: ignore\b(?:\[([^\]]*)\])?\s*(.*)")


class Suppression(NamedTuple):
    """A comment that suppresses warnings: their codes, their line (from 1), why, and where the comment stands.

    `removed` deletes it.
    """

    codes: tuple[str, ...]
    line: int
    reason: str
    span: Span
    removed: Edit


def read_suppressions(name: str, text: str) -> list[Suppression]:
    """The suppressions in a document that diagnostics call `name`."""
    if _MARK not in text:
        return []
    source = Source(name, None, text)
    try:
        layout = read_layout(text, read_events(source))
    except YamlError:
        return []
    own = {c.line for c in layout.comments if layout.lines[c.line].lstrip().startswith("#")}
    found = []
    for comment in layout.comments:
        match = _FORM.match(comment.text)
        if match is None:
            continue
        line = comment.line
        if line in own:
            rest = range(line + 1, len(layout.lines))
            line = next((n for n in rest if layout.lines[n].strip() and n not in own), line)
        codes = tuple(code.strip() for code in (match[1] or "").split(",") if code.strip())
        span = Span(
            name, comment.line + 1, comment.column + 1, comment.line + 1, comment.column + len(comment.text) + 1
        )
        found.append(Suppression(codes, line + 1, match[2].strip(), span, _removed(comment, layout.lines, name)))
    return found


def _removed(comment: Comment, lines: list[str], name: str) -> Edit:
    line = lines[comment.line]
    code = line[: comment.column].rstrip()
    if code:
        return Edit(Span(name, comment.line + 1, len(code) + 1, comment.line + 1, len(line) + 1), "")
    if comment.line + 1 < len(lines):
        return Edit(Span(name, comment.line + 1, 1, comment.line + 2, 1), "")
    return Edit(Span(name, comment.line + 1, 1, comment.line + 1, len(line) + 1), "")


def suppressed(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], known: Mapping[str, Severity], *, whole: bool
) -> tuple[Diagnostic, ...]:
    """The diagnostics without those that comments in `sources` suppress, and with what is wrong with such comments.

    `known` are the severities of all codes. `whole` says that nothing kept a warning from being found, so that what
    suppresses none is told; codes of targets and runs (`SN6…`, `SN7…`) are never, since not every command tells them.
    """
    suppressions = [each for name, text in sources.items() for each in read_suppressions(name, text)]
    if not suppressions:
        return tuple(diagnostics)
    by_line: dict[tuple[str, int], list[Suppression]] = {}
    for each in suppressions:
        if not _wrong(each, known):
            by_line.setdefault((each.span.file, each.line), []).append(each)
    kept: list[Diagnostic] = []
    used: set[tuple[Span, str]] = set()
    for diagnostic in diagnostics:
        span = diagnostic.span
        mine = by_line.get((span.file, span.line), []) if span is not None else []
        hit = [each for each in mine if diagnostic.code in each.codes and diagnostic.severity is not Severity.ERROR]
        used |= {(each.span, diagnostic.code) for each in hit}
        if not hit:
            kept.append(diagnostic)
    for each in suppressions:
        kept += _told(each, known, used, whole=whole)
    return tuple(kept)


def _wrong(each: Suppression, known: Mapping[str, Severity]) -> tuple[str, str] | None:
    """What is wrong with a comment, and how to mend it."""
    if not each.codes:
        return "a suppression without a code", "name what it suppresses: `# sncompile: ignore[SN224] why`"
    for code in each.codes:
        if code not in known:
            return f"no diagnostic has the code `{code}`", "`sncompile explain` lists all codes"
        if known[code] is Severity.ERROR:
            return f"`{code}` is an error, and cannot be suppressed", f"mend it: `sncompile explain {code}`"
    if not each.reason:
        return "a suppression without a reason", "say why behind the code: `# sncompile: ignore[SN224] why`"
    return None


def _told(
    each: Suppression, known: Mapping[str, Severity], used: Collection[tuple[Span, str]], *, whole: bool
) -> list[Diagnostic]:
    wrong = _wrong(each, known)
    if wrong is not None:
        return [faults.BAD_SUPPRESSION.at(each.span, wrong[0], help=wrong[1])]
    idle = [code for code in each.codes if (each.span, code) not in used and code[2] not in "67"]
    if not whole or not idle:
        return []
    fixes = (Fix("remove the comment", (each.removed,)),) if len(idle) == len(each.codes) else ()
    many = ", ".join(f"`{code}`" for code in idle)
    message = f"nothing of {many} is told of line {each.line}"
    return [faults.UNUSED_SUPPRESSION.at(each.span, message, help="remove it", fixes=fixes)]
