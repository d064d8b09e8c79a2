"""What the YAML parser found, in words that help."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sncompile.diagnostics import Diagnostic, Related, Span
from sncompile.faults import reading
from sncompile.lazy_regex import regex
from sncompile.syntax.source import Source
from sncompile.syntax.yaml_mends import mend_of


def syntax_fault(source: Source, error: Any, reads: Callable[[str], bool]) -> Diagnostic:
    """The diagnostic for an error of the parser; `reads` says whether a text is YAML."""
    mark = error.problem_mark or error.context_mark
    lines = source.text.split("\n")
    number = min(mark.line, len(lines) - 1)
    conflict = _conflict(source.name, lines)
    if conflict is not None:
        return conflict
    mend = mend_of(source.name, source.text, number, reads)
    if mend is not None:
        span, fixes = mend.fix.edits[0].span, (mend.fix,)
        if "a tab" in mend.message:
            return reading.TAB.at(span, mend.message, help=mend.help, fixes=fixes)
        return reading.YAML_SYNTAX.at(span, f"not valid YAML: {mend.message}", help=mend.help, fixes=fixes)
    line = lines[number]
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        column = indent.index("\t") + 1
        return tab_fault(Span(source.name, number + 1, column, number + 1, column + 1))
    column = min(mark.column, len(line)) + 1
    span = Span(source.name, number + 1, column, number + 1, column + 1)
    related: tuple[Related, ...] = ()
    context = error.context_mark
    if context is not None and error.context and context.line != mark.line:
        at = Span(source.name, context.line + 1, context.column + 1, context.line + 1, context.column + 2)
        related = (Related(str(error.context), at),)
    problem = str(error.problem or error.context)
    if "quoted scalar" in str(error.context) and related:
        # Where the text ends says little; where the quote was opened says all.
        return reading.YAML_SYNTAX.at(related[0].span, "not valid YAML: a quote is not closed", help="close the quote")
    related += _suspects(source.name, lines, number, problem)
    return reading.YAML_SYNTAX.at(span, f"not valid YAML: {problem}", related=related, help=_syntax_help(problem, line))


def _conflict(name: str, lines: list[str]) -> Diagnostic | None:
    """The marks that a merge leaves where two sides changed the same lines."""
    at = next((n for n, line in enumerate(lines) if line.startswith(("<<<<<<< ", ">>>>>>> "))), None)
    if at is None:
        return None
    span = Span(name, at + 1, 1, at + 1, 8)
    help = "choose between the sides, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
    return reading.YAML_SYNTAX.at(span, "not valid YAML: a conflict of a merge is not resolved", help=help)


def _suspects(name: str, lines: list[str], number: int, problem: str) -> tuple[Related, ...]:
    """The line above that may be what is wrong, where the parser stumbles only below it (`number`, from 0)."""
    if "expected" in problem:
        odd = [n for n in range(number) if _QUOTE.sub("", lines[n]).count('"') % 2]
        if len(odd) % 2:
            at = lines[odd[-1]].rindex('"') + 1
            return (Related("a quote may be left open here", Span(name, odd[-1] + 1, at, odd[-1] + 1, at + 1)),)
    above = next((n for n in range(number - 1, -1, -1) if lines[n].strip()), None)
    if "mapping values are not allowed" in problem and above is not None:
        indent, here = (len(lines[n]) - len(lines[n].lstrip()) for n in (above, number))
        if indent != here and not lines[above].rstrip().endswith(":"):
            place = Span(name, above + 1, 1, above + 1, indent + 1)
            return (Related(f"indented by {indent} here, and by {here} there", place),)
    return ()


_QUOTE = regex(r"\\.|(?<=\s)#.*")
"""What holds quotes that open nothing: escapes, and comments."""


def _syntax_help(problem: str, line: str) -> str:
    if (listed := re.search(r"\b(\w+\[\]\??)", line)) and "{" in line:
        return f'inside `{{…}}` quote it: "{listed[1]}"'
    if (optional := re.search(r"\b(\w+\?)\s*[,}]", line)) and "{" in line:
        return f'inside `{{…}}` quote it: "{optional[1]}"'
    if "mapping values are not allowed" in problem:
        return "quote a value that holds `: `, and give keys of one mapping the same indent"
    if "cannot start any token" in problem:
        return "quote a value that starts with `@`, `` ` ``, `%` or another of YAML's signs"
    if "expected ',' or" in problem:
        return "a `[` or `{` is not closed, or a comma is missing; quote values with `,`, `[`, `]`, `{`, `}` or `: `"
    if "expected key" in problem or "block mapping" in problem or "block end" in problem or "block sequence" in problem:
        return "check the indent of this line against the lines above it"
    if "undefined alias" in problem or "alphabetic or numeric" in problem:
        return "define it with `&name` before it is used, or quote a value that starts with `*`"
    if "quoted scalar" in problem:
        return "close the quote"
    return "check quotes, brackets and indents up to here"


def tab_fault(span: Span) -> Diagnostic:
    """The diagnostic for a tab in an indent."""
    return reading.TAB.at(span, "a tab in the indent", help="indent with spaces")
