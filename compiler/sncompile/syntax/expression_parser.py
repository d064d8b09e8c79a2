"""The text of an expression → its tree.

Python's own parser reads the expression; what it makes is turned into the few kinds of node of `expressions`, and
everything else is refused by name. Nothing is ever evaluated by Python. Dotted names, which most expressions are, need
no parser: they are read directly, to the same tree.

Decision 0006.
"""

from __future__ import annotations

import ast
import keyword
import warnings
from collections.abc import Callable
from itertools import pairwise

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import expressions as faults
from sncompile.ir.language.scalars import Decimals, is_plain_number
from sncompile.lazy_regex import regex
from sncompile.syntax.expressions import Attribute, Call, Conditional, Expr, Index, ListOf, Literal, Name, Operation

MAX_LENGTH = 2_000
MAX_NESTING = 40

_BINARY: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_COMPARE: dict[type, str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_UNARY: dict[type, str] = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_DOTTED = regex(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_KEYWORDS = frozenset(keyword.kwlist)
# What a named tuple's own constructor comes down to, in half the time.
_new = tuple.__new__
_FORMATTED = regex(r"([\w.]+) *: *([ +,0-9.]*[deEfgGn%])")
"""What Python's texts have for `format`: `{n:03d}`."""
_BLANK = regex(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*(?: +[\w()/%-]+)+)")
"""A column whose name has blanks: `sheet.Peak type`."""
_MEMBER = regex(r"\b([A-Za-z_]\w*)\.([a-z]+)\b")
_NAMED = regex(r"([A-Za-z_]\w*(?:\.\w+)?)\[ *([A-Za-z_]\w* *=[^=][^\]]*)\](\.\w+)?")
"""An instance that is named by its keys, in the way of an index: `call[sample=pairs.control].bam`."""
_METHODS = frozenset({"upper", "lower", "replace", "split", "join"})
"""Methods of Python's texts that are functions here; of `join` the list comes first."""
_NO_TEXT = regex("[\x00\ud800-\udfff]")


class BadExpression(Exception):
    """An expression that cannot be read; carries the diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


Locate = Callable[[int, int], Span]
"""From two offsets in a scalar's text to the place in the file."""


def parse_expression(text: str, base: int, locate: Locate, span: Span) -> Expr:
    """The tree of an expression that stands at offset `base` of its scalar. Raises `BadExpression`."""
    if not text.strip():
        raise BadExpression(faults.SYNTAX.at(span, "`${}` is empty", help="name a key, a parameter or an output"))
    if len(text) > MAX_LENGTH:
        raise BadExpression(_too_complex(span, f"an expression longer than {MAX_LENGTH:,} characters"))
    simple = dotted_name(text, base, locate)
    if simple is not None:
        return simple
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Brackets let an expression run over several lines of YAML.
            tree = ast.parse(f"({text}\n)", mode="eval").body
    except SyntaxError as error:
        if "too many nested" in (error.msg or ""):
            raise BadExpression(_too_complex(span, "the expression is nested too deeply")) from None
        raise BadExpression(_not_one(span, text, _hint(text, error))) from None
    except (ValueError, MemoryError, RecursionError):
        raise BadExpression(_too_complex(span, "the expression is nested too deeply")) from None
    if _leaves_brackets(text):
        raise BadExpression(_not_one(span, text, "a `)` closes what was not opened"))
    return _Converter(text, base, locate).convert(tree, 0)


def dotted_name(text: str, base: int, locate: Locate) -> Expr | None:
    """The tree of `a`, `a.b` and so on, which most expressions are, as Python's parser would have it; else None."""
    if _DOTTED.fullmatch(text) is None:
        return None
    first, *names = text.split(".")
    if len(names) >= MAX_NESTING or not _KEYWORDS.isdisjoint((first, *names)):
        return None
    end = base + len(first)
    span = locate(base, end)
    found: Expr = Literal(_CONSTANTS[first], span) if first in _CONSTANTS else _new(Name, (first, span))
    for name in names:
        end += 1 + len(name)
        found = _new(Attribute, (found, name, locate(base, end), locate(end - len(name), end)))
    return found


def _not_one(span: Span, text: str, help: str) -> Diagnostic:
    shown = text.strip()
    shown = shown if len(shown) <= 80 else f"{shown[:60]}…"
    return faults.SYNTAX.at(span, f"`{shown}` is not an expression", help=help)


def _too_complex(span: Span, message: str) -> Diagnostic:
    return faults.TOO_COMPLEX.at(span, message, help="make it shorter, or compute it in a table or in the tool")


def _leaves_brackets(text: str) -> bool:
    """Whether a text closes a bracket that it did not open, and so would close ours: `a) + (b`."""
    depth, quote, escaped = 0, "", False
    for char in text:
        if escaped:
            escaped = False
        elif quote:
            escaped = char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        else:
            depth += (char == "(") - (char == ")")
            if depth < 0:
                return True
    return False


def _hint(text: str, error: SyntaxError) -> str:
    if "&&" in text or "||" in text:
        return "write `and` and `or`"
    if "!" in text.replace("!=", ""):
        return "write `not`"
    if "?" in text:
        return "write `x if condition else y`"
    if (formatted := _FORMATTED.fullmatch(text.strip())) is not None:
        number = f"int({formatted[1]})" if formatted[2][-1] == "d" else f"float({formatted[1]})"
        return f"a number is laid out by `format({number}, '{formatted[2]}')`"
    if (blank := _BLANK.fullmatch(text.strip())) is not None:
        return f"a name with blanks stands in brackets: `{blank[1]}['{blank[2]}']`"
    for head, word in _MEMBER.findall(text):
        if word in _KEYWORDS:
            instead = f"a column is `{head}['{word}']`, anything else has to be renamed"
            return f"`{word}` is a word of expressions, and no name after a point: {instead}"
    if (named := _NAMED.fullmatch(text.strip())) is not None:
        member = named[1] if "." in named[1] else named[1] + (named[3] or ".…")
        return f"an instance is looked up by its keys: `lookup({member}, {named[2]})`"
    message = (error.msg or "").split(". Perhaps")[0]
    if message and message != "invalid syntax" and "'('" not in message:
        return message
    return "names, `.`, `[]`, literals, comparison, and/or/not, `x if c else y`, arithmetic and the listed functions"


class _Converter:
    """Python's tree → our nodes."""

    def __init__(self, text: str, base: int, locate: Locate) -> None:
        self._base, self._locate = base, locate
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
        return self._locate(self._base + start, self._base + end)

    def _written(self, node: ast.expr) -> str:
        """The text of a node."""
        start = self._offset(node.lineno, node.col_offset)
        return self._text[start : self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)]

    def convert(self, node: ast.expr, depth: int) -> Expr:
        """The node for one of Python's. Raises `BadExpression`."""
        span = self._span(node)
        if depth > MAX_NESTING:
            raise BadExpression(_too_complex(span, "the expression is nested too deeply"))
        down = depth + 1
        match node:
            case ast.Name(id=name):
                return Literal(_CONSTANTS[name], span) if name in _CONSTANTS else Name(name, span)
            case ast.Constant(value=str() as value) if (found := _NO_TEXT.search(value)) is not None:
                told = f"a text with the character U+{ord(found[0]):04X}"
                hint = "leave it out: no argument, variable or file name can hold it"
                raise BadExpression(faults.SYNTAX.at(span, told, help=hint))
            case ast.Constant(value=float() as value):
                # It looks in text as it stands here; Python alone reads `1_0.5` and `1.`.
                written = self._written(node)
                return Literal(Decimals(written) if is_plain_number(written) else value, span)
            case ast.Constant(value=str() | int() | None as value):
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
                return Conditional(self.convert(test, down), self.convert(then, down), self.convert(other, down), span)
            case ast.List(elts=items):
                return ListOf(tuple(self.convert(item, down) for item in items), span)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            name, taken = node.func.attr, [self._written(each) for each in (node.func.value, *node.args)]
            hint = f"there is a function: `{name}({', '.join(reversed(taken) if name == 'join' else taken)})`"
            message = "a call of a method has no place in an expression"
            raise BadExpression(faults.NOT_ALLOWED.at(span, message, help=hint))
        raise BadExpression(
            faults.NOT_ALLOWED.at(
                span,
                f"{_describe(node)} has no place in an expression",
                help="names, `.`, `[]`, literals, comparison, and/or/not, `x if c else y`, arithmetic and the listed "
                "functions are what there is; compute anything else in a table or in the tool",
            )
        )

    def _call(self, node: ast.Call, name: str, args: list[ast.expr], keywords: list[ast.keyword], depth: int) -> Call:
        if any(k.arg is None for k in keywords):
            raise BadExpression(
                faults.NOT_ALLOWED.at(self._span(node), "`**` has no place in an expression", help="name each value")
            )
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
        for op, (left, right) in zip(node.ops, pairwise(items), strict=True):
            if type(op) not in _COMPARE:
                raise BadExpression(
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
        "Constant": "this constant", "BinOp": "this operator", "UnaryOp": "this operator",
    }  # fmt: skip
    return names.get(type(node).__name__, f"`{type(node).__name__}`")
