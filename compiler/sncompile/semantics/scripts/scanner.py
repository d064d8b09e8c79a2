"""Reads a shell script as bash does, to tell where the values in it stand.

The lexical grammar is followed: commands, `case`, comments and here-documents here, words and what stands in them in
`words`. Nothing that it says can make a value code (see `values`): a place that it takes for another one makes a wrong
text at worst. What is refused, or passed on with a warning, is decided in `code`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sncompile.lazy_regex import regex
from sncompile.semantics.scripts.script import (
    MAX_LENGTH,
    MAX_PIPED,
    NUMBER,
    VALUE,
    Command,
    Level,
    Quotes,
    Scan,
    Taken,
    TooLarge,
    Word,
)
from sncompile.semantics.scripts.words import WordReader

_OPENING = frozenset(("if", "while", "until", "{"))
_CLOSING = frozenset(("fi", "done", "}"))
_KEYWORDS = _OPENING | _CLOSING | {"then", "else", "elif", "do", "!", "time", "coproc"}
DECLARING = frozenset(("declare", "typeset", "local", "export", "readonly"))
_OPERATOR = regex(r";;&|;;|;&|;|&&|\|\||\|&|&|\|")
_REDIRECT = regex(r"&>>|&>|<<-|<<<|<<|<>|<&|>>|>\||>&|<|>")
_NAMED_COPROCESS = regex(r"coproc[ \t]+[A-Za-z_]\w*(?=[ \t]*[({])", re.ASCII)


def scan(script: str) -> Scan:
    """All that can be told of a script. Raises `TooLarge`."""
    if len(script) > MAX_LENGTH:
        raise TooLarge(f"more than {MAX_LENGTH:,} characters")
    found = Scan()
    _Scanner(script, range(len(script)), found).script()
    return found


class _Scanner(WordReader):
    """Reads one stretch of a script as commands."""

    def __init__(self, text: str, origin: Sequence[int], scan: Scan) -> None:
        super().__init__(text, origin, scan)
        self._documents: list[_Document] = []

    # --- Commands -------------------------------------------------------------------------------------------------

    def script(self) -> list[Command]:
        """The whole stretch as commands."""
        found = self._list("")
        self._bodies()
        return found

    def _list(self, stop: str) -> list[Command]:
        """The commands up to `stop`: nothing, a `)`, which is read, or `case` for what ends a clause of it."""
        with Level(self._scan):
            listing = _Listing()
            while self._at < len(self._text):
                self._blanks()
                char = self._text[self._at : self._at + 1]
                operator = _OPERATOR.match(self._text, self._at)
                if char == "\n":
                    self._end(listing, char)
                    self._line_end()
                elif char == "#":
                    self._comment()
                elif self._redirect(listing.command):
                    pass
                elif char == ")":
                    self._at += 1
                    if stop == ")":
                        self._end(listing, char)
                        return listing.found
                elif operator is not None:
                    self._at = operator.end()
                    self._end(listing, operator[0])
                    if stop == "case" and operator[0] in (";;", ";&", ";;&"):
                        return listing.found
                elif char == "(":
                    self._bracket(listing)
                elif char and self._command_word(listing, stop):
                    return listing.found
            self._end(listing, "")
            if stop == ")":
                self._open("`(`")
            return listing.found

    def _substitution(self) -> list[Command]:
        """The commands of `$(…)`, whose lines do not count for the here-documents that were announced before it."""
        self._at += 2
        waiting, self._documents = self._documents, []
        found = self._list(")")
        for document in self._documents:
            # Versions of bash differ in where the lines of such a one begin.
            self._open(f"the here-document `<<{document.delimiter}`")
        self._documents = waiting
        return found

    def _end(self, listing: _Listing, sign: str) -> None:
        """A command ends here."""
        command = listing.command
        if command.words or command.assigned or command.input or command.targets:
            listing.found.append(command)
            self._scan.commands.append(command)
        elif command.pipes and sign == "\n":
            return
        listing.command = Command()
        if sign in ("|", "|&"):
            first = max(listing.pipeline, len(listing.found) - MAX_PIPED)
            listing.command.pipes = listing.found[first:]
        elif sign != ")":
            listing.pipeline = len(listing.found)

    def _command_word(self, listing: _Listing, stop: str) -> bool:
        """Read a word of a command; whether it ends the clauses of `case`."""
        command = listing.command
        coprocess = _NAMED_COPROCESS.match(self._text, self._at)
        if coprocess is not None and not command.words:
            self._at = coprocess.end()
            return False
        start = self._at
        leads = not command.words
        word = self._word(assigns=leads or command.words[0].text in DECLARING)
        if self._at == start:
            self._at += 1  # A sign that means nothing here.
            return False
        plain = word.text if not word.quoted and leads else ""
        if word.name and not word.array:
            self._only_one(word, "an assignment")
        if leads and word.name:
            command.assigned.append(word)
        elif plain == "esac" and stop == "case":
            self._at = start
            self._end(listing, ";")
            return True
        elif plain == "case":
            self._case(listing)
        elif plain in _KEYWORDS:
            if plain in _OPENING:
                listing.groups.append(listing.pipeline)
            elif plain in _CLOSING and listing.groups:
                listing.pipeline = listing.groups.pop()
        else:
            command.words.append(word)
            if plain == "[[":
                self._test(command)
            elif command.words[0].text == "function" and len(command.words) == 2:
                self._defined(listing)
            elif command.words[0].text in ("for", "select") and len(command.words) == 3 and word.text == "do":
                self._end(listing, ";")
        return False

    def _bracket(self, listing: _Listing) -> None:
        """A bracket where a command may stand, or after the name of a function."""
        words = listing.command.words
        if (not words or words[0].text == "for") and self._starts("((") and self._is_arithmetic(self._at + 2):
            self._at += 2
            self._computed(Word(self._at))
        elif not words:
            self._at += 1
            found = self._list(")")
            if found:
                found[0].pipes = found[0].pipes or listing.command.pipes
            listing.found += found
        else:
            self._at += 1
            if len(words) == 1:
                self._defined(listing)

    def _defined(self, listing: _Listing) -> None:
        """After the name of a function that is defined."""
        for value in listing.command.words[-1].values:
            self._scan.places[value].taken = Taken.NAME
        match = re.compile(r"[ \t]*\(?[ \t]*\)?").match(self._text, self._at)
        self._at = match.end() if match else self._at
        self._end(listing, ";")

    def _case(self, listing: _Listing) -> None:
        """What follows `case`, up to its `esac`."""
        self._blanks()
        self._only_one(self._word(assigns=False), "the subject of `case`")
        self._spaces()
        self._word(assigns=False)
        while True:
            self._spaces()
            if self._at >= len(self._text):
                return self._open("`case`")
            if self._pattern_list():
                return None
            listing.found += self._list("case")

    def _pattern_list(self) -> bool:
        """The patterns of a clause up to their `)`; whether `esac` stands there instead."""
        first = not self._starts("(")
        self._at += not first
        while self._at < len(self._text):
            self._blanks()
            if self._starts(")"):
                self._at += 1
                break
            start = self._at
            word = self._word(assigns=False)
            if first and word.text == "esac" and not word.quoted:
                return True
            first = False
            self._at += self._at == start
        return False

    def _test(self, command: Command) -> None:
        """What stands between `[[` and `]]`."""
        while self._at < len(self._text):
            self._spaces()
            start = self._at
            word = self._regex() if command.words[-1].text == "=~" else self._word(assigns=False)
            if self._at == start:
                self._at += 1  # A bracket, or what joins two tests.
                continue
            self._only_one(word, "`[[ … ]]`")
            command.words.append(word)
            if word.text == "]]" and not word.quoted:
                return
        self._open("`[[`")

    # --- Here-documents -------------------------------------------------------------------------------------------

    def _line_end(self) -> None:
        """Go past the end of a line, and the here-documents that begin after it."""
        self._at += 1
        self._bodies()

    def _redirect(self, command: Command) -> bool:
        """Read a redirection, if there is one here."""
        match = _REDIRECT.match(self._text, self._at)
        if match is None or (match[0] in ("<", ">") and self._text.startswith("(", match.end())):
            return False
        operator = match[0]
        if command.words and command.words[-1].text.isdigit() and command.words[-1].end == self._at:
            command.words.pop()  # It is the number of a stream.
        self._at = match.end()
        self._blanks()
        start = self._at
        word = self._word(assigns=False)
        if operator in ("<<", "<<-"):
            for value in word.values:
                self._scan.places[value].taken = Taken.DELIMITER
            raw = self._text[start : self._at]
            for index, char in enumerate(raw, start):
                if char == NUMBER:
                    self._scan.places[self._origin[index]].taken = Taken.DELIMITER
            body = Word(start)
            command.input.append(body)
            self._documents.append(_Document(_unquoted(raw), operator == "<<-", bool(set(raw) & set("'\"\\")), body))
            return True
        self._only_one(word, "a here-string" if operator == "<<<" else "a redirection")
        (command.input if operator == "<<<" else command.targets).append(word)
        return True

    def _only_one(self, word: Word, what: str) -> None:
        """The values outside of quotes in a word that has to be one."""
        for value in word.values:
            if self._scan.places[value].quotes is Quotes.PLAIN:
                self._scan.places[value].one_word = what

    def _bodies(self) -> None:
        """The here-documents that were announced on the line before."""
        waiting, self._documents = self._documents, []
        for document in waiting:
            start, end = self._at, None
            while self._at < len(self._text):
                line_start = self._at
                line = self._line(joined=not document.verbatim)
                if (line.lstrip("\t") if document.tabs else line) == document.delimiter:
                    end = line_start
                    break
            if end is None:
                end = self._at
                self._open(f"the here-document `<<{document.delimiter}`")
            inside = _Scanner(self._text[start:end], self._origin[start:end], self._scan)
            if not document.verbatim:
                with Level(self._scan):
                    inside.document(document.body)
                continue
            while inside._at < len(inside._text):
                if inside._text[inside._at] in (VALUE, NUMBER):
                    inside._read(document.body, Quotes.VERBATIM, Taken.VERBATIM_DOCUMENT)
                else:
                    inside._at += 1

    def _line(self, *, joined: bool) -> str:
        """The line here, without its end; `joined` to the next where a backslash hides the end."""
        found = ""
        while True:
            end = self._text.find("\n", self._at)
            line = self._text[self._at : len(self._text) if end < 0 else end]
            self._at += len(line) + (end >= 0)
            hidden = joined and end >= 0 and (len(line) - len(line.rstrip("\\"))) % 2
            if not hidden:
                return found + line
            found += line[:-1]


@dataclass(slots=True)
class _Document:
    """A here-document that is announced: `tabs` before its lines go, `verbatim`: nothing is expanded in it."""

    delimiter: str
    tabs: bool
    verbatim: bool
    body: Word


def _unquoted(raw: str) -> str:
    """A delimiter without its quotes; nothing else is made of it."""
    found = re.sub(r"\$(?=['\"])", "", raw)
    parts = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(\n|.)|(.)", re.DOTALL).findall(found)
    double = re.compile(r"\\([\\$`\"])")
    return "".join(
        single + double.sub(r"\1", doubled) + ("" if hidden == "\n" else hidden) + plain
        for single, doubled, hidden, plain in parts
    )


@dataclass(slots=True)
class _Listing:
    """Commands that are being read: those found, the one here, where its pipeline and those around it begin."""

    found: list[Command] = field(default_factory=list)
    command: Command = field(default_factory=Command)
    pipeline: int = 0
    groups: list[int] = field(default_factory=list)
