"""What a value or a family is, apart from where it stands in the spec: equal structures mean the same.

All of it is derived from the fields: a field that is added makes two things differ until it is declared as what people
read (`ir/fields.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType
from typing import Any

from sncompile.ir.fields import Declared, Role, declared
from sncompile.ir.graph.commands import Argument
from sncompile.ir.graph.model import Family
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.values.model import VALUES, Cell, Const, Plain, Related, Value, value_fields

_VALUES = frozenset(VALUES)
_PLAIN = frozenset((str, int, float, bool, NoneType))
"""What most fields hold: it is its own structure."""


def keys_structure(keys: KeySet) -> Hashable:
    """A key set: its columns and its rows, by identity; all sets without keys or links are one."""
    if not keys.by and keys.link is None:
        return ()
    return (keys.by, id(keys))


def structure(value: Value | None) -> Hashable:
    """A value without spans. Tables and key sets count by identity, constants by type and value."""
    return _part(value)


def argument_structure(argument: Argument) -> Hashable:
    """An argument without spans."""
    return _part(argument)


def _part(held: Any) -> Hashable:
    kind = held.__class__
    if kind in _PLAIN:
        plain: Hashable = held
        return plain
    if kind is Const:
        return ("Const", _constant(held.value))
    if kind in _VALUES:
        return _value(held)
    if kind is KeySet:
        return keys_structure(held)
    if kind is Table:
        return id(held)
    if kind is tuple:
        return tuple([_part(item) for item in held])
    if hasattr(held, "_fields") or is_dataclass(held):
        return (kind.__name__, *[_part(getattr(held, name)) for name in _meant(kind)])
    if isinstance(held, Table):
        return id(held)
    if isinstance(held, Mapping):
        return tuple(sorted([(key, _part(item)) for key, item in held.items()]))
    if isinstance(held, Hashable):
        return held
    raise TypeError(f"{held!r} has no structure")


def _value(value: Any) -> Hashable:
    kind = value.__class__
    parts = [_part(held) for held in _told(kind)(value)]
    if kind is Cell:
        parts.append(value.column in value.table.reads and not value.type.textual)
    elif kind is Related:
        parts.append(value.type.optional)
    return (kind.__name__, *parts)


@cache
def _told(kind: Any) -> Callable[[object], tuple[Any, ...]]:
    """Reads the fields of a kind of value that say what it is: its type follows from them; its place says nothing."""
    return _fields([name for name in kind._fields if name not in ("type", "span")])


@cache
def _meant(kind: Any) -> tuple[str, ...]:
    """The fields of what families are made of that say what it is."""
    return tuple([name for name, field in declared(kind).items() if field.role is not Role.PRESENTATION])


def _constant(value: Plain) -> Hashable:
    """A constant by its type and as it looks in text: `1`, `1.0`, `1.00` and `true` are four."""
    if isinstance(value, tuple):
        return tuple([_constant(item) for item in value])
    return value if isinstance(value, str) else (type(value).__name__, str(value))


_BY_PART = frozenset((
    "keys", "inputs", "params", "outputs", "command", "shell", "lists", "container", "conda", "network", "env", "after",
))  # fmt: skip
"""Fields of a family that who compares families looks at part by part, as they may have holes for what differs."""


@cache
def settings() -> Mapping[str, Declared]:
    """All other fields of a family, but for what people read: what must be the same, whatever is in it."""
    return {name: declared(Family)[name] for name in _meant(Family) if name not in _BY_PART}


@cache
def _set() -> Callable[[Family], tuple[Any, ...]]:
    """What `settings_structure` looks at, of a family."""
    return attrgetter("container", "network", "conda", "env", *settings())


def settings_structure(family: Family) -> dict[str, Hashable]:
    """What says how a family's jobs are run, by the names that people know it by."""
    container, network, conda, env, *held = _set()(family)
    return {
        "container": (structure(container), network, conda),
        "environment": tuple([fixed_structure(v) for v in env]),
        **{field.title: _part(each) for field, each in zip(settings().values(), held, strict=True)},
    }


class Settings:
    """Settings of many families. Those of steps of one module are mostly the very same things, and are read once."""

    def __init__(self) -> None:
        # What was read stays held, so that nothing else can have its place in memory.
        self._known: dict[tuple[int, ...], tuple[dict[str, Hashable], tuple[Any, ...]]] = {}

    def structure(self, family: Family) -> dict[str, Hashable]:
        """As `settings_structure`."""
        held = _set()(family)
        place = tuple(map(id, held))
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = (settings_structure(family), held)
        return found[0]


def fixed_structure(record: object) -> Hashable:
    """All of a port, argument or variable but the values in it, and where it stands."""
    kind: Any = record.__class__
    return tuple([_part(held) for held in _fixed(kind)(record)])


@cache
def _fixed(kind: Any) -> Callable[[object], tuple[Any, ...]]:
    return _fields([name for name in _meant(kind) if name not in value_fields(kind)])


def _fields(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """What reads some fields of a record."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple([getattr(record, name) for name in names])


def family_structure(family: Family, *, outputs: bool = True) -> Hashable:
    """All that decides what a family's jobs are; without `outputs`, where they write is left open.

    Ports and parameters stand in their order, which a function's arguments have.
    """
    parts: list[Hashable] = []
    for name in _meant(Family):
        held = getattr(family, name)
        if not outputs and name in ("outputs", "after"):
            parts.append(tuple(held) if name == "outputs" else None)
        else:
            parts.append(tuple([(n, _part(v)) for n, v in held.items()]) if isinstance(held, Mapping) else _part(held))
    return tuple(parts)
