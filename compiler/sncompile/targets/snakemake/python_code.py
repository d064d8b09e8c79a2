"""Writes the little Python that a Snakefile needs, laid out as its formatter would.

Only what we emit is covered: atoms, strings, and calls of one name with arguments. A call that does not fit its line
is opened at its bracket; if its arguments then fit one line they stand on one, else each on its own with a comma after
every one (after a single argument none is put).
"""

from __future__ import annotations

from typing import NamedTuple

WIDTH = 88


class Atom(NamedTuple):
    """Code that is never broken: a name, a number, a string."""

    text: str


class Call(NamedTuple):
    """`head(arguments)`; `head` may be a name, a method, or `lambda …: name`. That of a list ends in `[`."""

    head: str
    arguments: tuple[Code, ...]


class Keyword(NamedTuple):
    """`name=value` inside a call."""

    name: str
    value: Code


Code = Atom | Call | Keyword


def string(value: str) -> Atom:
    """A Python string literal, with the quotes that its formatter chooses."""
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
    text = "".join(body)
    # Double quotes, unless single ones need fewer escapes.
    if text.count('"') > text.count("'"):
        return Atom("'" + text.replace("'", "\\'") + "'")
    return Atom('"' + text.replace('"', '\\"') + '"')


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
    if isinstance(code, Atom):
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
