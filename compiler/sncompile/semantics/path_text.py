"""Paths as text: parts joined, and written in one way only, as engines compare paths by letter."""

from __future__ import annotations

import re

from sncompile.diagnostics import Span
from sncompile.semantics.encoding import no_option
from sncompile.semantics.types import STRING
from sncompile.semantics.values import Const, Items, Text, Value

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(path: str) -> bool:
    """Whether a path begins as a URL does.

    >>> is_url("s3://bucket/a.txt"), is_url("out/a:/b"), is_url("out/k://end")
    (True, False, False)
    """
    return _URL.match(path) is not None


def join_text(parts: list[Value], span: Span) -> Value:
    """Parts as one text, with neighbouring constants joined."""
    joined: list[Value] = []
    for part in parts:
        if joined and isinstance(part, Const) and isinstance(joined[-1], Const):
            joined[-1] = Const(f"{joined[-1].value}{part.value}", STRING, joined[-1].span)
        else:
            joined.append(part)
    if len(joined) == 1 and isinstance(joined[0], Const):
        return joined[0]._replace(span=span)
    return Text(tuple(joined), STRING, span)


def tidy(value: Value) -> Value:
    """A path said by hand without `./` at its start and without double slashes."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return value._replace(value=_tidy_text(value.value, first=True))
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return value._replace(value=tuple(_tidy_text(str(v), first=True) for v in value.value))
    if isinstance(value, Text):
        joined = join_text(list(value.parts), value.span)
        if not isinstance(joined, Text):
            return tidy(joined)
        parts = []
        for number, part in enumerate(joined.parts):
            if isinstance(part, Const) and isinstance(part.value, str):
                part = part._replace(value=_tidy_text(part.value, first=number == 0))
            parts.append(part)
        return join_text(parts, value.span)
    if isinstance(value, Items):
        return value._replace(items=tuple(tidy(item) for item in value.items))
    return value


def _tidy_text(text: str, *, first: bool) -> str:
    if first and is_url(text):
        return text
    while "//" in text:
        text = text.replace("//", "/")
    while first and text.startswith("./") and len(text) > 2:
        text = text[2:]
    return no_option(text) if first else text
