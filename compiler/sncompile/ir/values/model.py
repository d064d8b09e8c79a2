"""Typed values: what an expression means once every name in it is resolved.

A value is evaluated *at* a key set (see `keys`), for one instance of it. Leaves that differ between instances carry
the key set they belong to, so that a value can be used at any finer one: the instance there has exactly one instance
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol, get_args

from sncompile.diagnostics import Span
from sncompile.ir.fields import holders
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import BOOLEAN, INTEGER, NUMBER, STRING, Type
from sncompile.ir.variant import Variant

Plain = str | int | float | bool | None | tuple["Plain", ...]


class Const(Variant):
    """A constant; a list is a tuple. `None` is what is absent."""

    value: Plain
    type: Type
    span: Span


class Key(Variant):
    """An instance's key, as text; `encoded` as it stands in derived paths."""

    keys: KeySet
    name: str
    encoded: bool
    type: Type
    span: Span


class Cell(Variant):
    """A column of a table, at the table's own rows."""

    table: Table
    column: str
    type: Type
    span: Span


class Output(Variant):
    """An output's path (or paths), at the instances of the step that writes it."""

    step: str
    port: str
    type: Type
    span: Span


class Related(Variant):
    """`value`, which belongs to `source`, seen from `target`: the one related instance's, or the list of them."""

    value: Value
    source: KeySet
    target: KeySet
    type: Type
    span: Span

    @property
    def gathers(self) -> bool:
        """Whether several instances of the source may feed one of the target."""
        return not self.target.has_one(self.source)

    @property
    def linked(self) -> bool:
        """Whether a link, and not the keys, says which instances of the source are meant."""
        return self.target.linked(self.source)


class Local(Variant):
    """A name inside a module: `space` is `inputs`, `outputs`, `params`, `resources`, `env` or `lists`."""

    space: str
    name: str
    type: Type
    span: Span


class Size(Variant):
    """The size in bytes of an input port's files, known when the job is about to run."""

    port: str
    type: Type
    span: Span


class Content(Variant):
    """What stands in the file of a step's output, or in each of several: known when the job is about to run."""

    files: Value
    type: Type
    span: Span


class Attempt(Variant):
    """Which try of the job it is, from 1."""

    type: Type
    span: Span


class Text(Variant):
    """Parts joined to one text."""

    parts: tuple[Value, ...]
    type: Type
    span: Span


class Items(Variant):
    """A list; an item that is a list itself gives all of its values."""

    items: tuple[Value, ...]
    type: Type
    span: Span


class Apply(Variant):
    """A function of the language, or an operator, on its operands."""

    function: str
    operands: tuple[Value, ...]
    type: Type
    span: Span


class Choice(Variant):
    """`then if test else other`."""

    test: Value
    then: Value
    other: Value
    type: Type
    span: Span


class Lookup(Variant):
    """`lookup(table.column, key=value, …)`: the column's value in the one row that has those values."""

    table: Table
    column: str
    conditions: tuple[tuple[str, Value], ...]
    type: Type
    span: Span


class ModuleFile(Variant):
    """`file('name')`: a file that belongs to a module. `emitted` is its place below the emitted `files/`."""

    emitted: str
    type: Type
    span: Span


class Record(Variant):
    """A JSON object of named values, as text (the one argument of `python` and `notebook` steps)."""

    members: tuple[tuple[str, Value], ...]
    type: Type
    span: Span


class Made(Variant):
    """A path that other steps write, said as it is: `sources` tell which of their instances, `path` where it lies."""

    path: Value
    sources: tuple[Value, ...]
    type: Type
    span: Span


Value = (
    Const | Key | Cell | Output | Related | Local | Size | Content | Attempt | Text | Items | Apply | Choice | Lookup
    | ModuleFile | Record | Made
)  # fmt: skip


class Bound(Protocol):
    """A step as far as evaluation needs it: its instances, and what its module's names stand for."""

    @property
    def keys(self) -> KeySet:
        """The step's instances."""

    def local(self, space: str, name: str) -> Value:
        """The value bound to an input, output, parameter, resource, variable or list file of the step."""


VALUES: tuple[type, ...] = get_args(Value)
"""Every kind of value."""


@cache
def value_fields(kind: Any) -> tuple[str, ...]:
    """The fields of a class that hold values."""
    return holders(kind, VALUES)


