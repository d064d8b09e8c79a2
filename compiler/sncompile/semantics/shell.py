"""Finds the quotes around every value in a shell script, so that each can be quoted for where it stands.

Only what decides the context is followed: quotes, backslashes, comments, `$(…)` inside double quotes, backticks and
here-documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


class Context(NamedTuple):
    """Where the shell is after some text: the stack of open quotes, and whether a comment or here-document runs."""

    stack: tuple[str, ...] = ()
    comment: bool = False
    heredoc: str = ""
    pending: str = ""
    word_start: bool = True

    @property
    def name(self) -> str:
        """`plain`, `double`, `single`, or why no value can stand here."""
        if self.comment:
            return "a comment"
        if self.heredoc:
            return "a here-document"
        if "`" in self.stack:
            return "backticks"
        top = self.stack[-1] if self.stack else ""
        return {"'": "single", '"': "double"}.get(top, "plain")


def after_value(context: Context) -> Context:
    """The context after a value: no longer at the start of a word."""
    return context._replace(word_start=False)


def follow(context: Context, text: str) -> Context:
    """The context after `text`."""
    stack, comment, heredoc, pending = list(context.stack), context.comment, context.heredoc, context.pending
    word_start = context.word_start
    lines = _Lines(text)
    at = 0
    while at < len(text):
        char = text[at]
        top = stack[-1] if stack else ""
        if heredoc:
            # A here-document ends at the line that is its word.
            end = lines.find_word(at, heredoc)
            if end is None:
                at = len(text)
                continue
            at, heredoc, word_start = end, "", True
            continue
        if comment:
            comment = char != "\n"
        elif top == "'":
            if char == "'":
                stack.pop()
        elif char == "\\":
            at += 1
        elif char == "'" and top != '"':
            stack.append("'")
        elif char == '"':
            if top == '"':
                stack.pop()
            else:
                stack.append('"')
        elif char == "`":
            if top == "`":
                stack.pop()
            else:
                stack.append("`")
        elif text.startswith("$(", at):
            stack.append("(")
            at += 1
        elif char == "(" and top == "(":
            stack.append("(")
        elif char == ")" and top == "(":
            stack.pop()
        elif char == "#" and top != '"' and word_start:
            comment = True
        elif top != '"' and (match := _HEREDOC.match(text, at)) and not text.startswith("<<<", at):
            pending = match[2]
            at = match.end() - 1
        elif text.startswith("<<<", at):
            at += 2
        if char == "\n" and pending and not comment:
            heredoc, pending = pending, ""
        word_start = char in " \t\n;|&(" and top != "'"
        at += 1
    return Context(tuple(stack), comment, heredoc, pending, word_start)


class _Lines:
    def __init__(self, text: str) -> None:
        self._text = text

    def find_word(self, at: int, word: str) -> int | None:
        """The offset after the line that is `word`, from `at` on."""
        for start, line in self._from(at):
            if line.strip("\t") == word:
                return start + len(line)
        return None

    def _from(self, at: int) -> Iterator[tuple[int, str]]:
        while at <= len(self._text):
            end = self._text.find("\n", at)
            end = len(self._text) if end < 0 else end
            yield at, self._text[at:end]
            at = end + 1
