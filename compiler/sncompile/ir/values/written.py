"""A value that was written in the spec, where text or what it stands for is wanted."""

from __future__ import annotations

from sncompile.ir.language.types import Type
from sncompile.ir.language.written import converted
from sncompile.ir.values.model import Apply, Cell, Const, Related, Value


def as_text(value: Value) -> Value:
    """A value where text is wanted: what was written, as it was."""
    if not value.type.written:
        return value
    found = value._replace(type=value.type.as_text)
    # The type of a cell says what its table gives.
    return found._replace(value=as_text(found.value)) if isinstance(found, Related) else found


def as_read(value: Value) -> Value:
    """A value where what it stands for is wanted: what was written becomes the number or boolean that it reads as."""
    if not value.type.written:
        return value
    kind = value.type._replace(written=False)
    if isinstance(value, Const):
        return Const(converted(value.value, kind.base), kind, value.span)
    cell = value.value if isinstance(value, Related) else None
    if isinstance(value, Related) and isinstance(cell, Cell) and cell.table.looks_as_read(cell.column):
        # It is a column of its table still, and needs none of its own where it is written out.
        return value._replace(value=cell._replace(type=cell.type._replace(written=False)), type=kind)
    return Apply(f"@{kind.base}", (value,), kind, value.span)


def fitted(value: Value, kind: Type) -> Value:
    """A value beside others whose common type is `kind`."""
    if not value.type.written or kind.written:
        return value
    return as_text(value) if kind.textual else as_read(value)
