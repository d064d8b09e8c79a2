"""Differences and plans as Markdown, for a comment in a pull request.

Nothing in a spec may become a part of the page: no cell, tag, link, mention or reference to an issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from sncompile.diagnostics.text import visible
from sncompile.ir.diff.model import GraphDiff
from sncompile.lazy_regex import regex
from sncompile.semantics.program import LateSteps
from sncompile.views.diff_text import setting_rows, step_rows, totals
from sncompile.views.plan_text import later_line, work_line, work_rows
from sncompile.views.work import Work, orphans_told

MOST_ROWS = 100
"""So many rows are told at most: a comment may have 65,536 characters."""

MOST_LETTERS = 400
"""So many letters of a cell are told."""

_SPECIAL = regex(r"://|\bwww\.|[^\w\s.,:;=/()'\"+%→-]|_")
_QUOTED = regex(r"`([^`]*)`")
_BREAK = "&#8203;"
"""Of no width: it keeps what stands around it from being read as one word, such as `@name` or `#12`."""


def plain(text: str) -> str:
    """Text as it is to be seen, in which nothing is Markdown or HTML; what stands in backticks is code.

    >>> plain("`a|b` <i> @you #1")
    '<code>a&#124;b</code> &#60;i&#62; &#64;&#8203;you &#35;&#8203;1'
    """
    text = visible(text)
    if len(text) > MOST_LETTERS:
        text = f"{text[:MOST_LETTERS]} …"
    parts = _QUOTED.split(text)
    return "".join(f"<code>{_escaped(part)}</code>" if n % 2 else _escaped(part) for n, part in enumerate(parts))


def _escaped(text: str) -> str:
    def entity(found: re.Match[str]) -> str:
        letters = "".join(f"&#{ord(letter)};" if not letter.isalnum() else letter for letter in found[0])
        return letters + _BREAK if found[0] in "@#" or len(found[0]) > 1 else letters

    return _SPECIAL.sub(entity, text).replace("\n", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], number: int) -> str:
    """A table; of more rows than `MOST_ROWS` the rest is counted. Cells may have lines."""
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(' --- ' for _ in head)}|"]
    for row in islice(rows, MOST_ROWS):
        lines.append(f"| {' | '.join('<br>'.join(map(plain, cell.splitlines())) for cell in row)} |")
    more = f"\nand {number - MOST_ROWS:,} more\n" if number > MOST_ROWS else ""
    return "\n".join(lines) + "\n" + more


def diff_markdown(diff: GraphDiff, old: str, new: str) -> str:
    """How two specs differ: what the totals are, then a row for each step with its reasons."""
    title = f"**{plain(old)} → {plain(new)}**: "
    if not diff.differs:
        return f"{title}no difference\n"
    parts = [f"{title}{plain(totals(diff))}\n"]
    steps = [row for step in diff.steps for row in step_rows(step)]
    if steps:
        rows = ((name, number, "\n".join(why)) for _, name, number, why in steps)
        parts.append(_table(("step", "jobs", "why"), rows, len(steps)))
    settings = [row for engine in (False, True) for row in setting_rows(diff, engine)]
    if settings:
        told = _table(("step", "setting"), settings, len(settings))
        parts.append(f"<details><summary>Settings</summary>\n\n{told}\n</details>\n")
    if diff.outputs:
        names = ", ".join(f"`{name}`" for name in diff.outputs)
        parts.append(f"Outputs of the pipeline that are new, gone or others: {plain(names)}\n")
    return "\n".join(parts)


def work_markdown(work: Work, pipeline: str, later: Sequence[LateSteps] = ()) -> str:
    """What has to run of a pipeline: how much it is, a row for each step with its reasons, and what comes `later`."""
    head = f"**{plain(pipeline)}**, to run: {plain(work_line(work))}\n"
    rows = list(work_rows(work)) if work.known else []
    table = [_table(("step", "jobs", "why"), rows, len(rows))] if rows else []
    orphans = [f"{plain(orphans_told(work))}\n"] if work.orphans else []
    unknown = [f"later: {plain(later_line(each))}\n" for each in later]
    return "\n".join([head, *table, *unknown, *orphans])
