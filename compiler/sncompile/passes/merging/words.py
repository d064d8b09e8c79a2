"""Which words of a command make it what it is, and which may differ between branches.

What a command *is* are its program, its subcommands and its options; files, numbers and names are what it is about.
A form is what stays of a word, with `*` for what may differ; two words of one form can be made one template.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

from sncompile.lazy_regex import regex

_PLAIN = regex(r"[A-Za-z][A-Za-z_-]*\Z")
_SCRIPT = regex(r".*\.(?:py|R|r|sh|bash|pl|jl|jar|js|rb|ipynb|m)\Z")
_DIGITS = regex(r"\d+")
_WORD = regex(r"[A-Za-z0-9_./:@%+,=-]+")


class Form(NamedTuple):
    """A word's form, and whether the word may differ within it."""

    text: str
    free: bool


class Words:
    """Reads the words of one command in order. `names` are words that the step's own files and name are made of."""

    def __init__(self, names: Container[str]) -> None:
        self._names = names
        self._place = "program"

    def form(self, text: str) -> Form:
        """The form of the next word, where it is a constant."""
        if self._place == "program":
            self._place = "subcommand"
            return _numbered(text) if "/" in text or _SCRIPT.match(text) else Form(text, False)
        if text.startswith("-"):
            self._place = "argument"
            return option_form(text)
        if self._place == "subcommand":
            if _SCRIPT.match(text):
                return _numbered(text)
            if _PLAIN.match(text) and text not in self._names:
                return Form(text, False)
        self._place = "argument"
        return Form("*", True)

    def other(self) -> None:
        """The next word is no constant."""
        self._place = "argument" if self._place != "program" else "subcommand"


def option_form(text: str) -> Form:
    """The form of an option: its name; numbers in it, and what stands after `=`, may differ.

    >>> option_form("--sigma=2"), option_form("-1s"), option_form("--all")
    (Form(text='--sigma=*', free=True), Form(text='-#s', free=True), Form(text='--all', free=False))
    """
    name, sign, _ = text.partition("=")
    if sign:
        return Form(f"{name}=*", True)
    return _numbered(text)


def _numbered(text: str) -> Form:
    form = _DIGITS.sub("#", text)
    return Form(form, form != text)


class Piece(NamedTuple):
    """A piece of a script's text; `free`: a word that may differ, which means the same quoted and as it is."""

    text: str
    free: bool


# Quotes, comments, arithmetic and here-documents change what a word means.
_INTRICATE = regex(r"[\"'`\\#]|<<|\$\(\(|\[\[")
_BEFORE = regex(r"(?:^|[\s(;|&=<>])\Z")
_AFTER = regex(r"(?:\Z|[\s);|&])")
_COMMAND = regex(r"(?:^|[\n;|&({!]|\b(?:then|do|else|if|while|until|exec|time))\s*\Z")


def is_intricate(text: str) -> bool:
    """Whether quotes, comments or the like stand in a script's text, so that its words are not just words."""
    return bool(_INTRICATE.search(text))


def script_pieces(text: str, *, starts: bool, opens: bool, closes: bool) -> Iterator[Piece]:
    """A plain text of a script in pieces.

    `starts`: it begins the script; `opens`, `closes`: a value stands before, after it.
    """
    done = 0
    for match in _WORD.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        whole = bool(_BEFORE.search(before)) and bool(_AFTER.match(after))
        whole = whole and not (opens and not before) and not (closes and not after)
        command = bool(_COMMAND.search(before)) and (starts or bool(before.strip()))
        form = _script_form(match[0])
        if not whole or command or not form.free:
            continue
        yield from _fixed(text[done : match.start()])
        yield Piece(match[0], True)
        done = match.end()
    yield from _fixed(text[done:])


def _fixed(text: str) -> Iterator[Piece]:
    if text:
        yield Piece(text, False)


def _script_form(word: str) -> Form:
    if word.startswith("-"):
        return option_form(word)
    return Form("*", True) if re.search(r"[\d./]", word) else Form(word, False)