def inside(record: object) -> tuple[str, ...]:
    """The fields of a value, or of what families are made of, that hold values."""
    kind: Any = record.__class__
    return value_fields(kind)


def children(value: Value) -> tuple[Value, ...]:
    """The values directly inside a value, by the types of its fields: alone, in lists, or each with a name."""
    kind: Any = value.__class__
    found: list[Value] = []
    for name in value_fields(kind):
        held = getattr(value, name)
        if held.__class__ is not tuple:
            found += [] if held is None else [held]
        elif held and held[0].__class__ is tuple:
            found += [item for _, item in held]
        else:
            found += held
    return tuple(found)


def walk(value: Value) -> Iterator[Value]:
    """The value and everything inside it."""
    pending = [value]
    while pending:
        here = pending.pop()
        yield here
        kind: Any = here.__class__
        if value_fields(kind):
            pending += reversed(children(here))


def lenient(value: Value) -> Value:
    """`value` for who may do without it: absent where an instance has nothing to take, here or further inside."""
    if isinstance(value, Related):
        inner = lenient(value.value)
        if value.gathers:
            return value._replace(value=inner, type=value.type._replace(gaps=gathered(inner.type).gaps))
        return value._replace(value=inner, type=value.type._replace(optional=True))
    if isinstance(value, Content) and not value.type.many:
        files = lenient(value.files)
        return value._replace(files=files, type=value.type._replace(optional=files.type.optional))
    if isinstance(value, Choice):
        then, other = lenient(value.then), lenient(value.other)
        optional, gaps = then.type.optional or other.type.optional, then.type.gaps or other.type.gaps
        return value._replace(then=then, other=other, type=value.type._replace(optional=optional, gaps=gaps))
    if isinstance(value, Items):
        return value._replace(items=tuple(map(lenient, value.items)))
    if isinstance(value, Apply) and value.function == "coalesce":
        last = lenient(value.operands[-1])
        kind = value.type._replace(optional=value.type.optional or (last.type.optional and not value.type.many))
        return value._replace(operands=(*value.operands[:-1], last), type=kind)
    return value


def presence(value: Value) -> Value:
    """A value for who asks whether it is there: what a step writes is there where its file is, as is known before."""
    if isinstance(value, Content):
        return value.files
    if isinstance(value, Choice):
        then, other = presence(value.then), presence(value.other)
        return value._replace(then=then, other=other, type=then.type if other.type.base == "null" else other.type)
    return value


def writes_in(value: Value) -> bool:
    """Whether a value takes what a step writes."""
    return any(isinstance(leaf, Content) for leaf in walk(value))


def gathered(kind: Type) -> Type:
    """The type of the list of such values: what some instances do not have is a gap in it."""
    gaps = kind.gaps if kind.many else kind.optional
    return kind._replace(many=True, optional=False, gaps=gaps)


def keeping(value: Value) -> Value:
    """`value` for who takes absent items too: in a list that is written out, an absent item keeps its place."""
    if isinstance(value, Choice):
        then, other = keeping(value.then), keeping(value.other)
        gaps = then.type.gaps or other.type.gaps
        return value._replace(then=then, other=other, type=value.type._replace(gaps=gaps))
    if isinstance(value, Items) and any(_may_lack(item) for item in value.items):
        kind = value.type._replace(gaps=True)
        items = [Apply("@item", (i,), kind, i.span) if _may_lack(i) else i for i in value.items]
        return value._replace(items=tuple(items), type=kind)
    return value


def _may_lack(item: Value) -> bool:
    return not item.type.many and (item.type.optional or item.type.base == "null")


def is_constant(value: Value) -> bool:
    """Whether a value is the same for every instance and known at compile time."""
    return not any(not isinstance(v, Const) and not inside(v) for v in walk(value))


def text(value: str, span: Span) -> Const:
    """A constant text."""
    return Const(value, STRING, span)


__all__ = [
    "BOOLEAN", "INTEGER", "NUMBER", "STRING", "VALUES", "Apply", "Attempt", "Bound", "Cell", "Choice", "Const",
    "Content", "Items", "Key", "Local", "Lookup", "Made", "ModuleFile", "Output", "Plain", "Record", "Related", "Size",
    "Text", "Value", "children", "gathered", "inside", "is_constant", "keeping", "lenient", "presence", "text",
    "value_fields", "walk", "writes_in",
]  # fmt: skip
