"""What each field of the IR is for. It is said once, where the field is declared:

    retries: Annotated[int, scheduling("retries")]

Whoever has to look at all fields of a kind asks for them here, so that a field that is added is seen by all of them:

    role           must be equal for   a change is a     in `Job`   `diff`
                   a merge             reason to run
    identity       yes, or a column    yes               yes        a reason
    keeping        yes                 no                yes        a setting
    scheduling     yes                 no                yes        a setting
    relation       by itself           by what is read   yes        jobs, order
    presentation   no                  no                no         nothing

What holds values, as said by the types of fields, is found here as well: visitors go through it.

The models are ASDL (Wang et al., "The Zephyr Abstract Syntax Description Language", 1997) and LLVM's TableGen: one
declaration, many readers.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from typing import Any, NamedTuple


class Role(Enum):
    """What a field is for."""

    IDENTITY = "identity"
    """What a job does. It is in the digest: a change is a reason to run the job again."""
    KEEPING = "keeping"
    """What becomes of its files afterwards."""
    SCHEDULING = "scheduling"
    """When, where and with how much it runs."""
    RELATION = "relation"
    """Which jobs there are, and which they wait for."""
    PRESENTATION = "presentation"
    """What people read, and where it stands."""


class Declared(NamedTuple):
    """What is said of a field: its role, and what people know it by (its own name, if nothing is said).

    What is set `by_pass` is no word of the spec, and so no part of what a job is called for.
    """

    role: Role
    title: str = ""
    by_pass: bool = False


def _of(role: Role) -> Callable[..., Declared]:
    def declare(title: str = "", *, by_pass: bool = False) -> Declared:
        return Declared(role, title, by_pass)

    return declare


identity = _of(Role.IDENTITY)
keeping = _of(Role.KEEPING)
scheduling = _of(Role.SCHEDULING)
relation = _of(Role.RELATION)
presentation = _of(Role.PRESENTATION)


@cache
def declared(kind: type) -> Mapping[str, Declared]:
    """The fields of a class in their order, each with what is said of it. Raises `TypeError` for one that says nothing.

    >>> from sncompile.ir.graph.model import Family
    >>> declared(Family)["retries"]
    Declared(role=<Role.SCHEDULING: 'scheduling'>, title='retries', by_pass=False)
    """
    found: dict[str, Declared] = {}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        said = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Declared)]
        if not said:
            raise TypeError(f"{kind.__name__}.{name} does not say what it is for")
        found[name] = said[0]._replace(title=said[0].title or name)
    return found


@cache
def named(kind: type, *roles: Role) -> tuple[str, ...]:
    """The names of a class's fields of some roles."""
    return tuple(name for name, field in declared(kind).items() if field.role in roles)


def holders(kind: type, values: tuple[type, ...]) -> tuple[str, ...]:
    """The fields of a class that hold any of some types, directly or in lists, mappings and other declared classes."""
    return tuple(name for name, hint in _types(kind).items() if _holds(hint, values, frozenset((kind,))))


@cache
def _types(kind: type) -> Mapping[str, Any]:
    """The types of a class's fields: most classes are held by several others."""
    return typing.get_type_hints(kind)


def _holds(hint: Any, values: tuple[type, ...], seen: frozenset[type]) -> bool:
    if hint in values:
        return True
    origin = typing.get_origin(hint)
    if origin is not None or isinstance(hint, types.UnionType):
        return any(_holds(inner, values, seen) for inner in typing.get_args(hint))
    if not isinstance(hint, type) or hint in seen or not is_record(hint):
        return False
    return any(_holds(inner, values, seen | {hint}) for inner in _types(hint).values())


def is_record(kind: type) -> bool:
    """Whether a class is made of named fields."""
    return (issubclass(kind, tuple) and hasattr(kind, "_fields")) or is_dataclass(kind)
