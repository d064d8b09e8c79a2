"""Which names an expression sees, and what they stand for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from keyword import kwlist
from typing import NamedTuple, Protocol, runtime_checkable

from sncompile.diagnostics import Span
from sncompile.semantics.keys import KeySet, Rows
from sncompile.semantics.tables.table import Table
from sncompile.semantics.types import BOOLEAN, INTEGER, NULL, NUMBER, STRING, UNKNOWN, Type, unify
from sncompile.semantics.values import Cell, Choice, Const, Key, Local, Output, Related, Value, gathered, lenient

RESERVED = frozenset(("data", "params", "infer", "inputs", "outputs", "resources", "env", "attempt"))
"""Names that mean something in expressions already."""

UNREADABLE = frozenset((*kwlist, "true", "false", "null"))
"""Words that expressions cannot take for a name."""


UNIT = KeySet(Rows.unit(), ())
"""The instances of a step without keys: one."""


class Space(Protocol):
    """A name that is used with a member: `params.x`, `fields.path`, `calc.function`."""

    @property
    def title(self) -> str:
        """What it is, for messages."""

    def names(self) -> Iterable[str]:
        """Its members."""

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """The member's value as seen from the instances of `keys`."""


class Members(NamedTuple):
    """A space whose members are given values: `data`, and `params` and `inputs` of a pipeline."""

    title: str
    values: Mapping[str, Value]
    used: set[str]

    def names(self) -> Iterable[str]:
        return self.values

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        value = self.values.get(name)
        self.used.add(name)
        return value._replace(span=span) if isinstance(value, Const) else value


class LocalMembers(NamedTuple):
    """A space of a module, whose values depend on the step that uses the module."""

    title: str
    space: str
    types: Mapping[str, Type]
    used: set[str]

    def names(self) -> Iterable[str]:
        return self.types

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        kind = self.types.get(name)
        self.used.add(name)
        return None if kind is None else Local(self.space, name, kind, span)


@runtime_checkable
class Keyed(Protocol):
    """A space whose members belong to instances with keys: a step."""

    def key(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """A key as seen from the instances of `keys`."""

    def key_names(self) -> Iterable[str]:
        """The keys."""


class TableSpace(NamedTuple):
    """A table: its columns, as seen from a step."""

    table: Table
    used: set[str]

    @property
    def title(self) -> str:
        return f"the table `{self.table.name}`"

    def names(self) -> Iterable[str]:
        return self.table.columns

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        if name not in self.table.columns and not self.table.open_columns:
            return None
        self.used.add(self.table.name)
        kind = column_type(self.table, name)
        cell = Cell(self.table, name, kind, span)
        return see(cell, self.table.keys, keys, span)


class StepSpace(NamedTuple):
    """A step: its outputs, as seen from another step. A `gone` step's outputs are absent, a `broken` one's unknown.

    `inner` are the outputs of a pipeline that are what its own steps and tables have, as they are.
    """

    name: str
    keys: KeySet | None
    outputs: Mapping[str, Value]
    gone: bool
    broken: bool
    inner: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        return f"the step `{self.name}`"

    def names(self) -> Iterable[str]:
        return self.outputs

    def key_names(self) -> Iterable[str]:
        """Its keys."""
        return self.keys.by if self.keys is not None else ()

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        if self.broken:
            return Const(None, UNKNOWN, span)
        value = self.outputs.get(name)
        if value is None and self.keys is not None and name in self.keys.by:
            return self.key(name, keys, span)
        if value is None or self.keys is None:
            return None
        if self.gone or (isinstance(value, Const) and value.value is None):
            return Const(None, NULL, span)
        value = value._replace(span=span) if isinstance(value, Output) else value
        return see_through(value, self.keys, keys, span) if name in self.inner else see(value, self.keys, keys, span)

    def key(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """A key of the instances that feed those of `keys`, in the order of what they give."""
        if self.broken:
            return Const(None, UNKNOWN, span)
        if self.keys is None or name not in self.keys.by:
            return None
        if self.gone:
            return Const(None, NULL, span)
        return see(Key(self.keys, name, False, STRING, span), self.keys, keys, span)


def see_through(value: Value, outer: KeySet, target: KeySet, span: Span) -> Value:
    """An output of a pipeline that ranges over `outer`, as seen from `target`: by all keys that both have.

    The keys of the step inside count, and not only those of the pipeline around it:

        batch  sample      `lanes` by batch holds `align` by sample and has the output `bam: ${align.bam}`;
        1      S1          `call` by sample takes `${lanes.bam}`: of S1 that is one file, and not those of its batch.
        1      S2
    """
    if isinstance(value, Related) and value.target is outer:
        return see(value.value, value.source, target, span)
    if isinstance(value, Choice) and target.has_one(outer):
        then, other = (see_through(arm, outer, target, span) for arm in (value.then, value.other))
        kind = unify(then.type, other.type)
        if kind is not None:
            return Choice(see(value.test, outer, target, span), then, other, kind, span)
    return see(value, outer, target, span)


def see(value: Value, source: KeySet, target: KeySet, span: Span) -> Value:
    """`value` of the instances of `source`, as seen from those of `target`."""
    gathers = not target.has_one(source)
    kind = value.type
    if gathers:
        # What a pipeline does not make for some of its instances is absent among what is gathered from them.
        value = lenient(value)
        kind = gathered(value.type)
    return Related(value, source, target, kind, span)


def column_type(table: Table, name: str) -> Type:
    """The type of a column by its cells: text unless all are numbers or all are booleans.

    The cells of rows in the spec are text that may stand for these.
    """
    cells = table.columns[name]
    if not len(table) and not table.text and name not in table.key:
        return UNKNOWN
    kinds = {float if isinstance(cell, float) else type(cell) for cell in cells}
    optional = type(None) in kinds
    if name in table.reads and name not in table.key:
        return table.reads[name]._replace(optional=optional)
    kinds.discard(type(None))
    if kinds == {bool}:
        return BOOLEAN._replace(optional=optional)
    if kinds == {int}:
        return INTEGER._replace(optional=optional)
    if kinds and kinds <= {int, float}:
        return NUMBER._replace(optional=optional)
    return STRING._replace(optional=optional)


class Scope:
    """The names that expressions of one place see.

    `keys` are the instances that they are seen from (without any, no key is in scope). For messages: `elsewhere` are
    keys of tables that the place does not range over, `hidden` are steps that it comes too early for. `lost` are
    names of which nothing is known, since what declares them is at fault. `run_time` says whether `attempt` and sizes
    may be used.
    """

    def __init__(
        self,
        spaces: Mapping[str, Space],
        *,
        keys: KeySet | None = None,
        elsewhere: Mapping[str, str] | None = None,
        hidden: Collection[str] = (),
        lost: Collection[str] = (),
        run_time: bool = False,
    ) -> None:
        self.spaces = spaces
        self.keys = keys if keys is not None else UNIT
        self.elsewhere = elsewhere or {}
        self.hidden = hidden
        self.lost = lost
        self.run_time = run_time

    def key(self, name: str, span: Span) -> Value | None:
        """A key in scope; a lost name counts as one."""
        if name in self.keys.by:
            return Key(self.keys, name, False, STRING, span)
        return Const(None, UNKNOWN, span) if name in self.lost else None

    def names(self) -> list[str]:
        """Every name in scope."""
        return [*self.keys.by, *self.spaces]
