"""Texts as they are written inside of YAML's brackets: for fixes, which have to be YAML when they are made."""

from __future__ import annotations

import json

from sncompile.ir.language.scalars import resolve_plain
from sncompile.lazy_regex import regex

_PLAIN = regex(r"-{0,2}[^\W\d_-][\w./+=@-]*|\.{0,2}/[\w./+-]*")


def quoted(text: str) -> str:
    """A text in double quotes.

    >>> quoted('a "b"')
    '"a \\\\"b\\\\""'
    """
    return json.dumps(text, ensure_ascii=False)


def word(text: str) -> str:
    """A text as an item of a list in brackets, in quotes where it needs them.

    >>> word("cp"), word("${inputs.a}"), word("12")
    ('cp', '"${inputs.a}"', '"12"')
    """
    return text if _PLAIN.fullmatch(text) and resolve_plain(text) == text else quoted(text)


def as_list(text: str) -> str:
    """The list that a text with commas, or a single item, was meant to be.

    >>> as_list("sample, well")
    '[sample, well]'
    """
    return f"[{', '.join(word(item.strip()) for item in text.split(',') if item.strip())}]"
