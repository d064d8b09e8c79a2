"""Path patterns whose `{name}` parts become columns.

`{name}` stands for one or more characters other than `/`, `{name,regex}` for what the regular expression matches;
`*` for any characters other than `/`, `**` for any folders. `{{` and `}}` are braces.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_]\w*)(?:,((?:[^{}]|\{[0-9,]*\})*))?\}|\*\*/|\*|[{}]")


class PatternError(ValueError):
    """A pattern that cannot be understood."""


class Pattern(NamedTuple):
    """A compiled pattern: `root` is the folder to list, `matcher` fits paths below it, `depth` how deep (None: any)."""

    root: str
    matcher: re.Pattern[str]
    lazy: re.Pattern[str]
    names: tuple[str, ...]
    depth: int | None


class Part(NamedTuple):
    """A piece of a pattern's text; a literal one is taken as it stands, braces and all."""

    text: str
    literal: bool


def compile_pattern(parts: list[Part]) -> Pattern:
    """The pattern of some parts. Raises `PatternError`."""
    pieces: list[str] = []
    names: list[str] = []
    prefix: list[str] = []
    literal_so_far = True
    deep = False
    for part in parts:
        at = 0
        if part.literal:
            pieces.append(re.escape(part.text))
            prefix.append(part.text if literal_so_far else "")
            continue
        for token in _TOKEN.finditer(part.text):
            before = part.text[at : token.start()]
            at = token.end()
            pieces.append(re.escape(before))
            if literal_so_far:
                prefix.append(before)
            if token[0] in ("{{", "}}"):
                pieces.append(re.escape(token[0][0]))
                prefix.append(token[0][0] if literal_so_far else "")
                continue
            literal_so_far = False
            deep = deep or token[0] == "**/"
            pieces.append(_piece(token, names))
        pieces.append(re.escape(part.text[at:]))
        if literal_so_far:
            prefix.append(part.text[at:])
    if not names:
        raise PatternError("it has no `{name}` part")
    text = "".join(prefix)
    root = text[: text.rfind("/") + 1]
    rest = "".join(pieces)[len(re.escape(root)) :]
    depth = None if deep else re.sub(r"\[\^/\]", "", rest).count("/")
    try:
        matcher = re.compile(rest)
        lazy = re.compile(rest.replace("[^/]+)", "[^/]+?)").replace("[^/]*", "[^/]*?"))
    except re.error as error:
        raise PatternError(f"the constraint is not a regular expression: {error}") from None
    return Pattern(root, matcher, lazy, tuple(names), depth)


def _piece(token: re.Match[str], names: list[str]) -> str:
    if token[0] == "**/":
        return "(?:[^/]+/)*"
    if token[0] == "*":
        return "[^/]*"
    name = token[1]
    if name is None:
        raise PatternError(f"`{token[0]}` has no partner; a brace itself is written `{token[0] * 2}`")
    if name in names:
        return f"(?P={name})"
    names.append(name)
    return f"(?P<{name}>{token[2] or '[^/]+'})"


def list_files(pattern: Pattern, folder: Path) -> Iterator[str]:
    """Paths of the files below the pattern's root, as written in the pattern, relative ones starting at `folder`.

    A folder that cannot be read is passed over, as a shell's glob does.
    """
    start = os.path.normpath(folder / pattern.root)
    pending = [(str(start), "", 0)]
    while pending:
        here, relative, depth = pending.pop()
        try:
            entries = list(os.scandir(here))
        except OSError:
            continue
        for entry in entries:
            try:
                below = entry.is_dir()
            except OSError:
                below = False
            if not below:
                yield relative + entry.name
            # Links to folders are followed at a known depth only: with `**` they could lead in circles.
            elif (pattern.depth is None and not entry.is_symlink()) or (
                pattern.depth is not None and depth < pattern.depth
            ):
                pending.append((entry.path, f"{relative}{entry.name}/", depth + 1))


class Match(NamedTuple):
    """A file that fits: its path, its columns, and the other way to read it where there is one."""

    path: str
    columns: dict[str, str]
    otherwise: dict[str, str] | None


def match_files(pattern: Pattern, folder: Path) -> list[Match]:
    """The files that fit the pattern, sorted by path."""
    found = []
    for relative in list_files(pattern, folder):
        match = pattern.matcher.fullmatch(relative)
        if match is None:
            continue
        other = pattern.lazy.fullmatch(relative)
        columns = match.groupdict()
        otherwise = other.groupdict() if other is not None and other.groupdict() != columns else None
        found.append(Match(pattern.root + relative, columns, otherwise))
    return sorted(found, key=lambda m: m.path)
