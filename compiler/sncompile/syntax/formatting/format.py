"""Text → the same document in one style.

The style is described in `docs/how-to/fix-and-format.md`. Lines stay lines: what changes is their indent, the spaces
inside of them, blank lines between them, and quotes that nothing needs. So a comment stays where it is. Whatever comes
of it is read again, and counts only if the parser's events and the comments are those of the text as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ruamel.yaml.error import YAMLError

from sncompile.diagnostics import Diagnostic
from sncompile.ir.language.scalars import resolve_plain
from sncompile.syntax.composer import YamlError
from sncompile.syntax.formatting.blank_lines import blank_lines
from sncompile.syntax.formatting.layout import Layout, read_layout
from sncompile.syntax.formatting.lines import relaid
from sncompile.syntax.source import Source, decode
from sncompile.syntax.yaml import read_events

MOST_ROUNDS = 4
"""One round gives what a second one leaves alone; should one not, no more than these are tried."""


def format_text(name: str, text: str) -> str | Diagnostic:
    """A text of YAML in our style, or what is wrong with it; diagnostics call it `name`.

    Lines end with a line feed, and no mark of encoding stands before them. Its result is its own result again.
    A file of JSON stays as it is: in our style others could not read it any more.
    """
    if name.endswith(".json"):
        return text
    source = decode(name, None, text.encode("utf-8", "surrogatepass"))
    if isinstance(source, Diagnostic):
        return source
    try:
        layout = read_layout(source.text, read_events(source))
    except YamlError as error:
        return error.diagnostic
    if not layout.atoms:
        return source.text
    for _ in range(MOST_ROUNDS):
        found = _round(layout)
        if found.text == layout.text:
            break
        layout = found
    return layout.text


def _round(layout: Layout) -> Layout:
    """A layout in our style; of what would change the document nothing is done."""
    steps: tuple[Callable[[Layout], str], ...] = (relaid, blank_lines)
    for step in steps:
        text = step(layout)
        if text != layout.text:
            layout = _same(layout, text) or layout
    return layout


def _same(layout: Layout, text: str) -> Layout | None:
    """The layout of a text, if it says what another one says."""
    try:
        found = read_layout(text, read_events(Source("", None, text)))
    except (YamlError, YAMLError):
        return None
    return found if _meaning(found) == _meaning(layout) else None


def _meaning(layout: Layout) -> tuple[list[Any], list[str]]:
    """What a document says, and its comments: all that must stay."""
    said = []
    for event in layout.events:
        value = getattr(event, "value", None)
        plain = isinstance(value, str) and not event.style and event.tag is None
        known = resolve_plain(str(value)) if plain else value
        kind = type(known).__name__, repr(known)
        said.append((type(event).__name__, getattr(event, "anchor", None), getattr(event, "tag", None), value, kind))
    return said, [comment.text.rstrip() for comment in layout.comments]
