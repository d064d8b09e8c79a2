"""What a shell script holds: commands, their words, and the place of each value.

A script comes as a text with a character in the place of each value: `VALUE` for a text, `NUMBER` for what can only
be digits and the like.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

VALUE, NUMBER, UNKNOWN = "\0", "\1", "\2"
"""What stands for a value, for a number, and (in words) for what only the shell will know."""

MAX_LENGTH = 128 * 1024
"""So many characters may a script have: more cannot be given to bash in one argument."""

MAX_PIPED = 20
"""So many commands are looked at of which one may read what the others print."""

MAX_DEPTH = 100
"""So many levels of substitutions, subshells and the like may stand in each other."""


class Quotes(Enum):
    """The quotes around a value, and so how the shell is to be told of a variable there."""

    PLAIN = "plain"
    DOUBLE = "double"
    SINGLE = "single"
    ANSI = "ansi"
    HERE_DOCUMENT = "here-document"
    VERBATIM = "verbatim"


class Taken(Enum):
    """Where the shell takes no variable, or takes what it holds for something else than a text."""

    ARITHMETIC = "arithmetic"
    SUBSCRIPT = "the subscript of an array"
    NAME = "the name of a variable or a function"
    ESCAPE = "an escape: a backslash stands before it"
    QUOTED_EXPANSION = "single quotes inside an expansion that stands in double quotes"
    VERBATIM_DOCUMENT = "a here-document whose delimiter is quoted"
    DELIMITER = "the delimiter of a here-document"


@dataclass(slots=True)
class Place:
    """Where a value stands. `digits`: a number may be written out there as it is."""

    quotes: Quotes
    taken: Taken | None = None
    digits: bool = True
    one_word: str = ""
    """What takes only one word, where that is so."""
    array: str = ""
    """The array in whose subscript it stands."""


@dataclass(slots=True)
class Word:
    """A word of a command: its text without quotes, the values that stand in it, and the commands whose output does."""

    start: int
    end: int = 0
    raw: str = ""
    text: str = ""
    quoted: bool = False
    values: list[int] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    name: str = ""
    """The variable that the word assigns to; `array`: it assigns items."""
    array: bool = False
    reads: list[str] = field(default_factory=list)
    """The variables that are expanded in it, but for those in the commands."""


@dataclass(slots=True)
class Command:
    """A simple command. `input` are the here-documents and here-strings that it reads; `targets` its other files.

    `pipes` are the commands whose output it reads.
    """

    words: list[Word] = field(default_factory=list)
    assigned: list[Word] = field(default_factory=list)
    input: list[Word] = field(default_factory=list)
    targets: list[Word] = field(default_factory=list)
    pipes: list[Command] = field(default_factory=list)


@dataclass(slots=True)
class Scan:
    """What a script holds: the place of each value by where it stands, the commands, and what is never closed.

    `evaluated` are stretches that the shell computes as arithmetic.
    """

    places: dict[int, Place] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    evaluated: list[Word] = field(default_factory=list)
    unclosed: str = ""
    depth: int = 0
    arithmetic: dict[int, bool] = field(default_factory=dict)


class TooLarge(Exception):
    """More characters than `MAX_LENGTH`, or more levels than `MAX_DEPTH`; the text says which, for people."""


class Level:
    """One level deeper, as long as it is entered."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan

    def __enter__(self) -> None:
        self._scan.depth += 1
        if self._scan.depth > MAX_DEPTH:
            raise TooLarge(f"more than {MAX_DEPTH} levels of brackets and quotes in each other")

    def __exit__(self, *_: object) -> None:
        self._scan.depth -= 1
