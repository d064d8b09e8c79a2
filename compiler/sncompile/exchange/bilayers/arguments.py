"""Arguments as Bilayers passes them: tags, values and flags, and how each stands in a module's `command`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sncompile.lazy_regex import regex

SHELL_END = ' "$@"'
"""What hands the arguments on to a command line that needs a shell."""

_NEEDS_SHELL = regex(r"[^\w \t./:=@%+,'\"-]|^\s*\w+=")
_ONE_WORD = regex(r"[\w@%+=:,./-]*")


class Ref(NamedTuple):
    """`inputs.x`, `outputs.x` or `params.x` of a module."""

    space: str
    name: str

    def __str__(self) -> str:
        return f"{self.space}.{self.name}"


@dataclass(frozen=True, slots=True)
class Word:
    """A constant argument."""

    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """An argument made from a port or parameter.

    `words` come before it as arguments of their own, `before` and `after` are glued to the value. `form` is `value`,
    `flag` (the words alone, where it is true) or `truth` (`True` or `False`). Where `optional`, it is left out if there
    is no value; it always is for the values in `skip`.
    """

    ref: Ref
    words: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    form: str = "value"
    optional: bool = False
    skip: tuple[str, ...] = ()

    @property
    def conditional(self) -> bool:
        """Whether it may be left out."""
        return self.form == "flag" or self.optional or bool(self.skip)


Piece = Word | Passed


def is_one_word(text: str) -> bool:
    """Whether a shell takes a text for one argument, as it stands."""
    return _ONE_WORD.fullmatch(text) is not None


def passed_by(tag: str, ref: Ref, form: str = "value") -> Passed:
    """What Bilayers passes for a tag and a value. Raises `ValueError` where the tag's quotes are not closed.

    A tag with a `=` is glued to its value, any other stands before it, and an empty one leaves the value alone.
    """
    words = shlex.split(tag)
    if "=" not in tag or form == "flag" or not words:
        return Passed(ref, tuple(words), form=form)
    if tag != tag.rstrip():
        return Passed(ref, tuple(words), form=form)
    return Passed(ref, tuple(words[:-1]), words[-1], form=form)


def tag_of(passed: Passed) -> str | None:
    """The tag that gives these words; None where there is none."""
    tag = " ".join(map(shlex.quote, [*passed.words, passed.before] if passed.before else passed.words))
    if passed.after or (passed.before and "=" not in tag):
        return None
    # Bilayers glues the value to a tag with a `=` anywhere; a space at the end keeps them apart.
    return f"{tag} " if "=" in tag and not passed.before and passed.form != "flag" else tag


def command_pieces(command: str) -> list[Piece]:
    """`cli_command` as arguments; a shell runs it where it needs one. Raises `ValueError` for an unclosed quote."""
    command = command.strip()
    words = shlex.split(command)
    if _NEEDS_SHELL.search(command):
        words = ["sh", "-c", command + SHELL_END, "sh"]
    return [Word(word) for word in words]


def command_text(words: Sequence[str]) -> tuple[str, list[str]]:
    """The `cli_command` that gives these words, and those that come after a line for a shell."""
    if len(words) > 3 and words[:2] == ["sh", "-c"] and words[2].endswith(SHELL_END) and words[3] == "sh":
        return words[2].removesuffix(SHELL_END), list(words[4:])
    return shlex.join(words), []


def needs_shell(command: str) -> bool:
    """Whether `cli_command` is more than words."""
    return _NEEDS_SHELL.search(command.strip()) is not None


# --- As items of `command` ------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    """A text in which `${` means nothing."""
    return text.replace("${", "$${")


def command_items(pieces: Sequence[Piece]) -> list[Any]:
    """The items of a module's `command`, as plain data."""
    return [item for piece in pieces for item in _items(piece)]


