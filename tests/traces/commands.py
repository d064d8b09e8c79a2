"""A trace's command line → words, and which of them are files of the task."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from typing import NamedTuple

# A redirect, a pipe, a glob or a variable: what only a shell makes something of.
_SHELL = re.compile(r"(^|\s)([0-9&]?>|<|\||&&|;)|[|;&](\s|$)|[*?`$]")
# Where no value can stand, or where telling whether it can takes a shell's own parser.
_UNSAFE = re.compile(r"`|<<|\$[({']|\\|(^|\s)#")
_PIECE = re.compile(r"""'[^']*'|"[^"]*"|[^\s'"<>|;&()]+|[\s<>|;&()]+|['"]""")
_QUOTED = re.compile(r"['\"\\]")
_BETWEEN = " \t\n<>|;&()"


class Kind(Enum):
    """What a piece of a command is."""

    TEXT = "text"
    INPUTS = "inputs"
    OUTPUT = "output"


class Piece(NamedTuple):
    """A piece of a command: a text (a word, or a stretch of a script), an output, or the inputs that stand in a row."""

    kind: Kind
    texts: tuple[str, ...]


class Command(NamedTuple):
    """A command: a list of arguments, or a script."""

    shell: bool
    pieces: tuple[Piece, ...]


def read_command(text: str, inputs: Collection[str], outputs: Collection[str]) -> Command:
    """The pieces of a command line. Only a whole word is a file: what holds a name as a part stays text.

    A file that the task reads and writes is read where it stands first, and written where it stands again. What a
    script calls stays text too: a value is never a program there.
    """
    try:
        words = shlex.split(text) if _QUOTED.search(text) else text.split()
    except ValueError:  # A quote that nothing closes: no shell was meant.
        words, shell = text.split(), False
    else:
        shell = _SHELL.search(text) is not None
    if shell and _UNSAFE.search(text):
        return Command(True, (Piece(Kind.TEXT, (text,)),))
    words = _pieces(text) if shell else words or [text]
    return Command(shell, tuple(_rows(_kinds(words, inputs, outputs, shell), shell)))


def _pieces(text: str) -> list[str]:
    """A script in pieces, so that what could be a file's name stands alone; joined they are the script."""
    pieces: list[str] = []
    for match in _PIECE.finditer(text):
        goes_on = pieces and pieces[-1][-1] not in _BETWEEN and match[0][0] not in _BETWEEN
        if goes_on:
            pieces[-1] += match[0]  # A word such as `a'b'c`.
        else:
            pieces.append(match[0])
    return pieces


def _kinds(
    words: list[str], inputs: Collection[str], outputs: Collection[str], shell: bool
) -> Iterator[tuple[Kind, str]]:
    count = Counter(words)
    seen: set[str] = set()
    called = shell
    for word in words:
        kind = Kind.TEXT
        if called and word.strip():
            called = False
        elif word in outputs and (word not in inputs or word in seen or count[word] == 1):
            kind = Kind.OUTPUT
        elif word in inputs:
            kind = Kind.INPUTS
        called = called or (shell and word.strip()[-1:] in ("|", ";", "&", "("))
        seen.add(word)
        yield kind, word


_BLANK = Piece(Kind.TEXT, (" ",))


def _rows(words: Iterable[tuple[Kind, str]], shell: bool) -> list[Piece]:
    """The words as pieces: inputs in a row become one, and so do the texts of a script."""
    found: list[Piece] = []
    for kind, word in words:
        last = found[-1] if found else None
        if last and last.kind is kind and (kind is Kind.INPUTS or (shell and kind is Kind.TEXT)):
            joined = (*last.texts, word) if kind is Kind.INPUTS else (last.texts[0] + word,)
            found[-1] = Piece(kind, joined)
        elif shell and kind is Kind.INPUTS and last == _BLANK and len(found) > 1 and found[-2].kind is kind:
            found[-2:] = [Piece(kind, (*found[-2].texts, word))]
        else:
            found.append(Piece(kind, (word,)))
    return found
