"""Path patterns whose `{name}` parts become columns.

`{name}` stands for one or more characters other than `/`, `{name,regex}` for what the regular expression matches;
`*` for any characters other than `/`, `**` for any folders. `{{` and `}}` are braces. None of these signs stands for
the dot at the beginning of a name, which hides it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Hint, Span
from sncompile.ir.keys.table import Cell, Table
from sncompile.ir.language.patterns import wrong_pattern
from sncompile.lazy_regex import regex
from sncompile.semantics.places import HERE, Places
from sncompile.semantics.tables.glob_match import HIDDEN, Token, read

_TOKEN = regex(r"\{\{|\}\}|\{([A-Za-z_]\w*)(?:,((?:[^{}]|\{[0-9,]*\})*))?\}|\*\*/|\*\*|\*|[{}]")
_BARE = regex(r"(?<!\$)\{[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\}")
_SIMPLE = regex(r"(?:\[[^\[\]\\]*\]|\\[dw]|\w)(?:[+*]|\{[0-9,]+\})?")


class PatternError(ValueError):
    """A pattern that cannot be understood."""


class Pattern(NamedTuple):
    """A compiled pattern: `root` is the folder to list, `depth` how deep (None: any), `tokens` fit paths below it.

    `matcher` and `lazy` do the same faster, where that is safe: with the longest parts first, and with the shortest.
    """

    root: str
    tokens: tuple[Token, ...]
    matcher: re.Pattern[str]
    lazy: re.Pattern[str]
    names: tuple[str, ...]
    depth: int | None


class Listed(Table):
    """A table made by listing files (`glob`), with the pattern that they fit, and the `others` that do not."""

    def __init__(
        self,
        name: str,
        key: tuple[str, ...],
        columns: Mapping[str, Sequence[Cell]],
        *,
        span: Span,
        pattern: Pattern,
        others: Sequence[str] = (),
    ) -> None:
        super().__init__(name, key, columns, span=span, enumerated="path", text=True)
        self.pattern = pattern
        self.others = others


class Part(NamedTuple):
    """A piece of a pattern's text; a literal one is taken as it stands, braces and all."""

    text: str
    literal: bool


def what_was_meant(text: str) -> str:
    """The help for a pattern that cannot be understood.

    >>> what_was_meant("{data.images}/{well}.tif"), what_was_meant("{well.tif")
    ('did you mean `${data.images}`?', 'such as `{well}_s{site}.tif`')
    """
    bare = _BARE.search(text)
    if bare is None:
        return "such as `{well}_s{site}.tif`"
    return Hint(f"did you mean `${bare[0]}`?", bare[0], f"${bare[0]}", safe=bare[0].startswith("{data."))


def compile_pattern(parts: list[Part]) -> Pattern:
    """The pattern of some parts. Raises `PatternError`."""
    tokens = _joined([token for part in parts for token in _tokens(part)])
    names = tuple(dict.fromkeys(token.name for token in tokens if token.kind == "name"))
    if not names:
        raise PatternError("it has no `{name}` part")
    first = tokens[0].text if tokens[0].kind == "literal" else ""
    root = first[: first.rfind("/") + 1]
    below = (Token("literal", first[len(root) :]), *tokens[1:]) if root else tokens
    depth = None
    if not any(token.kind == "folders" for token in below):
        depth = sum(token.text.count("/") for token in below)
    return Pattern(root, below, _regex(below, ""), _regex(below, "?"), names, depth)


def _tokens(part: Part) -> list[Token]:
    if part.literal:
        return [Token("literal", part.text)]
    found: list[Token] = []
    at = 0
    for match in _TOKEN.finditer(part.text):
        found.append(Token("literal", part.text[at : match.start()]))
        found.append(_token(match))
        at = match.end()
    return [*found, Token("literal", part.text[at:])]


def _token(match: re.Match[str]) -> Token:
    sign = match[0]
    if sign in ("{{", "}}"):
        return Token("literal", sign[0])
    if sign == "**/":
        return Token("folders")
    if sign == "*":
        return Token("star")
    if sign == "**":
        raise PatternError("`**` stands for folders and needs a slash: `**/`")
    if match[1] is None:
        constrained = re.match(r"\{\w+,", match.string[match.start() :])
        within = "; in a regular expression they stand as they are: `{name,[0-9]{2}}`" if constrained else ""
        raise PatternError(f"`{sign}` has no partner; a brace itself is written `{sign * 2}`{within}")
    wrong = wrong_pattern(match[2]) if match[2] else None
    if wrong is not None:
        raise PatternError(f"the constraint of `{match[1]}` is not a regular expression: {wrong}")
    return Token("name", match[2] or "", match[1])


