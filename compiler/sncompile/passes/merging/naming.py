"""Names for what branches have in common, and for what tells them apart.

A key should read as the branch does: `A01` of `seg_A01`, `seg_B02` or of `images/A01.tif`, `images/B02.tif`; never `7`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence

from sncompile.lazy_regex import regex

_TOKENS = regex(r"[A-Za-z0-9]+|[^A-Za-z0-9]+")
_TRIED = 64
_MOST = 100


def varying(texts: Sequence[str]) -> list[str]:
    """What stands between the common beginning and the common end of texts, by whole words; the texts themselves where
    nothing stays.

    >>> varying(["seg_A01.tif", "seg_A02.tif"])
    ['A01', 'A02']
    >>> varying(["a/x", "b/x"]), varying(["x", "x_2"])
    (['a', 'b'], ['x', 'x_2'])
    """
    start = _boundary(common_start(texts), texts)
    rest = [text[start:][::-1] for text in texts]
    end = _boundary(common_start(rest), rest)
    found = [text[start : len(text) - end] for text in texts]
    return list(texts) if not all(found) else found


def common_start(texts: Sequence[str]) -> str:
    """What all texts begin with.

    >>> common_start(["abc", "abd"])
    'ab'
    """
    first, last = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _boundary(common: str, texts: Sequence[str]) -> int:
    """The length of a common beginning without a word that goes on in some text."""
    inside = common and common[-1].isalnum() and any(t[len(common) : len(common) + 1].isalnum() for t in texts)
    if inside:
        common = common.rstrip("".join({c for c in common if c.isalnum()}))
    return len(common)


def template(texts: Sequence[str], keys: Sequence[str]) -> list[str] | None:
    """The pieces between which each text has its key; None where that is not all that differs.

    >>> template(["a/A1_x_A1", "a/B2_x_B2"], ["A1", "B2"])
    ['a/', '_x_', '']
    """
    pieces = re.split(rf"(?<![A-Za-z0-9]){re.escape(keys[0])}(?![A-Za-z0-9])", texts[0])
    if len(pieces) < 2:
        return None
    same = all(key.join(pieces) == text for text, key in zip(texts, keys, strict=True))
    return pieces if same else None


def choose_key(names: Sequence[str], paths: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> list[str]:
    """The key of every branch: what tells apart most of the paths, or else the steps' `names`.

    `paths` are the columns of what the branches write, `others` of what they read. All columns are of one length.
    """
    candidates: dict[tuple[str, ...], None] = {}
    looked_at: set[tuple[str, ...]] = set()
    for column in (*paths, names, *others):
        for found in map(tuple, _candidates(column)):
            # What tells one column apart mostly tells the others apart, too.
            if found not in looked_at and _serves(found):
                candidates.setdefault(found)
            looked_at.add(found)
    if not candidates:
        return _numbered(names)
    written, read = [c[:_TRIED] for c in paths], [c[:_TRIED] for c in others]

    def worth(keys: tuple[str, ...]) -> tuple[int, int, float, float]:
        head = keys[:_TRIED]
        explained = sum(template(c, head) is not None for c in written)
        helped = sum(template(c, head) is not None for c in read)
        lettered = sum(any(c.isalpha() for c in key) for key in head) / len(head)
        return (explained, helped, lettered, -sum(map(len, head)) / len(head))

    best: tuple[str, ...] = max(candidates, key=worth)
    return list(best)


def _candidates(column: Sequence[str]) -> Iterable[list[str]]:
    yield varying(column)
    if any("/" in text for text in column):
        for found in zip(*map(_cut, column), strict=True):
            if all(found):
                yield varying(found)


def _cut(path: str) -> tuple[str, str]:
    """The name at the end of a path, and the folder, as `os.path` has them, which takes its time."""
    head, slash, name = path.rpartition("/")
    return name, os.path.dirname(path) if slash and (not head or head[-1] == "/") else head


def _serves(keys: Sequence[str]) -> bool:
    """Whether keys tell the branches apart and can stand in a path."""
    fit = all(key and "/" not in key and len(key) <= _MOST and key.isprintable() for key in keys)
    return fit and len(set(keys)) == len(keys)


def _numbered(names: Sequence[str]) -> list[str]:
    """The names themselves; step names are unique."""
    return [name.replace("/", "_") for name in names]


def common_name(names: Sequence[str]) -> str:
    """What the names of steps have in common, by whole words; empty where that is nothing.

    >>> common_name(["seg_A01_v1", "seg_B02_v1"]), common_name(["a.align", "b.align"]), common_name(["load1", "load2"])
    ('seg_v1', 'align', 'load')
    """
    split = [_TOKENS.findall(name) for name in names]
    shortest = min(map(len, split))
    head = next((i for i in range(shortest) if len({s[i] for s in split}) > 1), shortest)
    tail = next((i for i in range(shortest - head) if len({s[-1 - i] for s in split}) > 1), shortest - head)
    kept = [*split[0][:head], "_", *split[0][len(split[0]) - tail :]]
    name = re.sub(r"_+", "_", "".join(kept)).strip("_-. ")
    if name:
        return name if name[0].isalpha() else f"step_{name}"
    bare = {re.sub(r"\d+", "", name).strip("_-. ") for name in names}
    return bare.pop() if len(bare) == 1 else ""


def fresh(wanted: str, taken: Callable[[str], bool]) -> str:
    """`wanted`, or with a number where it is taken."""
    name, number = wanted, 1
    while taken(name):
        number += 1
        name = f"{wanted}{'_' if wanted[-1].isdigit() else ''}{number}"
    return name
