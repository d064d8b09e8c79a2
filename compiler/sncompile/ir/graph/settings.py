"""What is declared of a family beside its templates, as plain data: for jobs, digests, and who compares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, NamedTuple

from sncompile.ir.fields import Role, declared
from sncompile.ir.graph.commands import Flag, Option
from sncompile.ir.graph.model import Family
from sncompile.ir.values.model import Local, Value, inside, value_fields, walk


def settings_of(family: Family) -> dict[str, Any]:
    """What is said of the jobs of a family beside files, parameters, commands, images, variables and resources.

    What is not said, or said to be as it usually is, is left out, and so is what a pass has set:

        retries: 2, outputs: {o: {temp: true}}   =>   {"retries": 2, "outputs": {"o": {"temp": True}}}
    """
    found = _said(family, _SAID)
    for name in ("inputs", "outputs"):
        held = getattr(family, name)
        ports = {port: said for port, each in held.items() if (said := {**_kind_of(each), **flags_of(each)})}
        if ports:
            found[name] = ports
    return found


_SAID = (Role.IDENTITY, Role.KEEPING, Role.SCHEDULING)


def said_of(family: Family) -> dict[str, Any]:
    """As `settings_of` without the ports, and with what passes have set."""
    return _said(family, _SAID, by_pass=True)


def identity_of(family: Family) -> dict[str, Any]:
    """The part of what decides what a family's jobs write that is the same for all of them, templates apart."""
    found = _said(family, (Role.IDENTITY,))
    for name in ("inputs", "outputs"):
        found[name] = {port: _said(held, (Role.IDENTITY,)) for port, held in getattr(family, name).items()}
    return found


def _said(record: Any, roles: tuple[Role, ...], *, by_pass: bool = False) -> dict[str, Any]:
    """The fields of some roles that hold no values, by the names that people know them by, where they say something:
    where they hold neither what they do when nothing is said, nor what is nothing."""
    fields = _fields(record.__class__, roles, by_pass)
    every = tuple([getattr(record, name) for name in fields.names])
    # Of most ports, of which there may be many thousands, nothing is said.
    if every == fields.usual:
        return {}
    return {
        title: told
        for title, held, usual in zip(fields.titles, every, fields.usual, strict=True)
        if held != usual and not _is_nothing(told := plain(held))
    }


class _Fields(NamedTuple):
    """The fields of a record, the names that people know them by, and what they hold when nothing is said."""

    names: tuple[str, ...]
    titles: tuple[str, ...]
    usual: tuple[Any, ...]


@cache
def _fields(kind: Any, roles: tuple[Role, ...], by_pass: bool) -> _Fields:
    """The fields of some roles that hold no values."""
    templates, usual = value_fields(kind), getattr(kind, "_field_defaults", {})
    found = {
        name: field.title
        for name, field in declared(kind).items()
        if field.role in roles and (by_pass or not field.by_pass) and name not in templates
    }
    return _Fields(tuple(found), tuple(found.values()), tuple([usual.get(name) for name in found]))


def _is_nothing(held: Any) -> bool:
    return held in (None, False, "", [], {})


def _kind_of(port: Any) -> dict[str, Any]:
    return {} if port.base == "file" else {"base": port.base}


def flags_of(port: Any) -> dict[str, Any]:
    """What is said of a port beside its kind, which its paths show, and beside who chose its path."""
    return {name: held for name, held in _said(port, _SAID).items() if name not in ("base", "many", "derived")}


_PLAIN = (str, bool, int, float)


def plain(held: Any) -> Any:
    """What a field without values holds, as JSON has it; of a record what says something."""
    if held is None or held.__class__ in _PLAIN:
        return held
    if isinstance(held, Mapping):
        return {name: plain(value) for name, value in held.items()}
    if is_dataclass(held) or hasattr(held, "_fields"):
        found = {name: plain(getattr(held, name)) for name in _names(held)}
        return {name: each for name, each in found.items() if not _is_nothing(each)}
    if isinstance(held, (tuple, list, frozenset)):
        return [plain(item) for item in held]
    return held


def _names(record: Any) -> list[str]:
    kind: Any = record.__class__
    return [name for name in declared(kind) if name not in inside(record)]


# --- What commands take ---------------------------------------------------------------------------------------------


def command_values(family: Family) -> Iterator[Value]:
    """The values in a family's command or script, and in the files that are written for it."""
    for argument in (*(family.command or ()), *(p.value for p in family.shell or () if p.value is not None)):
        if isinstance(argument, (Option, Flag)):
            if argument.when is not None:
                yield argument.when
            if isinstance(argument, Option):
                yield argument.value
        else:
            yield argument
    yield from (listed.value for listed in family.lists.values())


def resources_taken(family: Family) -> set[str]:
    """The resources that a job is told of: in its command, its variables, its container."""
    values = [*command_values(family), *(v.value for v in family.env if v.value is not None)]
    if family.container is not None:
        values.append(family.container)
    return {
        leaf.name for value in values for leaf in walk(value) if isinstance(leaf, Local) and leaf.space == "resources"
    }
