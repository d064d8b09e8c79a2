"""Identity visitors: a value or a family made anew with a function over its values; itself where nothing changes.

Where values are is told by the types of fields (`ir/fields.py`), so that a visitor comes to those of every field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, TypeVar

from sncompile.ir.graph.model import Family
from sncompile.ir.values.model import VALUES, Value, inside

Rewrite = Callable[[Value], Value]
Record = TypeVar("Record")

_VALUES = frozenset(VALUES)


def map_children(value: Value, rewrite: Rewrite) -> Value:
    """The value with `rewrite` of each value directly inside it."""
    return _inside(value, rewrite)


def map_family(family: Family, rewrite: Rewrite) -> Family:
    """A family with each of its values rewritten."""
    return _inside(family, rewrite)


def _inside(record: Record, rewrite: Rewrite) -> Record:
    """A record of named fields with the values in them rewritten, however deep."""
    changes: dict[str, Any] = {}
    for name in inside(record):
        held = getattr(record, name)
        new = _mapped(held, rewrite)
        if new is not held:
            changes[name] = new
    made: Record = record._replace(**changes) if changes else record  # type: ignore[attr-defined]
    return made


def _mapped(held: Any, rewrite: Rewrite) -> Any:
    kind = held.__class__
    if kind in _VALUES:
        return rewrite(held)
    if held is None or kind is str or kind is bool:
        return held
    if kind is tuple:
        items = tuple([_mapped(item, rewrite) for item in held])
        return held if all(map(is_, items, held)) else items
    if isinstance(held, Mapping):
        changed = {name: new for name, value in held.items() if (new := _mapped(value, rewrite)) is not value}
        return {**held, **changed} if changed else held
    return _inside(held, rewrite) if inside(held) else held
