"""The names of types, as they are written, and what a slip of one is meant to be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sncompile.diagnostics import nearest
from sncompile.ir.language.types import READ
from sncompile.lazy_regex import regex

OF_FILES = ("file", "directory")
"""Types of ports."""
OF_VALUES = ("string", *READ)
"""Types of outputs whose files hold a value."""
OF_PARAMS = (*OF_VALUES, "path")
"""Types of parameters."""
TYPES = (*OF_FILES, *OF_PARAMS)

# What other languages call our types.
ALIASES = {
    "int": "integer", "str": "string", "text": "string", "float": "number", "double": "number", "real": "number",
    "bool": "boolean", "dir": "directory", "folder": "directory", "list": "string[]",
    "path": "file", "val": "string",
}  # fmt: skip

# A list as languages with generic types write it: `list[file]`, `Array[File]`, `list<file>`.
_LIST = regex(r"^(?:list|array)[<\[](\w+)[>\]]", re.IGNORECASE)


def forms_of(kinds: Sequence[str]) -> list[str]:
    """All that types may look like: lists, and what may be absent."""
    return [kind + tail for kind in kinds for tail in ("", "[]", "?", "[]?")]


def type_meant(written: str, kinds: Sequence[str]) -> str | None:
    """The one of these types that a text stands for, or is a slip of."""
    written = _LIST.sub(r"\1[]", written)
    base = written.rstrip("?").removesuffix("[]").rstrip("?")
    if base in kinds:
        return written
    meant = ALIASES.get(base.lower(), "")
    forms = forms_of(kinds)
    guess = written.replace(base, meant, 1) if meant.removesuffix("[]") in kinds else nearest(written, forms)
    return guess if guess in forms else None
