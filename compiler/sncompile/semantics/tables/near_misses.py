"""Files that nearly fit a pattern: which comes nearest, and where it stops to fit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Span
from sncompile.faults import tables as faults
from sncompile.lazy_regex import regex
from sncompile.semantics.tables.glob_match import Token, ends_of
from sncompile.semantics.tables.globs import Listed, Matcher, Pattern, list_files

MAX_LOOKED = 2_000
"""Files that are looked at to find the nearest."""


class Miss(NamedTuple):
    """A file that does not fit: how many parts of the pattern it has, how much of the next, and what to tell of it."""

    parts: int
    signs: int
    path: str
    told: str
    help: str


def no_file_fits(pattern: Pattern, text: str, folder: Path, others: Sequence[str], span: Span) -> Diagnostic:
    """Told where no file fits a pattern, which is `text`; `others` are the files that were listed."""
    below = _shown(pattern)
    hint = "check the data root (`--data NAME=PATH`); paths start at the spec's folder, or at `--directory`"
    if not others and not os.path.isdir(folder / pattern.root):
        return faults.EMPTY_TABLE.at(span, f"no file fits `{text}`: there is no folder {below}", help=hint)
    found = list(others) or _deeper(pattern, folder)
    miss = nearest(pattern, found)
    if miss is None:
        return faults.EMPTY_TABLE.at(span, f"no file fits `{text}`: there is none in {below}", help=hint)
    many = f"of {len(found):,} files below {below} " if len(found) > 1 else ""
    message = f"no file fits `{text}`: {many}`{miss.path}` comes nearest; {miss.told}"
    return faults.EMPTY_TABLE.at(span, message, help=miss.help or _habit(pattern) or f"mend the pattern, or {hint}")


def some_do_not_fit(table: Listed, taken: Iterable[str], span: Span) -> Diagnostic | None:
    """Told where files of the kind that a table lists do not fit its pattern, nor that of another table."""
    suffix = _suffix(table.pattern)
    others = sorted(set(table.others).difference(taken))
    alike = [path for path in others if os.path.splitext(path)[1].lower().startswith(suffix)]
    miss = nearest(table.pattern, alike)
    if miss is None:
        return None
    files, fit = ("file", "does") if len(alike) == 1 else ("files", "do")
    beside = f"beside {len(table):,} that {'does' if len(table) == 1 else 'do'}"
    below = _shown(table.pattern)
    message = f"{len(alike):,} {files} below {below} {fit} not fit, {beside}: `{miss.path}`; {miss.told}"
    hint = miss.help or _habit(table.pattern) or "mend the pattern or the name, if they belong there"
    return faults.NOT_FITTING.at(span, message, help=hint)


def nearest(pattern: Pattern, paths: Iterable[str]) -> Miss | None:
    """Of files that do not fit, the one that comes nearest; None where there is none."""
    matcher = Matcher(pattern)
    misses = [_miss(matcher, path) for path in islice(paths, MAX_LOOKED)]
    return max(misses, key=lambda miss: (miss.parts, miss.signs, [-ord(sign) for sign in miss.path]), default=None)


def _miss(matcher: Matcher, path: str) -> Miss:
    """How far a file fits."""
    pattern = matcher.pattern
    tokens, relative = pattern.tokens, path.removeprefix(pattern.root)
    folders = relative.split("/")
    for count in range(1, len(folders)):
        if matcher.match(pattern.root + "/".join(folders[count:])) is not None:
            lies = "it lies a folder deeper" if count == 1 else f"it lies {count} folders deeper"
            hint = "write `**/` before the name for folders of any depth, or `{folder}/` for a column of them"
            return Miss(len(tokens), len(path), path, lies, hint)
    starts = {0}
    for number, token in enumerate(tokens):
        following = {end for start in starts for end in ends_of(token, relative, start)}
        if not following:
            return _stopped(number, token, relative, starts, path)
        starts = following
    end = max(starts)
    if end < len(relative):
        return Miss(len(tokens), 0, path, f"`{relative[end:]}` is too much at its end", "")
    names = [token.name for token in tokens if token.kind == "name"]
    twice = next(name for name in names if names.count(name) > 1)
    hint = "a name that stands twice is the same text both times; call the second one otherwise if it may differ"
    return Miss(len(tokens), len(path), path, f"`{twice}` is not the same there at both of its places", hint)


def _stopped(number: int, token: Token, relative: str, starts: set[int], path: str) -> Miss:
    """A file in which a part of the pattern fits nowhere after those before it."""
    if token.kind != "literal":
        wanted = f"{{{token.name},{token.text}}}" if token.text else f"{{{token.name}}}"
        at = min(starts)
        return Miss(number, 0, path, f"it fits up to `{relative[:at]}`, where `{wanted}` is wanted", "")
    at = max(starts, key=lambda start: (_common(token.text, relative[start:]), start))
    signs = _common(token.text, relative[at:])
    if not signs:
        return Miss(number, 0, path, f"it lacks `{token.text}`", "")
    stands = relative[at : at + len(token.text)]
    told = f"it fits up to `{relative[:at]}`, where `{token.text}` is wanted and `{stands}` stands"
    return Miss(number, signs, path, told, "")


def _common(wanted: str, there: str) -> int:
    """How many characters two texts begin with alike, whatever their case."""
    pairs = zip(wanted.lower(), there.lower(), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _deeper(pattern: Pattern, folder: Path) -> list[str]:
    """Files in any folder below a pattern's own, of which not too many are looked at."""
    listed = islice(list_files(pattern._replace(depth=None), folder), MAX_LOOKED)
    return sorted(pattern.root + relative for relative in listed)


_CHOICE = regex(r"[\w.]*\w(?:,[\w.]+)*")
"""What stands behind a comma in braces, and is no constraint: `png` of `{tif,png}`."""


def _habit(pattern: Pattern) -> str:
    """What to write for what shells read otherwise, where a pattern has that: `{tif,png}`, `?`, `[ab]`."""
    for token in pattern.tokens:
        if token.kind == "name" and token.text and _CHOICE.fullmatch(token.text):
            several = "|".join((token.name, *token.text.split(",")))
            meant = f"for one of several write `{{suffix,{several}}}`"
            return f"`{{{token.name},{token.text}}}` is a column `{token.name}` that fits `{token.text}`: {meant}"
        if token.kind != "literal":
            continue
        choice = re.search(r"\{([\w.]+(?:,[\w.]+)+)\}", token.text)
        if choice is not None:
            several = choice[1].replace(",", "|")
            return f"braces stand for themselves there: for one of several write `{{suffix,{several}}}`"
        signs = re.search(r"\[[^\]/]+\]|\?", token.text)
        if signs is not None:
            wanted = "." if signs[0] == "?" else signs[0].replace("[!", "[^")
            return f"`{signs[0]}` stands for itself: for any such character write `{{part,{wanted}}}`"
    return ""


def _suffix(pattern: Pattern) -> str:
    """The beginning of the suffix that a pattern ends with: `.tif`, also of `.tiff`; empty where it has none."""
    last = pattern.tokens[-1]
    _, dot, suffix = last.text.rpartition(".") if last.kind == "literal" else ("", "", "")
    return f"{dot}{suffix[:3]}".lower()


def _shown(pattern: Pattern) -> str:
    return f"`{pattern.root}`" if pattern.root else "the working folder"
