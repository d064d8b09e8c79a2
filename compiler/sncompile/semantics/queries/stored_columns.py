"""Columns that DuckDB keeps, and that become Python's only when they are asked for.

An index of ten million rows has a dozen columns, of which a pipeline may range over two, and its queries over none.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sncompile.diagnostics import CompileError
from sncompile.faults.tables import BAD_TABLE, LARGE_QUERY
from sncompile.ir.keys.table import Cell
from sncompile.ir.language.scalars import number_of
from sncompile.ir.language.types import READ
from sncompile.lazy_regex import regex
from sncompile.semantics.queries.databases import Databases
from sncompile.semantics.queries.limits import DatabaseError, LimitError


class StoreError(ValueError):
    """DuckDB cannot give what it was asked for; `limit` says that it is too much, `help` what can be done."""

    def __init__(self, message: str, *, limit: bool = False, help: str | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        self.help = help


class StoredColumns(Mapping[str, Sequence[Cell]]):
    """The columns of one relation of DuckDB: their names are known, each one's cells are read when first asked for.

    `types` are DuckDB's, by column; `key` are the columns that are text whatever their type.
    """

    def __init__(self, types: Mapping[str, str], key: Sequence[str], size: int) -> None:
        self.types = types
        self.key = frozenset(key)
        self.size = size
        self._read: dict[str, Sequence[Cell]] = {}

    def __getitem__(self, name: str) -> Sequence[Cell]:
        if name not in self.types:
            raise KeyError(name)
        if name not in self._read:
            try:
                self._refuse_nul(name)
                rows = self.rows(f"SELECT {self._cells(name)} FROM {self.relation}")
            except StoreError as error:
                # It could be read a moment ago.
                hint = error.help or "leave the table's file as it is while it is read"
                fault = LARGE_QUERY if error.limit else BAD_TABLE
                raise CompileError([fault.at(None, f"the column `{name}`: {error}", help=hint)]) from None
            as_shown = self._is_as_shown(name)
            self._read[name] = [number_of(v) if as_shown and v is not None else v for (v,) in rows]
        return self._read[name]

    def _refuse_nul(self, name: str) -> None:
        """Raise `CompileError` for text that no argument, variable or file name can hold."""
        if element_type(self.types[name])[0] != "string":
            return
        shown = f"CAST({quoted(name)} AS VARCHAR)"
        if self.rows(f"SELECT 1 FROM {self.relation} WHERE contains({shown}, chr(0)) LIMIT 1"):
            hint = "leave it out: no argument, variable or file name can hold it"
            raise CompileError([BAD_TABLE.at(None, f"the column `{name}` holds the character NUL", help=hint)])

    def _cells(self, name: str) -> str:
        # A cell is single: a list is shown as a text.
        listed = element_type(self.types[name])[1]
        return column_sql(name, self.types[name], listed or name in self.key or self._is_as_shown(name))

    def _is_as_shown(self, name: str) -> bool:
        """Whether a column's numbers come as their texts: `1.50` of a decimal, and `1.1` of a short float."""
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.types)

    def __len__(self) -> int:
        return len(self.types)

    def __contains__(self, name: object) -> bool:
        return name in self.types

    @property
    @abstractmethod
    def relation(self) -> str:
        """What stands after `FROM` for these columns."""

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query of ours gives. Raises `StoreError`."""

    def tells_apart(self, key: Sequence[str]) -> bool:
        """Whether no cell of `key` is empty, and no two rows have the same; false of a key of no column."""
        if not key:
            return False
        shown = [column_sql(name, self.types[name], True) for name in key]
        empty = " OR ".join(f"{quoted(name)} IS NULL" for name in key)
        within = f"(SELECT {', '.join(shown)} FROM {self.relation})"
        if self.rows(f"SELECT 1 FROM {within} WHERE {empty} LIMIT 1"):
            return False
        names = ", ".join(map(quoted, key))
        return not self.rows(f"SELECT 1 FROM {within} GROUP BY {names} HAVING count(*) > 1 LIMIT 1")

    def is_plain(self, key: Sequence[str]) -> bool:
        """Whether no two values of a column of `key` look alike (as `look_alikes.folded` has it, or nearly)."""
        for name in key:
            bare = f"regexp_replace(replace({quoted(name)}, chr(160), ' '), '^\\s+|\\s+$', '', 'g')"
            within = f"(SELECT DISTINCT {quoted(name)} FROM {self.relation})"
            alike = f"SELECT 1 FROM {within} GROUP BY lower(nfc_normalize({bare})) HAVING count(*) > 1 LIMIT 1"
            if self.rows(alike):
                return False
        return True


class ParquetColumns(StoredColumns):
    """The columns of a Parquet file. Raises `StoreError` where it is none."""

    def __init__(self, path: Path, key: Sequence[str], databases: Databases) -> None:
        self.path = path
        self._database = databases.open()
        self._refuse_twins()
        described = self.rows(f"DESCRIBE SELECT * FROM {self.relation}")
        size = self.rows(f"SELECT count(*) FROM {self.relation}")[0][0]
        super().__init__({row[0]: row[1] for row in described}, key, size)

    def _refuse_twins(self) -> None:
        """Raise `StoreError` where two columns have one name, but for its case: DuckDB would call one of them `x_1`."""
        schema = self.rows(f"SELECT name, num_children FROM parquet_schema({text_sql(literal_path(self.path))})")
        seen: dict[str, str] = {}
        # How many parts of a column that holds others are still to come: `s` 2, `x` -, `y` 1, `element` -.
        within = 0
        for name, parts in schema[1:]:
            if within == 0 and name.lower() in seen:
                twin = seen[name.lower()]
                told = f"the column `{name}` is there twice" if name == twin else f"the columns `{twin}` and `{name}`"
                told += "" if name == twin else " differ by their case alone, which queries do not see"
                raise StoreError(told, help="rename one of them")
            if within == 0:
                seen[name.lower()] = name
            within = max(within - 1, 0) + (parts or 0)

    def _is_as_shown(self, name: str) -> bool:
        exact = _DECIMAL.fullmatch(self.types[name])
        return name not in self.key and (self.types[name] == "FLOAT" or (exact is not None and exact[1] != "0"))

    @property
    def relation(self) -> str:
        return f"read_parquet({text_sql(literal_path(self.path))})"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self._database.run(sql)
        except LimitError as error:
            raise StoreError(str(error), limit=True, help=error.help) from None
        except DatabaseError as error:
            raise StoreError(str(error).splitlines()[0]) from None


def literal_path(path: Path) -> str:
    """A file's name for DuckDB, which would take it for a pattern where it holds `*`, `?` or `[`."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def quoted(name: str) -> str:
    """A name as SQL's own.

    >>> quoted('a "b" c')
    '"a ""b"" c"'
    """
    return '"' + name.replace('"', '""') + '"'


