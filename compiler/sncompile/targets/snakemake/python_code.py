"""Writes the little Python that a Snakefile needs, laid out as its formatter would.

Only what we emit is covered: atoms, strings, and calls of one name with arguments. A call that does not fit its line
is opened at its bracket; if its arguments then fit one line they stand on one, else each on its own with a comma after
every one (after a single argument none is put).
"""

from __future__ import annotations

import ast
from typing import NamedTuple

WIDTH = 88


class Atom(NamedTuple):
    """Code that is never broken: a name, a number, a string."""

    text: str


class Arithmetic(NamedTuple):
    """Sums and products of names, numbers and calls: broken at their operators where they do not fit a line."""

    text: str


class Call(NamedTuple):
    """`head(arguments)`; `head` may be a name, a method, or `lambda …: name`. That of a list ends in `[`."""

    head: str
    arguments: tuple[Code, ...]


class Keyword(NamedTuple):
    """`name=value` inside a call."""

    name: str
    value: Code


Code = Atom | Arithmetic | Call | Keyword


def string(value: str) -> Atom:
    """A Python string literal, with the quotes that its formatter chooses."""
    text = value.replace("\\", "\\\\") if value.isprintable() else _escaped(value)
    # Double quotes, unless single ones need fewer escapes.
    if text.count('"') > text.count("'"):
        return Atom("'" + text.replace("'", "\\'") + "'")
    return Atom('"' + text.replace('"', '\\"') + '"')


def _escaped(value: str) -> str:
    body = []
    for char in value:
        if char in _ESCAPES:
            body.append(_ESCAPES[char])
        elif char.isprintable():
            body.append(char)
        elif ord(char) < 0x100:
            body.append(f"\\x{ord(char):02x}")
        elif ord(char) < 0x10000:
            body.append(f"\\u{ord(char):04x}")
        else:
            body.append(f"\\U{ord(char):08x}")
    return "".join(body)


def pattern(regex: str) -> Atom:
    """A regular expression as a literal: raw, where it can be, as that is how people read them."""
    plain = regex.isprintable() and '"' not in regex and not regex.endswith("\\")
    return Atom(f'r"{regex}"') if plain else string(regex)


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def listed(items: list[Code]) -> Code:
    """A list."""
    return Call("[", tuple(items))


def flat(code: Code) -> str:
    """Code on one line."""
    if isinstance(code, Atom | Arithmetic):
        return code.text
    if isinstance(code, Keyword):
        return f"{code.name}={flat(code.value)}"
    inner = ", ".join(map(flat, code.arguments))
    return f"{code.head}{inner}]" if code.head.endswith("[") else f"{code.head}({inner})"


def layout(code: Code, indent: int, *, prefix: str = "", tail: str = ",") -> list[str]:
    """Code as lines at an indent, with `prefix` before it and `tail` after it."""
    space = " " * indent
    one = f"{space}{prefix}{flat(code)}{tail}"
    # The formatter lays an entry of a directive out by itself and adds the comma afterwards.
    width = WIDTH + len(tail) if indent == 8 else WIDTH
    if len(one) <= width or isinstance(code, Atom):
        return [one]
    if isinstance(code, Arithmetic):
        return _broken(ast.parse(code.text, mode="eval").body, space, prefix, tail)
    if isinstance(code, Keyword):
        return layout(code.value, indent, prefix=f"{prefix}{code.name}=", tail=tail)
    opening, closing = (code.head, "]") if code.head.endswith("[") else (f"{code.head}(", ")")
    if not code.arguments:
        return [one]
    lines = [f"{space}{prefix}{opening}"]
    together = " " * (indent + 4) + ", ".join(map(flat, code.arguments))
    is_list = code.head.endswith("[")
    if len(code.arguments) == 1:
        lines += layout(code.arguments[0], indent + 4, tail="," if is_list else "")
    elif len(together) <= WIDTH and not is_list:
        lines.append(together)
    else:
        for argument in code.arguments:
            lines += layout(argument, indent + 4)
    lines.append(f"{space}{closing}{tail}")
    return lines


_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1), ast.Sub: ("-", 1),
    ast.Mult: ("*", 2), ast.Div: ("/", 2), ast.FloorDiv: ("//", 2), ast.Mod: ("%", 2),
}  # fmt: skip
"""How operators are written, and how closely they hold their operands."""


def _broken(node: ast.expr, space: str, prefix: str, tail: str) -> list[str]:
    """Arithmetic, with a line for each operand of the loosest operators; one in brackets is broken inside of them."""
    one = f"{space}{prefix}{ast.unparse(node)}{tail}"
    if len(one) <= WIDTH or not isinstance(node, ast.BinOp):
        return [one]
    rank = _SIGNS[type(node.op)][1]
    operands: list[tuple[str, ast.expr]] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and _SIGNS[type(left.op)][1] == rank:
        operands.append((f"{_SIGNS[type(left.op)][0]} ", left.right))
        left = left.left
    operands.append((prefix, left))
    lines: list[str] = []
    for number, (before, operand) in enumerate(reversed(operands), 1):
        after = tail if number == len(operands) else ""
        # Who is looser than the operator beside it stands in brackets; on its right who is as loose, too.
        inside = isinstance(operand, ast.BinOp) and _SIGNS[type(operand.op)][1] < rank + (number > 1)
        text = f"({ast.unparse(operand)})" if inside else ast.unparse(operand)
        if not inside or len(f"{space}{before}{text}{after}") <= WIDTH:
            lines += [f"{space}{before}{text}{after}"] if inside else _broken(operand, space, before, after)
        else:
            lines += [f"{space}{before}(", *_broken(operand, f"{space}    ", "", ""), f"{space}){after}"]
    return lines
