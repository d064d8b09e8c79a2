"""Plain data → YAML that people read, with comments. YAML 1.1 and 1.2 read it alike."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from sncompile.lazy_regex import regex

Path = tuple[str | int, ...]
Comments = Mapping[Path, str]
"""Comments by the path of the node that they stand above."""

WIDTH = 110
"""Columns that a line may have where it can be broken at all."""

_INDENT = "  "
# Whatever starts otherwise could be a number, a date, a sign of YAML or white space.
_PLAIN = regex(r"(?!-?$)-{0,2}[A-Za-z/_][A-Za-z0-9_./+=%@ -]*(?<! )")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"))
_UNSHOWN = regex("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def yaml_text(data: Mapping[str, Any], comments: Comments | None = None) -> str:
    """A document, with an empty line around every part of its top that takes several lines."""
    notes = comments or {}
    lines: list[str] = []
    long = False
    for key, value in data.items():
        part = _comment(notes.get((key,)), "") + list(_entry(key, value, "", (key,), notes))
        long, before = len(part) > 1, long
        if lines and (long or before):
            lines.append("")
        lines += part
    return "".join(f"{line}\n" for line in lines)


def scalar(value: Any) -> str:
    """A text, number, boolean or nothing, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return _UNSHOWN.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(text, ensure_ascii=False))


def _number(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    # YAML 1.1 takes `1e-05` for text.
    mantissa, sign, exponent = text.partition("e")
    return f"{mantissa}.0{sign}{exponent}" if sign and "." not in mantissa else text


def flow(value: Any) -> str:
    """Any value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return scalar(value)


def _comment(text: str | None, indent: str) -> list[str]:
    if not text:
        return []
    width = WIDTH - len(indent) - 2
    return [f"{indent}# {line}" for part in text.split("\n") for line in textwrap.wrap(part, width) or [""]]


def _has_below(notes: Comments, path: Path) -> bool:
    return any(len(p) > len(path) and p[: len(path)] == path for p in notes)


def _on_one_line(value: Any) -> bool:
    """Whether a collection reads well in one line: it holds no collection but lists of plain values."""
    inner = value.values() if isinstance(value, Mapping) else value
    return all(
        not isinstance(v, Mapping) and (not isinstance(v, (list, tuple)) or all(_is_plain(x) for x in v)) for v in inner
    )


def _is_plain(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple))


def _entry(key: str, value: Any, indent: str, path: Path, notes: Comments) -> Iterator[str]:
    head = f"{indent}{scalar(key)}:"
    if _is_plain(value):
        yield from _text_entry(head, value, indent)
        return
    line = f"{head} {flow(value)}"
    fits = len(line) <= WIDTH and _on_one_line(value) and path != ("command",)
    if not value or (fits and not _has_below(notes, path)):
        yield line
        return
    yield head
    yield from _block(value, indent + _INDENT, path, notes)


def _text_entry(head: str, value: Any, indent: str) -> Iterator[str]:
    line = f"{head} {scalar(value)}"
    if isinstance(value, str) and len(line) > WIDTH:
        inner = indent + _INDENT
        lines = textwrap.wrap(value, WIDTH - len(inner), break_long_words=False, break_on_hyphens=False)
        # Folded lines are joined by one space each; a text that would come out otherwise stays on one line.
        if len(lines) > 1 and " ".join(lines) == value and not _UNSHOWN.search(value) and value.isprintable():
            yield f"{head} >-"
            yield from (inner + one for one in lines)
            return
    yield line


def _block(value: Any, indent: str, path: Path, notes: Comments) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _comment(notes.get((*path, key)), indent)
            yield from _entry(key, item, indent, (*path, key), notes)
        return
    for number, item in enumerate(value):
        here = (*path, number)
        yield from _comment(notes.get(here), indent)
        line = f"{indent}- {flow(item)}"
        if _is_plain(item) or not item or (len(line) <= WIDTH and _on_one_line(item)):
            yield line
        elif isinstance(item, Mapping):
            lines = list(_block(item, indent + _INDENT, here, notes))
            yield f"{indent}- {lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield f"{indent}-"
            yield from _block(item, indent + _INDENT, here, notes)
