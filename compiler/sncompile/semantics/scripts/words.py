"""Reads the words of a shell script as bash's lexer does: quotes, expansions, arithmetic, arrays, patterns.

What holds commands again, as `$(…)` does, is left to the reader of commands (`scanner`), which is one of these.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from sncompile.lazy_regex import regex
from sncompile.semantics.scripts.script import NUMBER, UNKNOWN, VALUE, Command, Level, Place, Quotes, Scan, Taken, Word

META = frozenset(" \t\n;&|()<>")
"""What ends a word that stands outside of quotes."""

_SPECIAL = frozenset("\"'`\\$\0\1")
_ORDINARY = regex(r"[^\s;&|()<>\"'`\\$\0\1?*+@!\[=]+")
_IN_DOUBLE = regex(r'[^"`\\$\0\1]+')
_IN_DOCUMENT = regex(r"[^`\\$\0\1]+")
_NAME = regex(r"[A-Za-z_][\w\1]*")
_VARIABLE = regex(r"\$(?:[A-Za-z_]\w*|[0-9*@#?$!-])", re.ASCII)
_PARAMETER = regex(r"[!#]?(?:\w+|[*@#?$!-](?=[}:\-+=?#%/^,@\[]))?", re.ASCII)


class WordReader(ABC):
    """Reads one stretch of a script; `origin` tells for each of its characters where it stands in the whole."""

    def __init__(self, text: str, origin: Sequence[int], scan: Scan) -> None:
        self._text, self._origin, self._scan = text, origin, scan
        self._at = 0

    @abstractmethod
    def script(self) -> list[Command]:
        """The whole stretch as commands."""

    @abstractmethod
    def _substitution(self) -> list[Command]:
        """The commands of `$(…)`, which stands here."""

    @abstractmethod
    def _line_end(self) -> None:
        """Go past the end of a line, and the here-documents that begin after it."""

    def document(self, into: Word) -> None:
        """The whole stretch as the body of a here-document in which expansions are made."""
        while self._at < len(self._text):
            self._quoted_piece(into, Quotes.HERE_DOCUMENT, _IN_DOCUMENT, "")

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

    # --- Words ----------------------------------------------------------------------------------------------------

    def _word(self, *, assigns: bool) -> Word:
        """The word here; `assigns`: it may be an assignment."""
        word = Word(self._at)
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in META:
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
            word.reads += item.reads

    def _pattern(self, word: Word) -> None:
        """What stands between brackets inside of a word, in which blanks and the like mean nothing."""
        depth = 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char not in META:
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
            if char not in META:
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
        inner = type(self)(text, [self._origin[index] for index in kept], self._scan)
        with Level(self._scan):
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
            with Level(self._scan):
                self._expansion(word, quotes)
        elif quotes is Quotes.PLAIN and self._starts("$'"):
            self._ansi(word)
        elif quotes is Quotes.PLAIN and self._starts('$"'):
            self._at += 1
            self._double(word)
        elif (match := _VARIABLE.match(self._text, self._at)) is not None:
            self._at = match.end()
            word.reads.append(match[0][1:])
            word.text += _known(match[0][1:])
        else:
            word.text += "$"
            self._at += 1

    def _is_arithmetic(self, at: int) -> bool:
        """Whether what follows `((` ends in `))`; if not, it is a subshell in a subshell."""
        known, where = self._scan.arithmetic, self._origin[at] if at < len(self._text) else -1
        if where not in known:
            trial = type(self)(self._text, self._origin, Scan(depth=self._scan.depth, arithmetic=known))
            trial._at = at
            with Level(trial._scan):
                trial._balanced(Word(at), ")", Taken.ARITHMETIC)
            known[where] = trial._starts(")") or bool(trial._scan.unclosed)
        return known[where]

    def _computed(self, word: Word) -> None:
        """What stands before `))`."""
        with Level(self._scan):
            self._balanced(word, ")", Taken.ARITHMETIC)
        self._at += 1

    def _bracketed(self, word: Word, end: str, taken: Taken = Taken.SUBSCRIPT, array: str = "") -> None:
        """`[…]` of an array, or the arithmetic of old."""
        self._at += 1
        with Level(self._scan):
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
        word.reads.append(match[0].lstrip("!#"))
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
        word.reads += operand.reads
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


def _known(name: str) -> str:
    """What a variable stands for in a word: of the shell itself that is known."""
    return "bash" if name in ("BASH", "SHELL") else UNKNOWN