def _joined(tokens: list[Token]) -> tuple[Token, ...]:
    """The tokens without empty literals, and with those next to each other made one."""
    found: list[Token] = []
    for token in tokens:
        if token.kind == "literal" and found and found[-1].kind == "literal":
            found[-1] = Token("literal", found[-1].text + token.text)
        elif token != Token("literal"):
            found.append(token)
    return tuple(found)


def _regex(tokens: tuple[Token, ...], lazy: str) -> re.Pattern[str]:
    pieces: list[str] = []
    seen: set[str] = set()
    begins = True
    for token in tokens:
        if begins and token.kind in ("star", "name") and not token.asks_for_hidden:
            pieces.append(r"(?!\.)")
        # The literal before all others may be empty.
        begins = token.kind == "folders" or (token.kind == "literal" and (token.text or "/").endswith("/"))
        if token.kind == "literal":
            pieces.append(re.escape(token.text))
        elif token.kind == "folders":
            pieces.append(r"(?:(?!\.)[^/]+/)*" + lazy)
        elif token.kind == "star":
            pieces.append("[^/]*" + lazy)
        elif token.name in seen:
            pieces.append(f"(?P={token.name})")
        else:
            seen.add(token.name)
            pieces.append(f"(?P<{token.name}>{token.text or '[^/]+' + lazy})")
    try:
        return re.compile("".join(pieces))
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"a constraint is not a regular expression: {error}") from None


def list_files(pattern: Pattern, folder: Path) -> Iterator[str]:
    """Paths of the files below the pattern's root, as written in the pattern, relative ones starting at `folder`.

    A folder that cannot be read is passed over, as a shell's glob does.
    """
    start = os.path.normpath(folder / pattern.root)
    pending = [(str(start), "", 0)]
    hidden = asks_for_hidden(pattern)
    while pending:
        here, relative, depth = pending.pop()
        try:
            entries = list(os.scandir(here))
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(HIDDEN) and not hidden:
                continue
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


def asks_for_hidden(pattern: Pattern) -> bool:
    """Whether a pattern names files or folders below its root that begin with a dot."""
    for before, token in pairwise((Token("folders"), *pattern.tokens)):
        begins = before.kind == "folders" and token.text.startswith(HIDDEN)
        if token.asks_for_hidden or (token.kind == "literal" and (begins or f"/{HIDDEN}" in token.text)):
            return True
    return False


class Match(NamedTuple):
    """A file that fits: its path, its columns, and the other way to read it where there is one."""

    path: str
    columns: dict[str, str]
    otherwise: dict[str, str] | None


class Files(NamedTuple):
    """The files below a pattern's folder: those that fit, and the paths of the others; both sorted by path."""

    fitting: list[Match]
    others: list[str]


def match_files(pattern: Pattern, folder: Path, places: Places = HERE) -> Files:
    """The files below the pattern's folder."""
    matcher = Matcher(pattern)
    start = os.path.normpath(folder / pattern.root)
    fitting, others = [], []
    for relative in places.listed(start, list_files(pattern, folder)):
        path = pattern.root + relative
        match = matcher.match(path)
        if match is not None:
            fitting.append(match)
        elif pattern.depth is None or relative.count("/") <= pattern.depth:
            others.append(path)
    return Files(sorted(fitting, key=lambda match: match.path), sorted(others))


class Matcher:
    """Matches paths with one pattern."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        # Constraints are not known to be harmless, nor can they be made to match as little as they can.
        self._slow = any(token.kind == "name" and _risky(token.text) for token in pattern.tokens)

    def match(self, path: str) -> Match | None:
        """How a path fits, or None where it does not."""
        pattern = self.pattern
        if not path.startswith(pattern.root):
            return None
        relative = path[len(pattern.root) :]
        if self._slow or _cuts(pattern.tokens, relative) > MAX_CUTS:
            ways = list(read(pattern.tokens, relative))
        else:
            first = pattern.matcher.fullmatch(relative)
            last = pattern.lazy.fullmatch(relative) if first is not None else None
            ways = [match.groupdict() for match in (first, last) if match is not None]
        if not ways:
            return None
        return Match(path, ways[0], ways[-1] if ways[-1] != ways[0] else None)


MAX_CUTS = 100_000
"""Ways to cut a name that a regular expression may try; for more there is a way without going back."""


def _cuts(tokens: tuple[Token, ...], path: str) -> int:
    """At most so many ways there are to cut a path where the pattern's parts could end."""
    ways = 1
    for token, following in pairwise((*tokens, Token("end"))):
        if token.kind != "literal" and following.kind != "end":
            ways *= path.count(following.text) + 1 if following.kind == "literal" else len(path) + 1
    return ways


def _risky(constraint: str) -> bool:
    """Whether a constraint is more than one kind of character, a fixed or open number of times."""
    return bool(constraint) and not _SIMPLE.fullmatch(constraint)
