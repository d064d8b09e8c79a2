"""Python values → values of a spec."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Protocol, runtime_checkable

from sncompile.ir.language.locations import given as given_path
from sncompile.ir.language.locations import is_url


@runtime_checkable
class DataRoots(Protocol):
    """An object that knows where data lies, such as a configuration."""

    def data_roots(self) -> Mapping[str, str | os.PathLike[str]]:
        """Data root → path."""


Data = Mapping[str, Any] | DataRoots | None
"""What `data=` takes: a mapping of data roots to paths, or an object that has one."""


def literal(text: object) -> str:
    """A text as it stands: no `${…}` in it is an expression.

    >>> literal("cost: ${5}")
    'cost: $${5}'
    """
    return str(text).replace("${", "$${")


def plain(value: Any) -> Any:
    """A Python value as YAML has it: paths are absolute and literal, numpy's numbers numbers, tables lists of rows."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, PurePath):
        return literal(given_path(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        return plain(value.to_dict("records"))  # A table of pandas.
    if hasattr(value, "columns") and hasattr(value, "to_dicts"):
        return plain(value.to_dicts())  # A table of polars.
    if isinstance(value, (list, tuple, set, frozenset, range)):
        items = [plain(item) for item in value]
        return sorted(items) if isinstance(value, (set, frozenset)) else items
    if hasattr(value, "tolist"):
        return plain(value.tolist())  # A number or an array of numpy.
    return str(value)


def given(value: Any) -> Any:
    """A Python value as an option takes it: as `plain`, but a path is only a path there."""
    if isinstance(value, PurePath):
        return given_path(value)
    if isinstance(value, (list, tuple)):
        return [given(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): given(item) for key, item in value.items()}
    return plain(value)


def roots(data: Data) -> dict[str, str]:
    """Data root → path as text."""
    if data is None:
        return {}
    found = data.data_roots() if isinstance(data, DataRoots) else data
    return {str(name): _root(path) for name, path in found.items()}


def _root(path: object) -> str:
    return given_path(path) if isinstance(path, PurePath) and is_url(str(path)) else str(path)
