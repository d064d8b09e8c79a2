"""Reads a shell script as bash's lexer does, to tell where the values in it stand.

One recursive scanner follows the lexical grammar: words and their quotes, substitutions, expansions, arithmetic,
`case`, arrays, comments, here-documents. Nothing that it says can make a value code (see `shell_values`): a place that
it takes for another one makes a wrong text at worst. What is refused, or passed on with a warning, is decided in
`shell_code`.

The script comes as a text with a character in the place of each value: `VALUE` for a text, `NUMBER` for what can only
be digits and the like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def scan(script: str) -> Scan:
    """All that can be told of a script. Raises `TooLarge`."""
    if len(script) > MAX_LENGTH:
        raise TooLarge(f"more than {MAX_LENGTH:,} characters")
    found = Scan()
    _Scanner(script, range(len(script)), found).script()
    return found


_OPENING = frozenset(("if", "while", "until", "{"))
_CLOSING = frozenset(("fi", "done", "}"))
_KEYWORDS = _OPENING | _CLOSING | {"then", "else", "elif", "do", "!", "time", "coproc"}
DECLARING = frozenset(("declare", "typeset", "local", "export", "readonly"))
_OPERATOR = re.compile(r";;&|;;|;&|;|&&|\|\||\|&|&|\|")
_REDIRECT = re.compile(r"&>>|&>|<<-|<<<|<<|<>|<&|>>|>\||>&|<|>")
_META = frozenset(" \t\n;&|()<>")
_SPECIAL = frozenset("\"'`\\$\0\1")
_ORDINARY = re.compile(r"[^\s;&|()<>\"'`\\$\0\1?*+@!\[=]+")
_IN_DOUBLE = re.compile(r'[^"`\\$\0\1]+')
_IN_DOCUMENT = re.compile(r"[^`\\$\0\1]+")
_NAME = re.compile(r"[A-Za-z_][\w\1]*")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9*@#?$!-])", re.ASCII)
_PARAMETER = re.compile(r"[!#]?(?:\w+|[*@#?$!-](?=[}:\-+=?#%/^,@\[]))?", re.ASCII)
_NAMED_COPROCESS = re.compile(r"coproc[ \t]+[A-Za-z_]\w*(?=[ \t]*[({])", re.ASCII)


class _Scanner:
    """Reads one stretch of a script; `origin` tells for each of its characters where it stands in the whole."""

    def __init__(self, text: str, origin: Sequence[int], scan: Scan) -> None:
        self._text, self._origin, self._scan = text, origin, scan
        self._at = 0
        self._documents: list[_Document] = []

    # --- Commands -------------------------------------------------------------------------------------------------

    def script(self) -> list[Command]:
        """The whole stretch as commands."""
        found = self._list("")
        self._bodies()
        return found

    def document(self, into: Word) -> None:
        """The whole stretch as the body of a here-document in which expansions are made."""
        while self._at < len(self._text):
            self._quoted_piece(into, Quotes.HERE_DOCUMENT, _IN_DOCUMENT, "")

    def _list(self, stop: str) -> list[Command]:
        """The commands up to `stop`: nothing, a `)`, which is read, or `case` for what ends a clause of it."""
        with _Level(self._scan):
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

    def _read(self, word: Word, quotes: Quotes, taken: Taken | None = None, *, digits: bool = True) -> None:
        """Take in the value that stands here."""
        place = Place(quotes, taken, digits)
        where = self._origin[self._at]
        self._scan.places[where] = place
        if self._text[self._at] == VALUE:
            word.values.append(where)
            word.text += VALUE
        else:
            word.text += NUMBER
            # Digits would become part of a variable's name, or the number of a stream.
            before = self._text[max(self._at - 200, 0) : self._at]
            glued = quotes is not Quotes.SINGLE and re.search(r"\$(?:\w|\\\n)*\Z", before, re.ASCII)
            place.digits = digits and not glued and self._text[self._at + 1 : self._at + 2] not in ("<", ">")
        self._at += 1

    def _starts(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)

    def _open(self, what: str) -> None:
        self._scan.unclosed = self._scan.unclosed or what.replace(VALUE, "…").replace(NUMBER, "…")

    def _blanks(self) -> None:
        """Go past what only keeps words apart."""
        while True:
            if self._text[self._at : self._at + 1] in (" ", "\t"):
                self._at += 1
            elif self._starts("\\\n"):
                self._at += 2
            else:
                return

    def _comment(self) -> None:
        """Go past a comment, which may hold values: nothing is made of them."""
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        while self._at < end:
            if self._text[self._at] in (VALUE, NUMBER):
                self._read(Word(self._at), Quotes.VERBATIM)
            else:
                self._at += 1

    def _spaces(self) -> None:
        """Go past blanks, comments and ends of lines."""
        while self._at < len(self._text):
            self._blanks()
            if self._starts("\n"):
                self._line_end()
            elif self._starts("#"):
                self._comment()
            else:
                return

    def _line_end(self) -> None:
        """Go past the end of a line, and the here-documents that begin after it."""
        self._at += 1
        self._bodies()

    # --- Here-documents -------------------------------------------------------------------------------------------

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
                with _Level(self._scan):
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

    # --- Words ----------------------------------------------------------------------------------------------------

    def _word(self, *, assigns: bool) -> Word:
        """The word here; `assigns`: it may be an assignment."""
        word = Word(self._at)
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in _META:
                if word.text == "!" and assigns:
                    break
                if self._substituted(word) or (char == "(" and self._parenthesis(word, start, assigns)):
                    continue
                break
            if char == "[" and assigns and not word.quoted and _NAME.fullmatch(word.text):
                self._bracketed(word, "]", array=word.text)
            elif char == "=" and assigns and not word.name and not word.quoted:
                name = re.fullmatch(r"([A-Za-z_][\w\1]*)(?:\[.*\])?\+?", word.text, re.DOTALL)
                word.name = name[1] if name else ""
                word.text += "="
                self._at += 1
            else:
                self._piece(word)
        word.end = self._at
        word.raw = self._text[start : self._at]
        return word

    def _substituted(self, word: Word) -> bool:
        """Read `<(…)` or `>(…)`."""
        if not (self._starts("<(") or self._starts(">(")):
            return False
        word.commands += self._substitution()
        word.text += f"/dev/fd/{UNKNOWN}"
        return True

    def _parenthesis(self, word: Word, start: int, assigns: bool) -> bool:
        """Read the bracket of an array or of an extended pattern, within a word."""
        if assigns and word.name and self._text[self._at - 1] == "=":
            word.array = True
            self._at += 1
            self._array(word)
            return True
        if self._at > start and self._text[self._at - 1] in "?*+@!" and not word.quoted:
            self._pattern(word)
            return True
        return False

    def _array(self, word: Word) -> None:
        """The items of an array, up to the closing bracket."""
        while True:
            self._spaces()
            if self._at >= len(self._text):
                return self._open("`(`")
            if self._starts(")"):
                self._at += 1
                word.text += UNKNOWN
                return None
            if self._starts("["):
                self._bracketed(word, "]", array=word.name)
            start = self._at
            item = self._word(assigns=False)
            self._at += self._at == start
            word.values += item.values
            word.commands += item.commands

    def _pattern(self, word: Word) -> None:
        """What stands between brackets inside of a word, in which blanks and the like mean nothing."""
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char not in _META:
                self._piece(word)
                continue
            depth += (char == "(") - (char == ")")
            word.text += char
            self._at += 1
            if depth == 0:
                return
        self._open("`(`")

    def _regex(self) -> Word:
        """The word after `=~`."""
        word = Word(self._at)
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char not in _META:
                self._piece(word)
                continue
            depth += (char == "(") - (char == ")")
            if depth < 0 or (depth == 0 and char in " \t\n"):
                break
            word.text += char
            self._at += 1
        return word

    def _piece(self, word: Word) -> None:
        """What stands here in a word outside of quotes: a quoted stretch, an expansion, or ordinary text."""
        char = self._text[self._at]
        if char in (VALUE, NUMBER):
            self._read(word, Quotes.PLAIN)
        elif char == "\\":
            self._escape(word, Quotes.PLAIN, "")
        elif char == "'":
            self._single(word, Quotes.SINGLE)
        elif char == '"':
            self._double(word)
        elif char == "`":
            self._backticks(word, doubled=False)
        elif char == "$":
            self._dollar(word, Quotes.PLAIN)
        else:
            match = _ORDINARY.match(self._text, self._at)
            found = match[0] if match else char
            word.text += found
            self._at += len(found)

    def _escape(self, word: Word, quotes: Quotes, only: str) -> None:
        """A backslash with what it hides; before other signs than `only` it is text itself, where there are such."""
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 1
        if following in (VALUE, NUMBER):
            self._read(word, quotes, Taken.ESCAPE)
        elif following == "\n":
            self._at += 1
        else:
            word.text += following if not only or following in only else f"\\{following}"
            word.quoted = True
            self._at += len(following)

    def _single(self, word: Word, quotes: Quotes, taken: Taken | None = None) -> None:
        """`'…'`."""
        word.quoted = True
        self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in (VALUE, NUMBER):
                self._read(word, quotes, taken)
            elif char == "'":
                self._at += 1
                return
            else:
                match = re.compile(r"[^'\0\1]+").match(self._text, self._at)
                assert match is not None
                word.text += match[0]
                self._at = match.end()
        self._open("a single quote")

    def _ansi(self, word: Word) -> None:
        """`$'…'`."""
        word.quoted = True
        self._at += 2
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in (VALUE, NUMBER):
                self._read(word, Quotes.ANSI)
            elif char == "\\":
                self._escape(word, Quotes.ANSI, "'\\")
            elif char == "'":
                self._at += 1
                return
            else:
                word.text += char
                self._at += 1
        self._open("a single quote")

    def _double(self, word: Word, quotes: Quotes = Quotes.DOUBLE) -> None:
        """`"…"`."""
        word.quoted = True
        self._at += 1
        while self._at < len(self._text):
            if self._starts('"'):
                self._at += 1
                return
            self._quoted_piece(word, quotes, _IN_DOUBLE, '"')
        self._open("a double quote")

    def _quoted_piece(self, word: Word, quotes: Quotes, ordinary: re.Pattern[str], more: str) -> None:
        """What stands here in double quotes or a here-document."""
        char = self._text[self._at]
        if char in (VALUE, NUMBER):
            self._read(word, quotes)
        elif char == "\\":
            self._escape(word, quotes, f"$`\\{more}")
        elif char == "`":
            self._backticks(word, doubled=bool(more))
        elif char == "$":
            self._dollar(word, quotes)
        else:
            match = ordinary.match(self._text, self._at)
            found = match[0] if match else char
            word.text += found
            self._at += len(found)

    # --- Expansions -----------------------------------------------------------------------------------------------

    def _backticks(self, word: Word, *, doubled: bool) -> None:
        """`…` between backticks: a script of its own once its backslashes are taken away."""
        match = re.compile(r"((?:\\.|[^`\\])*)(`?)", re.DOTALL).match(self._text, self._at + 1)
        assert match is not None
        if not match[2]:
            self._open("a backtick")
        hidden = re.compile(r"\\[$`\\%s]" % ('"' if doubled else ""))
        kept: list[int] = []
        index = match.start(1)
        while index < match.end(1):
            if hidden.match(self._text, index):
                index += 1
            elif self._text[index] == "\\":
                kept.append(index)
                index += 1
            if index < match.end(1):
                kept.append(index)
            index += 1
        self._at = match.end()
        text = "".join(self._text[index] for index in kept)
        inner = _Scanner(text, [self._origin[index] for index in kept], self._scan)
        with _Level(self._scan):
            word.commands += inner.script()
        word.text += UNKNOWN

    def _dollar(self, word: Word, quotes: Quotes) -> None:
        """What begins with a dollar."""
        if self._starts("$((") and self._is_arithmetic(self._at + 3):
            self._at += 3
            self._computed(word)
        elif self._starts("$("):
            word.commands += self._substitution()
            word.text += UNKNOWN
        elif self._starts("$["):
            self._at += 1
            self._bracketed(word, "]", Taken.ARITHMETIC)
        elif self._starts("${"):
            with _Level(self._scan):
                self._expansion(word, quotes)
        elif quotes is Quotes.PLAIN and self._starts("$'"):
            self._ansi(word)
        elif quotes is Quotes.PLAIN and self._starts('$"'):
            self._at += 1
            self._double(word)
        elif (match := _VARIABLE.match(self._text, self._at)) is not None:
            self._at = match.end()
            word.text += _known(match[0][1:])
        else:
            word.text += "$"
            self._at += 1

    def _is_arithmetic(self, at: int) -> bool:
        """Whether what follows `((` ends in `))`; if not, it is a subshell in a subshell."""
        known, where = self._scan.arithmetic, self._origin[at] if at < len(self._text) else -1
        if where not in known:
            trial = _Scanner(self._text, self._origin, Scan(depth=self._scan.depth, arithmetic=known))
            trial._at = at
            with _Level(trial._scan):
                trial._balanced(Word(at), ")", Taken.ARITHMETIC)
            known[where] = trial._starts(")") or bool(trial._scan.unclosed)
        return known[where]

    def _computed(self, word: Word) -> None:
        """What stands before `))`."""
        with _Level(self._scan):
            self._balanced(word, ")", Taken.ARITHMETIC)
        self._at += 1

    def _bracketed(self, word: Word, end: str, taken: Taken = Taken.SUBSCRIPT, array: str = "") -> None:
        """`[…]` of an array, or the arithmetic of old."""
        self._at += 1
        with _Level(self._scan):
            self._balanced(word, end, taken, array)

    def _balanced(self, word: Word, end: str, taken: Taken, array: str = "") -> None:
        """What the shell computes, up to its closing bracket, which is read."""
        found = Word(self._at, name=array)
        self._scan.evaluated.append(found)
        opening = {")": "(", "]": "[", "}": ""}[end]
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == end and depth == 0:
                break
            depth += (char == opening) - (char == end)
            if char == NUMBER:
                self._read(found, Quotes.PLAIN, digits=end != "}")
            elif char in _SPECIAL:
                self._piece(found)
            else:
                self._at += 1
        else:
            self._open(f"`{opening or '${'}`")
        found.raw = self._text[found.start : self._at]
        self._at += 1
        for value in found.values:
            self._scan.places[value].taken = taken
            self._scan.places[value].array = array
        word.text += f"[{UNKNOWN}]" if end == "]" else UNKNOWN

    def _expansion(self, word: Word, quotes: Quotes) -> None:
        """`${…}`."""
        self._at += 2
        match = _PARAMETER.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        word.text += _known(match[0])
        if self._starts("["):
            self._bracketed(Word(self._at), "]", array=match[0].lstrip("!#"))
        named = bool(match[0])
        operand = Word(self._at)
        if self._starts(":") and self._text[self._at + 1 : self._at + 2] not in ("-", "=", "?", "+"):
            self._at += 1
            return self._balanced(word, "}", Taken.ARITHMETIC)
        if not named or self._text[self._at : self._at + 1] in (VALUE, NUMBER, "@", " ", "\n"):
            # What stands here would be the name of a variable, or of what is done with it.
            self._operand(operand, quotes, Taken.NAME, literal=False)
        else:
            pattern = self._text[self._at : self._at + 1] in ("#", "%", "/", "^", ",")
            inner = Quotes.PLAIN if pattern else quotes
            self._operand(operand, inner, None, literal=not pattern and quotes is not Quotes.PLAIN)
        word.values += operand.values
        word.commands += operand.commands
        return None

    def _operand(self, word: Word, quotes: Quotes, taken: Taken | None, *, literal: bool) -> None:
        """The rest of an expansion; `literal`: single quotes hide a `}` in it, and else are text."""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "}":
                self._at += 1
                return
            if char in (VALUE, NUMBER):
                self._read(word, quotes, taken, digits=False)
            elif char == "'" and literal:
                self._single(word, quotes, Taken.QUOTED_EXPANSION)
            elif char == '"' and quotes is not Quotes.PLAIN:
                self._double(word, quotes)
            elif char == "`" and quotes is Quotes.DOUBLE:
                self._backticks(word, doubled=True)
            elif char == "\\":
                self._escape(word, quotes, "")
            elif char == "$":
                self._dollar(word, quotes)
            elif char in _SPECIAL:
                self._piece(word)
            elif quotes is Quotes.PLAIN and self._substituted(word):
                pass
            else:
                self._at += 1
        self._open("`${`")


@dataclass(slots=True)
class _Document:
    """A here-document that is announced: `tabs` before its lines go, `verbatim`: nothing is expanded in it."""

    delimiter: str
    tabs: bool
    verbatim: bool
    body: Word


def _known(name: str) -> str:
    """What a variable stands for in a word: of the shell itself that is known."""
    return "bash" if name in ("BASH", "SHELL") else UNKNOWN


def _unquoted(raw: str) -> str:
    """A delimiter without its quotes; nothing else is made of it."""
    found = re.sub(r"\$(?=['\"])", "", raw)
    parts = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(\n|.)|(.)", re.DOTALL).findall(found)
    double = re.compile(r"\\([\\$`\"])")
    return "".join(
        single + double.sub(r"\1", doubled) + ("" if hidden == "\n" else hidden) + plain
        for single, doubled, hidden, plain in parts
    )


class _Level:
    """One level deeper, as long as it is entered."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan

    def __enter__(self) -> None:
        self._scan.depth += 1
        if self._scan.depth > MAX_DEPTH:
            raise TooLarge(f"more than {MAX_DEPTH} levels of brackets and quotes in each other")

    def __exit__(self, *_: object) -> None:
        self._scan.depth -= 1


@dataclass(slots=True)
class _Listing:
    """Commands that are being read: those found, the one here, where its pipeline and those around it begin."""

    found: list[Command] = field(default_factory=list)
    command: Command = field(default_factory=Command)
    pipeline: int = 0
    groups: list[int] = field(default_factory=list)
