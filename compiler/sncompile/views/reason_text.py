"""A reason why a job differs, in one line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

from sncompile.ir.diff.model import Kind, Reason, common
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.values.model import Plain
from sncompile.lazy_regex import regex
from sncompile.views.columns import count
from sncompile.views.plan_text import AMOUNTS

_PLAIN = regex(r"[^\s\"'`,\[\]]+")
_LONGEST = 60
_WORDS = 6
_SHORT = 30


def reason_text(reason: Reason) -> str:
    """What differs and how: ``parameter `sigma` 2 → 3``."""
    match reason.kind:
        case Kind.MODULE:
            return _module(reason)
        case Kind.COMMAND:
            return _command(reason)
        case Kind.RESOURCE:
            return f"{setting_text(reason)}, which the command takes"
        case Kind.INPUT if not reason.name:
            return f"reads from other jobs ({_show(reason.old)} → {_show(reason.new)})"
        case Kind.CONDA:
            return f"conda environment {_change(reason)}"
        case Kind.CONTAINER:
            return f"container {_change(reason)}"
        case Kind.ENVIRONMENT:
            return f"variable `{reason.name}` {_change(reason)}"
        case Kind.CREATE | Kind.SUCCESS | Kind.DECLARED:
            return setting_text(reason)
        case Kind.OUTPUT:
            return f"output `{reason.name}` {_change(reason)}"
        case _:
            return f"{reason.kind.value} `{reason.name}` {_change(reason)}"


def setting_text(reason: Reason) -> str:
    """A setting and how it differs: `memory 1 GB → 2 GB`."""
    match reason.kind:
        case Kind.RESOURCE:
            show = AMOUNTS[RESOURCES[reason.name].unit]
            return f"{reason.name} {_amount(reason.old, show)} → {_amount(reason.new, show)}"
        case Kind.ORDER:
            return f"after {_waits(reason.old)} → {_waits(reason.new)}"
        case Kind.KEEPING:
            return f"output `{reason.name}` {reason.old or 'kept'} → {reason.new or 'kept'}"
        case Kind.CREATE:
            return f"output `{reason.name}` created before: {_show(reason.old)} → {_show(reason.new)}"
        case Kind.SUCCESS:
            return f"success: {reason.name} {_show(reason.old)} → {_show(reason.new)}"
        case Kind.DECLARED:
            return f"{reason.name} {_show(reason.old)} → {_show(reason.new)}"
        case _:
            return f"{reason.kind.value} {_show(reason.old)} → {_show(reason.new)}"


def _amount(value: Plain, show: Callable[[int], str]) -> str:
    return show(value) if isinstance(value, int) else _cut(value) if isinstance(value, str) else _show(value)


def _waits(steps: Plain) -> str:
    return ", ".join(f"`{step}`" for step in steps) if isinstance(steps, tuple) and steps else "nothing"


def _module(reason: Reason) -> str:
    return f"the module's file `{reason.name}`" if reason.name else f"module {_change(reason)}"


def _command(reason: Reason) -> str:
    old, new = reason.old, reason.new
    if isinstance(old, tuple) and isinstance(new, tuple):
        start, end = common(old, new)
        # An option tells what its value is for.
        if start and str(old[start - 1]).startswith("-"):
            start -= 1
        return f"command {_pieces(_words(old[start : len(old) - end]), _words(new[start : len(new) - end]))}"
    if isinstance(old, str) and isinstance(new, str):
        return f"script {_pieces(*_lines(tuple(old.splitlines()), tuple(new.splitlines())))}"
    if old is None or new is None:
        return "another command"
    return "a script and no command" if isinstance(new, str) else "a command and no script"


def _pieces(old: str, new: str) -> str:
    if not old:
        return f"now with `{new}`"
    return f"`{old}` → `{new}`" if new else f"without `{old}`"


def _words(words: tuple[Plain, ...]) -> str:
    more = " …" if len(words) > _WORDS else ""
    return _cut(shlex.join(map(str, words[:_WORDS]))) + more


def _lines(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, str]:
    """What differs in two scripts: their first lines that do, or a part of these."""
    start, end = common(old, new)
    before, now = old[start : len(old) - end], new[start : len(new) - end]
    if len(before) != 1 or len(now) != 1:
        return _first(before), _first(now)
    words = before[0].split(), now[0].split()
    start, end = common(tuple(words[0]), tuple(words[1]))
    # A word on either side tells where it is.
    first, last = max(0, start - 1), max(0, end - 1)
    return _joined(words[0], first, last), _joined(words[1], first, last)


def _first(lines: tuple[str, ...]) -> str:
    return _cut(lines[0].strip()) + " …" * (len(lines) > 1) if lines else ""


def _joined(words: list[str], first: int, last: int) -> str:
    return _cut(" ".join(words[first : len(words) - last]))


def _change(reason: Reason) -> str:
    old, new = reason.old, reason.new
    if not (reason.was_there and reason.is_there):
        return f"is new: {_show(new)}" if reason.is_there else "is gone"
    if isinstance(old, tuple) and isinstance(new, tuple) and max(len(_plain_list(old)), len(_plain_list(new))) > _SHORT:
        return _lists(old, new)
    return f"{_show(old)} → {_show(new)}"


def _lists(old: tuple[Plain, ...], new: tuple[Plain, ...]) -> str:
    """What two long lists do not have in common."""
    before, now = set(old), set(new)
    gone = [item for item in old if item not in now]
    added = [item for item in new if item not in before]
    if not gone and not added:
        return f"{count(len(new), 'item')} in another order" if len(old) == len(new) else f"{len(old)} → {len(new)}"
    if len(gone) == len(added) == 1:
        return f"{_show(gone[0])} → {_show(added[0])} among {len(new):,}"
    parts = [f"{len(old):,} → {len(new):,}"] if len(old) != len(new) else [f"{len(new):,}"]
    parts += [
        f"{sign} {_show(items[0])}{_more(items)}" for sign, items in (("without", gone), ("with", added)) if items
    ]
    return ", ".join(parts)


def _more(items: list[Plain]) -> str:
    return f" and {len(items) - 1:,} more" if len(items) > 1 else ""


def _show(value: Plain) -> str:
    """A plain value: texts are quoted where they could be mistaken."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return _cut(_plain_list(value))
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return _cut(json.dumps(value, ensure_ascii=False))
    return _cut(str(value))


def _plain_list(value: tuple[Plain, ...]) -> str:
    # No more of a long list than can be shown.
    return f"[{', '.join(map(_show, value[:_LONGEST]))}]"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"
