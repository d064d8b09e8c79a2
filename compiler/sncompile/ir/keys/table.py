"""Tables: columns of equal length with a key (decision 0001)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from sncompile.diagnostics import Span
from sncompile.ir.language.operands import to_text
from sncompile.ir.language.types import Type

if TYPE_CHECKING:
    from pathlib import Path

    from sncompile.ir.keys.late import LateSource


Cell = str | int | float | bool | None


class NoRows(dict[str, Sequence[Cell]]):
    """The columns of a table without rows of which only the key is known: whatever is asked for is there, and empty."""

    @classmethod
    def of(cls, key: Sequence[str]) -> NoRows:
        """Of a table with such a key."""
        return cls(dict.fromkeys(key, ()))

    def __missing__(self, name: str) -> Sequence[Cell]:
        return ()


class Table:
    """A table, as columns.

    `columns` maps a name to its cells, all of one length; key columns hold text only. Columns of a large table may be
    read when they are first asked for: then `size` says how many rows there are. `file`, `spans` and `lines` say where
    row `i` comes from, for messages. Tables are compared by identity and are never changed.
    """

    def __init__(
        self,
        name: str,
        key: tuple[str, ...],
        columns: Mapping[str, Sequence[Cell]],
        *,
        span: Span,
        spans: Sequence[Span] = (),
        lines: Sequence[int] | None = None,
        file: str | None = None,
        enumerated: str | None = None,
        size: int | None = None,
        queried: bool = False,
        text: bool = False,
        open_columns: bool = False,
        source: Path | None = None,
        reads: Mapping[str, Type] | None = None,
        files: Mapping[str, Type] | None = None,
        cell_at: Callable[[int, str], Span] | None = None,
        row_at: Callable[[int], Span] | None = None,
        late: LateSource | None = None,
    ) -> None:
        self.name = name
        self.key = key
        self.columns = columns
        self.span = span
        self.file = file
        self.enumerated = enumerated
        """The column whose files are known to exist, since the table was made by listing them (`glob`)."""
        self.queried = queried
        """Whether a query of the spec made it."""
        self.text = text
        """Whether its cells are text whatever they hold; of others the types are not known where there are no rows."""
        self.open_columns = open_columns
        """Whether it may have any column: it has no rows, and nothing but them would say which."""
        self.source = source
        """The file that it was read from."""
        self.reads = reads or {}
        """Columns that stand for numbers or booleans, as `rows` or a declaration has it: their cells are text."""
        self.files = files or {}
        """Columns that are declared to hold paths of files or directories, with their formats."""
        self.late = late
        """The step that writes its rows, where one does."""
        self._cell_at = cell_at
        self._row_at = row_at
        self._spans = spans
        self._lines = lines
        self._size = size
        self.own_keys: Any = None
        """The key set of its rows, once somebody has asked for it (`keys_of`)."""
        self._read: dict[str, Sequence[Cell]] = {}

    @property
    def awaited(self) -> bool:
        """Whether a step writes the rows, and has not yet: others stand in for them."""
        return self.late is not None and not self.late.known

    def __len__(self) -> int:
        return self._size if self._size is not None else len(next(iter(self.columns.values()), ()))

    def __repr__(self) -> str:
        return f"Table({self.name!r}, key={self.key}, rows={len(self)})"

    def cells(self, name: str, kind: Type) -> Sequence[Cell]:
        """A column as values of a type: what was written in the spec as the numbers or booleans that it stands for."""
        if name not in self.reads or kind.written or kind.textual:
            return self.columns[name]
        if name not in self._read:
            from sncompile.ir.language.written import converted

            self._read[name] = [converted(cell, self.reads[name].base) for cell in self.columns[name]]
        return self._read[name]

    def with_columns(
        self, columns: Mapping[str, Sequence[Cell]], reads: Mapping[str, Type], files: Mapping[str, Type]
    ) -> Table:
        """The same rows with other columns, before anybody has asked for any."""
        made = copy(self)
        made.columns, made.reads, made.files, made._read = columns, reads, files, {}
        return made

    def looks_as_read(self, name: str) -> bool:
        """Whether every cell of a column looks in text as what it stands for does: `2` does, `02` does not."""
        read = self.cells(name, self.reads[name]._replace(written=False))
        return all(
            cell is None or to_text(number) == cell for cell, number in zip(self.columns[name], read, strict=True)
        )

    def row_span(self, row: int) -> Span:
        """Where a row stands: a line of the file, a node of the spec, or the table's name."""
        if self._row_at is not None:
            return self._row_at(row)
        if row < len(self._spans):
            return self._spans[row]
        if self.file is not None:
            line = self._lines[row] if self._lines is not None else row + 2
            return Span(self.file, line, 1, line + 1, 1)
        return self.span

    def cell_span(self, row: int, column: str) -> Span:
        """Where a cell stands, or at least its row."""
        if self._cell_at is not None:
            return self._cell_at(row, column)
        return self.row_span(row)

    def describe(self, row: int) -> str:
        """A row by its key: `plate=P1, well=A01`."""
        return ", ".join(f"{name}={show(self.columns[name][row])}" for name in self.key)


def show(value: Any) -> str:
    """A cell for a message."""
    return "nothing" if value is None else str(value)