def text_sql(text: str) -> str:
    """A text as SQL's own.

    >>> text_sql("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def column_sql(name: str, kind: str, key: bool) -> str:
    """A column as the language has it: numbers, booleans, and text, of which the empty one is absent. Keys are text."""
    column = quoted(name)
    made = f"nullif(CAST({column} AS VARCHAR), '')" if key else value_sql(column, kind)
    return f"{made} AS {column}"


def value_sql(value: str, kind: str) -> str:
    """A value of DuckDB's type `kind` as the language has it; a list stays a list.

    >>> value_sql("x", "DECIMAL(4,2)"), value_sql("x", "DATE[]")
    ('CAST(x AS DOUBLE)', 'CAST(x AS VARCHAR[])')
    """
    base, many = element_type(kind)
    if base in READ:
        exact = _DECIMAL.match(kind)
        wider = "" if exact is None else "HUGEINT" if exact[1] == "0" else "DOUBLE"
        return f"CAST({value} AS {wider}{'[]' if many else ''})" if wider else value
    return f"CAST({value} AS VARCHAR[])" if many else f"nullif(CAST({value} AS VARCHAR), '')"


_LIST = regex(r"\[\d*\]$")
_DECIMAL = regex(r"DECIMAL\(\d+,\s*(\d+)\)")
_INTEGERS = regex(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")


def element_type(kind: str) -> tuple[str, bool]:
    """The language's type for one of DuckDB's, and whether it is a list of that.

    >>> element_type("UBIGINT"), element_type("VARCHAR[]"), element_type("DATE")
    (('integer', False), ('string', True), ('string', False))
    """
    one = _LIST.sub("", kind)
    exact = _DECIMAL.fullmatch(one)
    if _INTEGERS.fullmatch(one) or (exact is not None and exact[1] == "0"):
        base = "integer"
    elif exact is not None or one in ("FLOAT", "DOUBLE"):
        base = "number"
    else:
        base = "boolean" if one == "BOOLEAN" else "string"
    return base, one != kind