def _items(piece: Piece) -> Iterator[Any]:
    if isinstance(piece, Word):
        yield escaped(piece.text)
        return
    condition = _condition(piece)
    *leading, last = piece.words or (None,)
    for word in leading:
        yield _word(str(word), condition)
    if piece.form == "flag":
        if last is not None:
            yield _word(last, condition)
        return
    value = _value(piece)
    if last is None:
        yield value if not piece.skip or piece.before else f"${{{piece.ref} if {condition} else null}}"
    elif last != last.strip() or not last:
        yield _word(last, condition)
        yield value
    elif piece.skip and not piece.before:
        # What is absent is left out by itself.
        yield {"option": last, "value": value, "when": f"${{{_kept(piece)}}}"}
    else:
        yield {"option": last, "value": value}


def _word(text: str, condition: str | None) -> Any:
    if condition is None:
        return escaped(text)
    if text != text.strip() or not text:
        return f"${{{text!r} if {condition} else null}}"
    return {"flag": text, "when": f"${{{condition}}}"}


def _condition(piece: Passed) -> str | None:
    if piece.form == "flag":
        return str(piece.ref)
    parts = [f"{piece.ref} != null"] if piece.optional else []
    if piece.skip:
        parts.append(_kept(piece))
    return " and ".join(parts) or None


def _kept(piece: Passed) -> str:
    """The condition that a value is none of those that are left out."""
    if len(piece.skip) == 1:
        return f"{piece.ref} != {piece.skip[0]!r}"
    return f"{piece.ref} not in [{', '.join(map(repr, piece.skip))}]"


def _value(piece: Passed) -> str:
    condition = _condition(piece)
    inner = f"'True' if {piece.ref} else 'False'" if piece.form == "truth" else str(piece.ref)
    if condition is None or not (piece.before or piece.after):
        return f"{escaped(piece.before)}${{{inner}}}{escaped(piece.after)}"
    tail = f" + {piece.after!r}" if piece.after else ""
    return f"${{{piece.before!r} + str({inner}){tail} if {condition} else null}}"


# --- What is done before the tool starts ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preparation:
    """Inputs that are copied into an output's folder first: pairs of their names."""

    copies: tuple[tuple[str, str], ...] = ()

    def script(self) -> str:
        """The script, for `sh -c`: its first arguments are what is copied, and where to; the rest is run."""
        steps = [f"cp -RL {_argument(2 * i + 1)}/. {_argument(2 * i + 2)}" for i in range(len(self.copies))]
        return " && ".join([*steps, f"shift {2 * len(self.copies)}", 'exec "$@"'])

    def pieces(self) -> list[Piece]:
        """The arguments that come before the tool's own."""
        if not self.copies:
            return []
        head = [Word(w) for w in ("sh", "-c", self.script(), "sh")]
        pairs = [(Ref("inputs", source), Ref("outputs", to)) for source, to in self.copies]
        return [*head, *(Passed(ref) for pair in pairs for ref in pair)]


def _argument(number: int) -> str:
    return f'"${number}"' if number < 10 else f'"${{{number}}}"'


def split_preparation(pieces: Sequence[Piece]) -> tuple[Preparation, list[Piece]]:
    """A command's preparation, and what comes after it."""
    script = pieces[2].text if len(pieces) > 4 and isinstance(pieces[2], Word) else ""
    shift = re.search(r'shift (\d+) && exec "\$@"$', script)
    count = int(shift[1]) if shift is not None else 0
    names = [piece.ref.name for piece in pieces[4 : 4 + count] if isinstance(piece, Passed)]
    found = Preparation(tuple(zip(names[::2], names[1::2], strict=False)))
    length = len(found.pieces())
    same = found.pieces() == list(pieces[:length])
    return (found, list(pieces[length:])) if same else (Preparation(), list(pieces))


# --- Comparing --------------------------------------------------------------------------------------------------------


def flat(pieces: Sequence[Piece]) -> list[Piece]:
    """The same arguments with the words of a value that is always there on their own: what two commands compare by."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Passed) and not piece.conditional:
            found += [Word(word) for word in piece.words]
            piece = replace(piece, words=())
        if isinstance(piece, Passed) and piece.skip:
            piece = replace(piece, skip=tuple(sorted(piece.skip)))
        found.append(piece)
    return found
