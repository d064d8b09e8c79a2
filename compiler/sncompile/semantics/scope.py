"""Which names an expression sees, and what they stand for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from keyword import kwlist
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

from sncompile.diagnostics import Span
from sncompile.ir.keys.key_set import KeySet, keys_of
from sncompile.ir.keys.table import Cell as TableCell
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import BOOLEAN, INTEGER, NULL, NUMBER, STRING, UNKNOWN, Type
from sncompile.ir.values.model import Cell, Const, Content, Key, Local, Made, Output, Related, Value
from sncompile.ir.values.relating import UNIT, see, see_through
from sncompile.syntax.document import Named

RESERVED = frozenset(("data", "params", "infer", "inputs", "outputs", "resources", "env", "attempt"))
"""Names that mean something in expressions already."""

UNREADABLE = frozenset((*kwlist, "true", "false", "null"))
"""Words that expressions cannot take for a name."""


class MapCell(NamedTuple):
    """A cell of a map: its text, the type that it reads as, and where it stands."""

    text: TableCell
    type: Type
    span: Span


class MapRows(NamedTuple):
    """What a parameter holds that is a map: a key with its cells for each row. Of one that is lost, it is not known."""

    rows: tuple[tuple[Named, Mapping[str, MapCell]], ...]
    lost: bool = False


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
    """A space whose members are given values: `data`, and `params` and `inputs` of a pipeline.

    `maps` are parameters that are tables, and so no values.
    """

    title: str
    values: Mapping[str, Value]
    used: set[str]
    maps: Mapping[str, MapRows] = MappingProxyType({})

    def names(self) -> Iterable[str]:
        return (*self.values, *self.maps) if self.maps else self.values

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


class Group(NamedTuple):
    """A group of the parameters of `space`, whose names begin with the group's: `params.ref` has `ref.species`."""

    space: Space
    name: str

    @property
    def title(self) -> str:
        return f"the group `{self.name}`"

    def names(self) -> Iterable[str]:
        start = f"{self.name}."
        return [name.removeprefix(start) for name in self.space.names() if name.startswith(start)]

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        return self.space.get(f"{self.name}.{name}", keys, span)

    def group(self, name: str) -> Group | None:
        """A group inside of this one."""
        return group_in(self.space, f"{self.name}.{name}")


def map_in(space: Space, name: str) -> MapRows | None:
    """The map of a space that is called so, if there is one."""
    if isinstance(space, Group):
        return map_in(space.space, f"{space.name}.{name}")
    if not isinstance(space, Members) or name not in space.maps:
        return None
    space.used.add(name)
    return space.maps[name]


def is_group(names: Iterable[str], name: str) -> bool:
    """Whether some of the names are those of a group's members."""
    return any(other.startswith(f"{name}.") for other in names)


def group_in(space: Space, name: str) -> Group | None:
    """The group of a space that is called so, if there is one; steps and tables have none."""
    if isinstance(space, Group):
        return space.group(name)
    grouped = isinstance(space, (Members, LocalMembers)) and is_group(space.names(), name)
    return Group(space, name) if grouped else None


@runtime_checkable
class Keyed(Protocol):
    """A space whose members belong to instances with keys: a step."""

    def key(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """A key as seen from the instances of `keys`."""

    def key_names(self) -> Iterable[str]:
        """The keys."""

    def home(self, name: str, span: Span) -> tuple[Value, KeySet] | None:
        """A member at the instances that it belongs to, with these; None where there is none of that name."""


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
        value = see(cell, keys_of(self.table), keys, span)
        late = self.table.late
        if late is None or name not in self.table.files:
            return value
        # The path is the table's; the file is there since the step has run.
        made = see(Output(late.step, late.port, kind, span), late.instances, keys_of(self.table), span)
        return Made(value, (see(made, keys_of(self.table), keys, span),), value.type, span)

    def home(self, name: str, span: Span) -> tuple[Value, KeySet] | None:
        """A column with the table's own rows."""
        if name not in self.table.columns and not self.table.open_columns:
            return None
        return Cell(self.table, name, column_type(self.table, name), span), keys_of(self.table)


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
        if isinstance(value, Content):
            # What is seen are the files; their contents are what stands in those.
            found = self._seen(name, value.files, self.keys, keys, span)
            return Content(found, value.type._replace(many=found.type.many), span)
        return self._seen(name, value, self.keys, keys, span)

    def _seen(self, name: str, value: Value, own: KeySet, keys: KeySet, span: Span) -> Value:
        value = Output(value.step, value.port, value.type, span) if isinstance(value, Output) else value
        return see_through(value, own, keys, span) if name in self.inner else see(value, own, keys, span)

    def home(self, name: str, span: Span) -> tuple[Value, KeySet] | None:
        """An output or key with the instances whose it is: those of the step itself, or of one inside of it."""
        if self.broken:
            return Const(None, UNKNOWN, span), UNIT
        value = self.outputs.get(name)
        if self.keys is None or (value is None and name not in self.keys.by):
            return None
        if self.gone or (isinstance(value, Const) and value.value is None):
            return Const(None, NULL, span), UNIT
        if value is None:
            return Key(self.keys, name, False, STRING, span), self.keys
        if name in self.inner and isinstance(value, Related) and value.target is self.keys:
            return _here(value.value, span), value.source
        return _here(value, span), self.keys

    def key(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """A key of the instances that feed those of `keys`, in the order of what they give."""
        if self.broken:
            return Const(None, UNKNOWN, span)
        if self.keys is None or name not in self.keys.by:
            return None
        if self.gone:
            return Const(None, NULL, span)
        table = self.keys.whole_table
        if table is not None:
            # The instances are its rows, and its column says the same in the words of the spec.
            return see(Cell(table, name, column_type(table, name), span), keys_of(table), keys, span)
        return see(Key(self.keys, name, False, STRING, span), self.keys, keys, span)


def _here(value: Value, span: Span) -> Value:
    """An output as it is named here; any other value as it is."""
    return Output(value.step, value.port, value.type, span) if isinstance(value, Output) else value


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
    if name in table.files and name not in table.key:
        return table.files[name]._replace(optional=optional)
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
    names of which nothing is known, since what declares them is at fault, `late` tables that are known once a step has
    run, where that is too late, `lets` the names of `let`. `run_time` says whether `attempt` and sizes may be used.
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
        late: Collection[str] = (),
        lets: Collection[str] = (),
    ) -> None:
        self.spaces = spaces
        self.keys = keys if keys is not None else UNIT
        self.elsewhere = elsewhere or {}
        self.hidden = hidden
        self.lost = lost
        self.run_time = run_time
        self.late = late
        self.lets = lets

    def key(self, name: str, span: Span) -> Value | None:
        """A key in scope; a lost name counts as one."""
        if name in self.keys.by:
            return Key(self.keys, name, False, STRING, span)
        return Const(None, UNKNOWN, span) if name in self.lost else None

    def names(self) -> list[str]:
        """Every name in scope."""
        return [*self.keys.by, *self.spaces]
