"""`${…}` in a scalar → a template of text and expression trees."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from sncompile.diagnostics import Diagnostic, Edit, Fix, Span
from sncompile.faults import expressions as faults
from sncompile.lazy_regex import regex
from sncompile.syntax.expression_parser import MAX_LENGTH, BadExpression, dotted_name, parse_expression
from sncompile.syntax.expressions import Expr, Template
from sncompile.syntax.nodes import Scalar
from sncompile.syntax.other_languages import is_of_bash
from sncompile.syntax.source import Source

MAX_EXPRESSIONS = 10_000
"""Expressions in one scalar."""

UNESCAPED = regex(r"(^|[^$])\$\{")
"""What begins an expression; in plain text it is an error, since nobody would evaluate it."""


_NAME_AND_CALL = regex(r"""[A-Za-z_][\w.]*(?:\((?:[^()'"]|'[^']*'|"[^"]*")*\))?""")
"""What most expressions are that somebody forgot to close."""


def unescaped(text: str) -> str:
    """A plain text without its escapes: `$${` is a literal `${`."""
    return text.replace("$${", "${")


# What a named tuple's own constructor comes down to, in half the time: there are some for every expression.
_new = tuple.__new__


def parse_template(scalar: Scalar, source: Source, *, script: bool = False) -> tuple[Template, list[Diagnostic]]:
    """The template in a scalar. An expression that cannot be read is left out, and told.

    In a `script` of bash, what is bash's own is told as that.
    """
    text = scalar.text
    if "${" not in text:
        return Template((text,) if text else (), scalar.span, (scalar.span,) if text else ()), []
    if len(text) <= MAX_LENGTH and text.startswith("${") and text.endswith("}") and not script:
        # Most templates are exactly one name: there is nothing to cut.
        places = _Places(scalar, source)
        places.enter(0, 0)
        name = dotted_name(text[2:-1], 2, places.span)
        if name is not None:
            return _new(Template, ((name,), scalar.span, (places.span(0, len(text)),), False)), []
    if text.count("${") > MAX_EXPRESSIONS:
        message = f"more than {MAX_EXPRESSIONS:,} expressions in one text"
        return Template((), scalar.span, (), True), [
            faults.TOO_COMPLEX.at(scalar.span, message, help="use a list, or a column of a table")
        ]
    return _Reading(scalar, source, script=script).read()


class _Reading:
    """Cuts one scalar at its `${…}`."""

    def __init__(self, scalar: Scalar, source: Source, *, script: bool = False) -> None:
        self._scalar, self._text, self._script = scalar, scalar.text, script
        self._places = _Places(scalar, source)
        self._parts: list[str | Expr] = []
        self._spans: list[Span] = []
        self._found: list[Diagnostic] = []
        self._literal: list[str] = []
        self._literal_start = 0

    def read(self) -> tuple[Template, list[Diagnostic]]:
        """The template, and what is wrong with its expressions."""
        text = self._text
        at, seen = 0, 0
        while (start := text.find("${", at)) >= 0:
            self._places.enter(seen, start)
            seen += 1
            if start > at and text[start - 1] == "$":
                self._literal.append(text[at : start - 1] + "${")
                at = start + 2
                continue
            self._literal.append(text[at:start])
            end = closing(text, start + 2)
            if end is None:
                self._tell_unclosed(start)
                at = len(text)
                break
            self._flush(start)
            self._expression(start, end)
            seen += text.count("${", start + 2, end)
            at = self._literal_start = end + 1
        self._literal.append(text[at:])
        self._flush(len(text))
        broken = bool(self._found)
        return Template(tuple(self._parts), self._scalar.span, tuple(self._spans), broken), self._found

    def _flush(self, end: int) -> None:
        literal = "".join(self._literal)
        self._literal.clear()
        if literal:
            self._parts.append(literal)
            self._spans.append(self._places.text_span(self._literal_start, end))

    def _expression(self, start: int, end: int) -> None:
        span = self._places.span(start, end + 1)
        inside = self._text[start + 2 : end]
        if self._script and is_of_bash(inside, self._text):
            written = f"${{{inside}}}"
            at = self._places.span(start, start)
            fix = Fix(f"write `${written}`", (Edit(at, "$"),))
            help = f"write `${written}`: of `${{`, only ours stands alone"
            self._found.append(faults.SYNTAX.at(span, f"`{written}` is bash's", help=help, fixes=(fix,)))
            return
        try:
            expr = parse_expression(self._text[start + 2 : end], start + 2, self._places.span, span)
        except BadExpression as bad:
            self._found.append(bad.diagnostic)
            return
        self._parts.append(expr)
        self._spans.append(span)

    def _tell_unclosed(self, start: int) -> None:
        span = self._places.span(start, min(len(self._text), start + 2))
        help = "close it with `}`; a literal `${` is written `$${`"
        self._found.append(faults.UNCLOSED.at(span, "`${` is not closed", help=help, fixes=self._closed(start)))

    def _closed(self, start: int) -> tuple[Fix, ...]:
        """The fix that closes an expression, where its name ends or at the end of the text."""
        name = _NAME_AND_CALL.match(self._text, start + 2)
        if name is None or name.end() != len(self._text.rstrip()):
            return ()
        end = self._places.span(name.end(), name.end())
        return (Fix("close it with `}`", (Edit(end, "}"),)),)


def closing(text: str, at: int) -> int | None:
    """Where the `}` stands that closes an expression whose text begins at `at`; None where it is not closed."""
    quote = ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "}":
            return at
        at += 1
    return None


class _Places:
    """Leads from an offset in a scalar's value to the file.

    For a scalar on one line without escapes that is a sum. For any other the n-th `${` of the value is the n-th `${`
    of the text between the scalar's marks, whatever the quoting and folding around it.
    """

    def __init__(self, scalar: Scalar, source: Source) -> None:
        span = scalar.span
        self._span = span
        self._file, self._line, column, end_line, end_column = span
        quotes = 0 if scalar.plain else 1
        raw_length = end_column - column
        self._simple = self._line == end_line and raw_length == len(scalar.text) + 2 * quotes
        self._column = column + quotes
        self._base: tuple[int, int] | None = None
        self._raw_starts: list[int] = []
        self._line_starts: Sequence[int] = ()
        if not self._simple:
            self._line_starts = source.line_starts
            first = self._line_starts[span.line - 1] + span.column - 1
            last = self._line_starts[span.end_line - 1] + span.end_column - 1
            at = first
            while (at := source.text.find("${", at, max(last, first + raw_length))) >= 0:
                self._raw_starts.append(at)
                at += 2

    def enter(self, number: int, offset: int) -> None:
        """Offsets near `offset` now belong to the `${` of that number."""
        if not self._simple and number < len(self._raw_starts):
            self._base = (offset, self._raw_starts[number])

    def span(self, start: int, end: int) -> Span:
        """The span of the value's characters from `start` to `end`."""
        if self._simple:
            line, column = self._line, self._column
            return _new(Span, (self._file, line, column + start, line, column + end))
        if self._base is None:
            return self._span
        offset, raw = self._base
        first, last = self._place(raw + start - offset), self._place(raw + end - offset)
        return Span(self._file, *first, *last)

    def text_span(self, start: int, end: int) -> Span:
        """The span of literal text."""
        return self.span(start, end) if self._simple else self._span

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1
