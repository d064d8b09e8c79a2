"""Whether two values of two graphs are the same for every instance, told from their form alone.

No instance is looked at: constants, names and columns of tables are compared. Where this says no, the values may still
be equal for some instances, or all; where it says yes, they are for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from sncompile.ir.graph.model import Family
from sncompile.ir.keys.key_set import KeySet, Rows
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import Type
from sncompile.ir.values.model import Cell, Local, Lookup, Output, Related, Value, walk

_TEXT = {str, type(None)}


def same_plain(a: Any, b: Any) -> bool:
    """Whether two plain values are the same, and not only equal as `1`, `1.0` and `true` are to Python."""
    if a.__class__ is not b.__class__ or a != b:
        return False
    if isinstance(a, tuple):
        return all(map(same_plain, a, b))
    return not isinstance(a, float) or repr(a) == repr(b)


def same_column(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two columns hold the same plain values."""
    if a is b:
        return True
    if len(a) != len(b):
        return False
    if isinstance(a, list) and isinstance(b, list):
        if a != b:
            return False
        if set(map(type, a)) <= _TEXT:
            return True
    return all(map(same_plain, a, b))


def key_names(values: Iterable[Value], keys: Iterable[KeySet]) -> set[str]:
    """The names of all keys of the tables that some values and key sets use: columns that tables may join over."""
    tables: dict[int, Table] = {}
    for value in values:
        for leaf in walk(value):
            if isinstance(leaf, Related):
                tables |= {id(t): t for t in (*leaf.source.rows.tables, *leaf.target.rows.tables)}
    for set_ in keys:
        tables |= {id(t): t for t in set_.rows.tables}
    return {name for table in tables.values() for name in table.key}


class Likeness:
    """Compares values of an old and a new graph; `was` gives the old name of each step of the new that has one."""

    def __init__(self, was: Mapping[str, str], joining: set[str]) -> None:
        self._was = was
        self._joining = joining
        self._keys: dict[tuple[int, int], bool] = {}
        self._tables: dict[tuple[int, int], bool] = {}
        self._columns: dict[tuple[int, int, str], bool] = {}

    def values(self, old: Any, new: Any) -> bool:
        """Whether two values (or arguments, or parts of scripts) are alike.

        An output is like that of the same step, wherever that writes it; a name inside a module is like itself.
        """
        if old is new:
            return True
        if old.__class__ is not new.__class__:
            return False
        match old:
            case KeySet():
                return self.keys(old, new)
            case Type():
                return (old.many, old.optional) == (new.many, new.optional)
            case Output():
                return old.port == new.port and self._was.get(new.step) == old.step
            case Cell():
                return old.column == new.column and self._column(old.table, new.table, old.column)
            case Lookup():
                return self._lookups(old, new)
            case tuple():
                return self._tuples(old, new)
            case _:
                return same_plain(old, new)

    def _tuples(self, old: Any, new: Any) -> bool:
        if len(old) != len(new):
            return False
        names = getattr(old, "_fields", None)
        if names is None:
            return all(map(self.values, old, new))
        return all(self.values(getattr(old, n), getattr(new, n)) for n in names if n != "span")

    def _lookups(self, old: Lookup, new: Lookup) -> bool:
        columns = (old.column, *(name for name, _ in old.conditions))
        if columns != (new.column, *(name for name, _ in new.conditions)):
            return False
        return all(self._column(old.table, new.table, c) for c in columns) and self.values(
            old.conditions, new.conditions
        )

    def keys(self, old: KeySet, new: KeySet) -> bool:
        """Whether two key sets have the same instances in the same order, and relate to others in the same way."""
        known = (id(old), id(new))
        if known not in self._keys:
            plain = getattr(old, "link", None) is None and getattr(new, "link", None) is None
            self._keys[known] = plain and old.by == new.by and self._rows(old.rows, new.rows)
        return self._keys[known]

    def _rows(self, old: Rows, new: Rows) -> bool:
        if old.size != new.size or len(old.tables) != len(new.tables):
            return False
        if not all(map(self._table, old.tables, new.tables)):
            return False
        indexes = zip(old.index, new.index, strict=True)
        return all(a == b if a.__class__ is b.__class__ else list(a) == list(b) for a, b in indexes)

    def _table(self, old: Table, new: Table) -> bool:
        """Whether tables are alike as far as relations go: in their keys, and in what other tables may join over."""
        known = (id(old), id(new))
        if known not in self._tables:
            names, others = ([n for n in t.columns if n in self._joining] for t in (old, new))
            self._tables[known] = (
                old.key == new.key and names == others and all(self._column(old, new, name) for name in names)
            )
        return self._tables[known]

    def paths(self, old: Value, new: Value, families: tuple[Family, Family], moved: Set[str]) -> bool:
        """Whether two paths are alike, the names inside a module looked up in its family.

        `moved` are steps that write elsewhere: what is made from their paths is not alike.
        """
        if not self.values(old, new):
            return False
        for before, now in zip(walk(old), walk(new), strict=True):
            if isinstance(now, Output) and now.step in moved:
                return False
            if isinstance(before, Local) and isinstance(now, Local):
                there, here = (f.local(now.space, now.name) for f in families)
                if not self.paths(there, here, families, moved):
                    return False
        return True

    def _column(self, old: Table, new: Table, name: str) -> bool:
        known = (id(old), id(new), name)
        if known not in self._columns:
            self._columns[known] = (
                name in old.columns and name in new.columns and same_column(old.columns[name], new.columns[name])
            )
        return self._columns[known]
