"""How outputs are shown to people, in reports."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from sncompile.ir.fields import keeping


class Shown(NamedTuple):
    """How an output is shown to people: under which category, with which caption and labels."""

    category: Annotated[str, keeping()] = ""
    caption: Annotated[str, keeping()] = ""
    labels: Annotated[tuple[tuple[str, str], ...], keeping()] = ()
