"""Finds the quotes around every value in a shell script, so that each can be quoted for where it stands.

Only what decides the context is followed: quotes, backslashes, comments, `$(…)`, `${…}`, arithmetic, backticks and
here-documents. Where no quoting is safe, the context has a name that says why.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HEREDOC = re.compile(r"<<-?\s*(['\"\\]?)(\w+)['\"]?")

ARITHMETIC = "arithmetic"
"""A context that takes numbers only: the shell runs commands that stand in the text of anything else there."""


class Context(NamedTuple):
    """Where the shell is after some text: the stack of what is open, and what runs to the end of a line or document."""

    stack: tuple[str, ...] = ()
    comment: bool = False
    heredoc: str = ""
    pending: str = ""
    word_start: bool = True
    escaped: bool = False

    @property
    def name(self) -> str:
        """`plain`, `double`, `single`, `arithmetic`, or why no value can stand here."""
        if self.comment:
            return "a comment"
        if self.heredoc:
            return "a here-document"
        if "`" in self.stack:
            return "backticks"
        if "${" in self.stack:
            return "a parameter expansion"
        if self.escaped:
            return "an escape: a backslash stands before it"
        if "((" in self.stack:
            return ARITHMETIC
        top = self.stack[-1] if self.stack else ""
        return {"'": "single", '"': "double", "$'": "an ANSI-C string (`$'…'`)"}.get(top, "plain")


def after_value(context: Context) -> Context:
    """The context after a value: no longer at the start of a word."""
    return context._replace(word_start=False, escaped=False)


def follow(context: Context, text: str) -> Context:
    """The context after `text`."""
    scan = _Scan(context, text)
    at = 0
    while at < len(text):
        at = scan.step(at)
    return scan.context()


class _Scan:
    def __init__(self, context: Context, text: str) -> None:
        self._stack = list(context.stack)
        self._comment, self._heredoc, self._pending = context.comment, context.heredoc, context.pending
        self._word_start, self._escaped = context.word_start, context.escaped
        self._text = text

    def context(self) -> Context:
        """Where the shell is now."""
        return Context(tuple(self._stack), self._comment, self._heredoc, self._pending, self._word_start, self._escaped)

    def step(self, at: int) -> int:
        """Follow what stands at `at`; where to go on."""
        if self._heredoc:
            return self._end_of_heredoc(at)
        char = self._text[at]
        if self._escaped:
            self._escaped = self._word_start = False
            return at + 1
        if self._comment:
            self._comment = char != "\n"
            length = 1
        else:
            length = self._quotes(at, char)
        if char == "\n" and self._pending and not self._comment:
            self._heredoc, self._pending = self._pending, ""
        self._word_start = char in " \t\n;|&(" and self._top != "'"
        return at + length

    @property
    def _top(self) -> str:
        return self._stack[-1] if self._stack else ""

    def _quotes(self, at: int, char: str) -> int:
        """Follow quotes; gives the length of what was read."""
        top = self._top
        if top == "'":
            if char == "'":
                self._stack.pop()
        elif char == "\\":
            self._escaped = True
        elif top == "$'":
            if char == "'":
                self._stack.pop()
        elif char in '"`':
            self._toggle(char)
        else:
            return self._brackets(at, char)
        return 1

    def _toggle(self, sign: str) -> None:
        if self._top == sign:
            self._stack.pop()
        else:
            self._stack.append(sign)

    def _brackets(self, at: int, char: str) -> int:
        """Follow what opens and closes in pairs, inside double quotes too."""
        text, top = self._text, self._top
        for sign, pushed in (("$((", "(("), ("$(", "("), ("${", "${")):
            if text.startswith(sign, at):
                self._stack.append(pushed)
                return len(sign)
        if top == "((" and text.startswith("))", at):
            self._stack.pop()
            return 2
        if char == "(" and top in ("(", "(("):
            self._stack.append("(")
        elif (char, top) in ((")", "("), ("}", "${")):
            self._stack.pop()
        elif top != '"':
            return self._plain(at, char)
        return 1

    def _plain(self, at: int, char: str) -> int:
        """Follow what means something outside of quotes only."""
        text = self._text
        if char == "'" and not ("${" in self._stack and '"' in self._stack):
            self._stack.append("'")
        elif text.startswith("$'", at):
            self._stack.append("$'")
            return 2
        elif char == "#" and self._word_start and "((" not in self._stack:
            self._comment = True
        elif text.startswith("((", at) and self._word_start:
            self._stack.append("((")
            return 2
        elif text.startswith("<<<", at):
            return 3
        elif "((" not in self._stack and (match := _HEREDOC.match(text, at)):
            self._pending = match[2]
            return match.end() - at
        return 1

    def _end_of_heredoc(self, at: int) -> int:
        """After the line that ends the here-document, or the end of the text."""
        while at < len(self._text):
            end = self._text.find("\n", at)
            end = len(self._text) if end < 0 else end
            if self._text[at:end].strip("\t") == self._heredoc:
                self._heredoc, self._word_start = "", True
                return end
            at = end + 1
        return at


# Where the shell looks for a command: at the start, after what ends one, after its keywords and after assignments.
_COMMAND = re.compile(
    r"(?:^|[\n;|&({]|(?:^|[\s;|&(])(?:then|do|else|elif|if|while|until|time|exec|!))\s*(?:[A-Za-z_]\w*=\S*[ \t]+)*\Z"
)
_ASSIGNED = re.compile(r"(?:^|[\s;|&(])[A-Za-z_]\w*\+?=\Z")
_HERE_WORD = re.compile(r"<<<\s*\Z")


def last_line(text: str) -> str:
    """The last line of a script so far, with lines that a backslash continues taken as one."""
    return text.replace("\\\n", " ").rpartition("\n")[2]


def guarded(before: str, after: str) -> str:
    """How a value outside of quotes is kept from being more than a value, by the text around it.

    As the first word it could be a keyword or an assignment, before `<` or `>` the number of a stream.

    >>> guarded("echo ", "> out"), guarded("true; ", " env"), guarded("cat ", "")
    ('redirected', 'command', 'plain')
    """
    found = ["command"] if _COMMAND.search(before) else []
    found += ["redirected"] if after.startswith(("<", ">")) else []
    return ", ".join(found) or "plain"


def one_word_place(before: str) -> str | None:
    """What takes only one word, if the text before a value ends in it."""
    if _ASSIGNED.search(before):
        return "an assignment"
    return "a here-string" if _HERE_WORD.search(before) else None
