"""`${…}` in a scalar → a template of text and expression trees.

Python's own parser reads the expression; what it makes is turned into the few kinds of node below, and everything
else is refused by name. Nothing is ever evaluated by Python.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import expressions as faults
from sncompile.syntax.nodes import Scalar
from sncompile.syntax.source import Source

MAX_LENGTH = 2_000
MAX_NESTING = 40


class Name(NamedTuple):
    """A bare name."""

    id: str
    span: Span


class Literal(NamedTuple):
    """A constant: text, number, boolean or None."""

    value: str | int | float | bool | None
    span: Span


class Attribute(NamedTuple):
    """`target.name`."""

    target: Expr
    name: str
    span: Span
    name_span: Span


class Index(NamedTuple):
    """`target[index]`."""

    target: Expr
    index: Expr
    span: Span


class Call(NamedTuple):
    """`name(arguments, key=value)`."""

    name: str
    arguments: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    span: Span
    name_span: Span


class Operation(NamedTuple):
    """An operator on its operands: `not`, `-x`, `+x`, `and`, `or`, arithmetic and comparison."""

    operator: str
    operands: tuple[Expr, ...]
    span: Span


class Conditional(NamedTuple):
    """`then if test else other`."""

    test: Expr
    then: Expr
    other: Expr
    span: Span


class ListOf(NamedTuple):
    """`[item, …]`."""

    items: tuple[Expr, ...]
    span: Span


Expr = Name | Literal | Attribute | Index | Call | Operation | Conditional | ListOf

_BINARY: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_COMPARE: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_UNARY: dict[type, str] = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+"}
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Template:
    """A scalar's text cut at its `${…}`: a tuple of text and expressions, never two texts in a row.

    A template of exactly one expression keeps that expression's type; any other is text.
    """

    parts: tuple[str | Expr, ...]
    span: Span
    spans: tuple[Span, ...]

    @property
    def whole(self) -> Expr | None:
        """The expression of a scalar that is exactly one `${…}`."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str):
            return self.parts[0]
        return None

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The expressions in it, in order."""
        return tuple(part for part in self.parts if not isinstance(part, str))


class _Bad(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


def parse_template(scalar: Scalar, source: Source) -> tuple[Template, list[Diagnostic]]:
    """The template in a scalar. An expression that cannot be read is left out, and told."""
    text = scalar.text
    if "${" not in text:
        return Template((text,) if text else (), scalar.span, (scalar.span,) if text else ()), []
    places = _Places(scalar, source)
    parts: list[str | Expr] = []
    spans: list[Span] = []
    found: list[Diagnostic] = []
    literal: list[str] = []
    at, seen, literal_start = 0, 0, 0

    def flush(end: int) -> None:
        if literal:
            parts.append("".join(literal))
            spans.append(places.text_span(literal_start, end))
            literal.clear()

    while (start := text.find("${", at)) >= 0:
        if start > 0 and text[start - 1] == "$" and start - 1 >= at:
            literal.append(text[at : start - 1] + "${")
            at = start + 2
            seen += 1
            continue
        literal.append(text[at:start]) if start > at else None
        flush(start)
        places.enter(seen, start)
        seen += 1
        end = _closing(text, start + 2)
        if end is None:
            span = places.span(start, min(len(text), start + 2))
            found.append(
                faults.UNCLOSED.at(
                    span, "`${` is not closed", help="close it with `}`; a literal `${` is written `$${`"
                )
            )
            at = len(text)
            break
        span = places.span(start, end + 1)
        try:
            parts.append(_parse(text[start + 2 : end], start + 2, places, span))
            spans.append(span)
        except _Bad as bad:
            found.append(bad.diagnostic)
        seen += text.count("${", start + 2, end)
        at = literal_start = end + 1
    if at < len(text):
        literal.append(text[at:])
    flush(len(text))
    return Template(tuple(parts), scalar.span, tuple(spans)), found


def _closing(text: str, at: int) -> int | None:
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
        raw_length = span.end_column - span.column
        self._simple = span.line == span.end_line and raw_length == len(scalar.text) + (
            0 if scalar.plain else 2
        )
        self._column = span.column + (0 if scalar.plain else 1)
        self._base: tuple[int, int] | None = None
        self._raw_starts: list[int] = []
        self._line_starts: list[int] = []
        if not self._simple:
            self._line_starts = [0]
            for line in source.text.split("\n"):
                self._line_starts.append(self._line_starts[-1] + len(line) + 1)
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
        file, line = self._span.file, self._span.line
        if self._simple:
            return Span(file, line, self._column + start, line, self._column + end)
        if self._base is None:
            return self._span
        offset, raw = self._base
        first, last = self._place(raw + start - offset), self._place(raw + end - offset)
        return Span(file, *first, *last)

    def text_span(self, start: int, end: int) -> Span:
        """The span of literal text."""
        return self.span(start, end) if self._simple else self._span

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


def _parse(text: str, base: int, places: _Places, span: Span) -> Expr:
    if not text.strip():
        raise _Bad(faults.SYNTAX.at(span, "`${}` is empty", help="name a key, a parameter or an output"))
    if len(text) > MAX_LENGTH:
        raise _Bad(faults.TOO_COMPLEX.at(span, f"an expression longer than {MAX_LENGTH} characters"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Brackets let an expression run over several lines of YAML.
            tree = ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError as error:
        raise _Bad(faults.SYNTAX.at(span, f"`{text.strip()}` is not an expression", help=_hint(text, error))) from None
    except (ValueError, MemoryError, RecursionError):
        raise _Bad(faults.TOO_COMPLEX.at(span, "the expression is too deeply nested")) from None
    return _Converter(text, base, places).convert(tree, 0)


def _hint(text: str, error: SyntaxError) -> str:
    if "&&" in text or "||" in text:
        return "write `and` and `or`"
    if "!" in text.replace("!=", ""):
        return "write `not`"
    if "?" in text:
        return "write `x if condition else y`"
    message = (error.msg or "").split(". Perhaps")[0]
    if message and message != "invalid syntax" and "'('" not in message:
        return message
    return "names, `.`, `[]`, literals, comparison, and/or/not, `x if c else y`, arithmetic and the listed functions"


class _Converter:
    """Python's tree → our nodes."""

    def __init__(self, text: str, base: int, places: _Places) -> None:
        self._base, self._places = base, places
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._text = text
        self._ascii = text.isascii()

    def _offset(self, line: int, column: int) -> int:
        # The first line has our opening bracket; columns of Python's tree count bytes.
        start = self._lines[min(line, len(self._lines) - 1) - 1]
        column -= 1 if line == 1 else 0
        if not self._ascii:
            rest = self._text[start:].encode()
            column = len(rest[: max(column, 0)].decode("utf-8", "ignore"))
        return start + max(column, 0)

    def _span(self, node: ast.expr, *, tail: str = "") -> Span:
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        if tail:
            start = end - len(tail)
        return self._places.span(self._base + start, self._base + end)

    def convert(self, node: ast.expr, depth: int) -> Expr:
        span = self._span(node)
        if depth > MAX_NESTING:
            raise _Bad(faults.TOO_COMPLEX.at(span, "the expression is too deeply nested"))
        down = depth + 1
        match node:
            case ast.Name(id=name):
                return Literal(_CONSTANTS[name], span) if name in _CONSTANTS else Name(name, span)
            case ast.Constant(value=str() | int() | float() | None as value):
                return Literal(value, span)
            case ast.Attribute(value=target, attr=name):
                return Attribute(self.convert(target, down), name, span, self._span(node, tail=name))
            case ast.Subscript(value=target, slice=index) if not isinstance(index, ast.Slice):
                return Index(self.convert(target, down), self.convert(index, down), span)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return self._call(node, name, args, keywords, down)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return Operation(_UNARY[type(op)], (self.convert(operand, down),), span)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                operands = (self.convert(left, down), self.convert(right, down))
                return Operation(_BINARY[type(op)], operands, span)
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return Operation(word, tuple(self.convert(v, down) for v in values), span)
            case ast.Compare():
                return self._compare(node, down)
            case ast.IfExp(test=test, body=then, orelse=other):
                return Conditional(
                    self.convert(test, down), self.convert(then, down), self.convert(other, down), span
                )
            case ast.List(elts=items):
                return ListOf(tuple(self.convert(item, down) for item in items), span)
        raise _Bad(
            faults.NOT_ALLOWED.at(
                span,
                f"{_describe(node)} has no place in an expression",
                help="names, `.`, `[]`, literals, comparison, and/or/not, `x if c else y`, arithmetic and the listed "
                "functions are what there is; compute anything else in a table or in the tool",
            )
        )

    def _call(
        self, node: ast.Call, name: str, args: list[ast.expr], keywords: list[ast.keyword], depth: int
    ) -> Call:
        if any(k.arg is None for k in keywords):
            raise _Bad(faults.NOT_ALLOWED.at(self._span(node), "`**` has no place in an expression"))
        named = tuple((str(k.arg), self.convert(k.value, depth)) for k in keywords)
        return Call(
            name,
            tuple(self.convert(a, depth) for a in args),
            named,
            self._span(node),
            self._span(node.func),
        )

    def _compare(self, node: ast.Compare, depth: int) -> Expr:
        span = self._span(node)
        items = [self.convert(item, depth) for item in (node.left, *node.comparators)]
        pairs: list[Expr] = []
        for op, left, right in zip(node.ops, items, items[1:], strict=False):
            if type(op) not in _COMPARE:
                raise _Bad(
                    faults.NOT_ALLOWED.at(span, "`is` has no place in an expression", help="write `==`")
                )
            pairs.append(Operation(_COMPARE[type(op)], (left, right), span))
        return pairs[0] if len(pairs) == 1 else Operation("and", tuple(pairs), span)


def _describe(node: ast.expr) -> str:
    names = {
        "Lambda": "`lambda`", "ListComp": "a comprehension", "GeneratorExp": "a comprehension",
        "SetComp": "a comprehension", "DictComp": "a comprehension", "Dict": "a dictionary", "Set": "a set",
        "Tuple": "a tuple", "JoinedStr": "an f-string", "NamedExpr": "`:=`", "Await": "`await`",
        "Yield": "`yield`", "Starred": "`*`", "Subscript": "a slice", "Call": "a call of a method",
        "Constant": "this constant",
    }  # fmt: skip
    return names.get(type(node).__name__, f"`{type(node).__name__}`")
