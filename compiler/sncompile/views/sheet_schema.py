"""The JSON Schema of a table's rows, for who makes or checks sheets elsewhere."""

from __future__ import annotations

from typing import Any

from sncompile.ir.language.scalars import number_of
from sncompile.syntax.document import ColumnDoc, TableDoc

_FILES = {"file": "file-path", "directory": "directory-path"}


def sheet_schema(table: TableDoc) -> dict[str, Any]:
    """The schema of the list of a table's rows, each an object with a member for each filled cell."""
    keys = [name.name for name in table.key]
    properties: dict[str, Any] = {name: {"type": "string", "minLength": 1} for name in keys}
    for name, column in table.columns.items():
        properties[name] = _column(column) | ({"minLength": 1} if name in keys and _type(column) == "string" else {})
    needed = [*keys, *(name for name, column in table.columns.items() if column.required and name not in keys)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.name.name,
        **({"description": table.description} if table.description else {}),
        "type": "array",
        "items": {"type": "object", "properties": properties, "required": needed},
    }


def _type(column: ColumnDoc) -> str:
    return "string" if column.files or column.declared.base == "path" else column.declared.base


def _column(column: ColumnDoc) -> dict[str, Any]:
    declared, kind = column.declared, _type(column)
    default = None if column.default is None else column.default.name
    found = {
        "type": kind,
        "format": _FILES.get(column.files),
        "description": declared.description or None,
        "enum": list(declared.enum) or None,
        "minimum": declared.minimum,
        "maximum": declared.maximum,
        "pattern": None if declared.pattern is None else f"^(?:{declared.pattern.name})$",
        "default": default if default is None or kind == "string" else _plain(default, kind),
    }
    return {name: value for name, value in found.items() if value is not None}


def _plain(default: str, kind: str) -> Any:
    """A default as JSON has it; as it was written, where it is none of its kind, which a check tells."""
    try:
        return default.lower() == "true" if kind == "boolean" else number_of(default)
    except ValueError:
        return default
