"""Paths as text: parts joined, and written in one way only, as engines compare paths by letter."""

from __future__ import annotations

import posixpath
from pathlib import Path

from sncompile.diagnostics import Span
from sncompile.ir.language.encoding import MAX_PART, length, no_option
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import to_text
from sncompile.ir.language.types import STRING
from sncompile.ir.values.model import Const, Items, Text, Value
from sncompile.lazy_regex import regex
from sncompile.semantics.paths.ups import climbs_from_link

MAX_PATH = 4095
"""Bytes of a whole path, as Linux has it."""

_CONTROL = regex("[\x00-\x1f\x7f]")
_UP = regex(r"(/)(?!\.\.?/)[^/]+/\.\./")
_UP_AT_START = regex(r"(^|/)(?!\.\.?/)[^/]+/\.\./")


def normal(path: str) -> str:
    """A path as `posixpath.normpath` has it, which takes its time even where there is nothing to do."""
    plain = path and path[0] != "." and path[-1] != "/" and "/." not in path and "//" not in path
    return path if plain else posixpath.normpath(path)


def bad_path(path: str, most: int = MAX_PATH) -> str | None:
    """Why no file can have a path of at most so many bytes; None if one can."""
    if not path or path.endswith("/"):
        return "is empty" if not path else "ends in a slash"
    if not path.isprintable() and _CONTROL.search(path):
        return "holds a control character"
    if path.startswith("~"):
        return "starts with `~`, which only a shell takes for a home folder"
    if len(path) * 4 <= min(MAX_PART, most):
        return None
    longest = max(path.split("/"), key=length)
    if length(longest) > MAX_PART:
        return f"has a part longer than {MAX_PART} bytes: `{longest[:40]}…`"
    if length(path) > most:
        return f"is longer than the {most:,} bytes that are left for it: `{path[:40]}…`"
    return None


def room(folder: str, path: str) -> int:
    """The bytes that a path may have which an engine opens, seen from the working folder `folder`.

    It is opened by itself and as an absolute path.
    """
    return MAX_PATH if path.startswith("/") else MAX_PATH - length(folder) - 1


def room_for_output(folder: str, path: str) -> int:
    """As `room`, for what jobs write: Snakemake keeps notes of it in files that are called by the path in Base64.

    >>> room_for_output("/data/project", "results/a.txt")
    3017
    """
    notes = MAX_PATH - length(f"{folder}/.snakemake/incomplete/")
    # Of four signs each stands for three bytes; a part of 255 of them has a sign and a slash of its own.
    return min(room(folder, path), notes * 255 // 257 * 3 // 4 - 3)


def start_of(value: Value) -> str | None:
    """The path of a constant value, or the folder that all of its paths lie in; None where that cannot be seen."""
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else None
    first = value.parts[0] if isinstance(value, Text) else None
    if not isinstance(first, Const):
        return None
    head, slash, _ = str(first.value).rpartition("/")
    return (head or "/") if slash else None


def folder_of(value: Value) -> Value | None:
    """The folder of the paths that a text gives, as a text; None where their last name is not the same in all.

    So `dirname` of a path with keys is a text with keys, too, as `results/{plate}` is for `results/{plate}/all.csv`.
    """
    if not isinstance(value, Text) or not isinstance(last := value.parts[-1], Const):
        return None
    head, slash, _ = str(last.value).rpartition("/")
    if not slash:
        return None
    return join_text([*value.parts[:-1], *([last._replace(value=head)] if head else [])], value.span)


def join_text(parts: list[Value], span: Span) -> Value:
    """Parts as one text, with neighbouring constants joined."""
    joined: list[Value] = []
    for part in parts:
        if joined and isinstance(part, Const) and isinstance(joined[-1], Const):
            joined[-1] = Const(to_text(joined[-1].value) + to_text(part.value), STRING, joined[-1].span)
        else:
            joined.append(part)
    if len(joined) == 1 and isinstance(joined[0], Const):
        return joined[0]._replace(span=span)
    return Text(tuple(joined), STRING, span)


def tidy(value: Value, working: Path) -> Value:
    """A path said by hand as engines write it: no `./` at its start, no double slash, no `a/../` inside.

    Where `a` is a link, seen from the working folder, `a/../` is another place and stays.
    """
    if isinstance(value, Const) and isinstance(value.value, str):
        return value._replace(value=_tidy_start(value.value, working))
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return value._replace(value=tuple(_tidy_start(to_text(v), working) for v in value.value))
    if isinstance(value, Text):
        joined = join_text(list(value.parts), value.span)
        if not isinstance(joined, Text):
            return tidy(joined, working)
        parts = []
        for number, part in enumerate(joined.parts):
            if isinstance(part, Const) and isinstance(part.value, str):
                text = part.value
                part = part._replace(value=_tidy_text(text, first=False) if number else _tidy_start(text, working))
            parts.append(part)
        return join_text(parts, value.span)
    if isinstance(value, Items):
        return value._replace(items=tuple(tidy(item, working) for item in value.items))
    return value


def _tidy_start(text: str, working: Path) -> str:
    return text if climbs_from_link(text, working) else _tidy_text(text, first=True)


def _tidy_text(text: str, *, first: bool) -> str:
    if first and is_url(text):
        return text
    while "//" in text:
        text = text.replace("//", "/")
    while "/./" in text:
        text = text.replace("/./", "/")
    while "/../" in text and (shorter := (_UP_AT_START if first else _UP).sub(r"\1", text, count=1)) != text:
        text = shorter
    while first and text.startswith("./") and len(text) > 2:
        text = text[2:]
    return no_option(text) if first else text
