"""Tables whose rows a step writes: what is known of them before that step has run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from sncompile.diagnostics import Span

if TYPE_CHECKING:
    from sncompile.ir.keys.key_set import KeySet


class LateSource(NamedTuple):
    """Where the rows of a table come from: the output `port` of the step `step`, one file or directory an instance.

    `instances` are those of the step; their keys come first in the table's key, `own` are the keys after them. With a
    `pattern`, a regular expression with a group for each key, the rows are the files in a directory, whose path is the
    column `path`; else they are those of a sheet, and `columns` has the declared ones with their types. `names` are all
    columns of a sheet without a header, in their order. `known` says that the rows were read. Until then stand-in rows
    are there in their place: see `docs/decisions`.
    """

    step: str
    port: str
    instances: KeySet
    own: tuple[str, ...]
    pattern: str
    columns: Mapping[str, str]
    known: bool
    span: Span
    names: tuple[str, ...] = ()
    comment: str = ""
    """How lines of a sheet begin that are passed over."""
    key_types: Mapping[str, str] = MappingProxyType({})
    """The types that are declared for keys, which are text all the same."""

    @property
    def types(self) -> Mapping[str, str]:
        """The types of all columns that are read, of keys only where one is declared."""
        return {**self.columns, **self.key_types}
