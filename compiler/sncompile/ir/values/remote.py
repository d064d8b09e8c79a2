"""Which ports of steps have URLs among their paths.

Nearly none have, and whether one may have is seen of the texts that its paths are made of: only then they are made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Protocol

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Bound, Cell, Const, Key, Local, Lookup, Output, Text, Value, children
from sncompile.lazy_regex import regex


class RemotePort(NamedTuple):
    """A port of a step: its space is `inputs` or `outputs`."""

    space: str
    name: str


class _Step(Bound, Protocol):
    """A step, or a family of the graph."""

    @property
    def inputs(self) -> Collection[str]: ...
    @property
    def outputs(self) -> Collection[str]: ...


class Remote:
    """Looks at the ports of some steps; each port, and each column of a table, once."""

    def __init__(self, steps: Mapping[str, _Step], evaluator: Evaluator) -> None:
        self._steps, self._evaluator = steps, evaluator
        self._columns: dict[tuple[Table, str], bool] = {}
        self._keys: dict[tuple[int, str], tuple[KeySet, bool]] = {}
        self._ports: dict[tuple[str, RemotePort], bool] = {}
        self._found: dict[str, frozenset[RemotePort]] = {}

    def ports(self, name: str) -> frozenset[RemotePort]:
        """The ports of a step of which some path is a URL."""
        if name not in self._found:
            step = self._steps[name]
            every = [RemotePort("inputs", port) for port in step.inputs]
            every += [RemotePort("outputs", port) for port in step.outputs]
            self._found[name] = frozenset(port for port in every if self._is_remote(name, step, port))
        return self._found[name]

    def port_may_be(self, name: str, port: RemotePort) -> bool:
        """Whether some path of a step's port can be a URL, as `may_be` has it."""
        known = self._ports.get((name, port))
        if known is None:
            self._ports[name, port] = known = False  # A ring of paths is told elsewhere.
            step = self._steps.get(name)
            if step is not None and port.name in getattr(step, port.space):
                known = self._ports[name, port] = self.may_be(step.local(*port), step)
        return known

    def _is_remote(self, name: str, step: _Step, port: RemotePort) -> bool:
        if not self.port_may_be(name, port):
            return False
        column = self._evaluator.column(step.local(*port), step.keys, step)
        try:
            return any(
                isinstance(path, str) and is_url(path)
                for found in column
                for path in (found if isinstance(found, tuple) else (found,))
            )
        except (ValueFault, AtRunTime):
            return False  # Told where values are looked at.

    def may_be(self, value: Value, step: Bound) -> bool:
        """Whether a value can be a URL: some text that it is made of has a colon. Most have none, and are not made."""
        if value.type.base in ("unknown", "null") or _begins_otherwise(value, step):
            return False
        for leaf in leaves(value, step):
            match leaf:
                case Const():
                    texts = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
                    if any(isinstance(text, str) and ":" in text for text in texts):
                        return True
                case Cell() | Lookup():
                    if self._has_colon(leaf.table, leaf.column):
                        return True
                case Key():
                    if self._key_has_colon(leaf.keys, leaf.name):
                        return True
                case Output():
                    if self.port_may_be(leaf.step, RemotePort("outputs", leaf.port)):
                        return True
                case _:
                    pass
        return False

    def _key_has_colon(self, keys: KeySet, name: str) -> bool:
        known = self._keys.get((id(keys), name))
        if known is None:
            known = self._keys[id(keys), name] = (keys, any(":" in cell for cell in keys.column(name)))
        return known[1]

    def _has_colon(self, table: Table, column: str) -> bool:
        if table.enumerated == column:
            return False  # Files that were found.
        if (table, column) not in self._columns:
            cells = table.columns[column]
            self._columns[table, column] = any(isinstance(cell, str) and ":" in cell for cell in cells)
        return self._columns[table, column]


_SCHEME = regex(r"[A-Za-z0-9+.-]*")


def _begins_otherwise(value: Value, step: Bound) -> bool:
    """Whether the text that a path begins with is none that a URL can begin with, as nearly all are.

    `results/align/` is none, whatever comes behind it; `s3` and `https:` could be.
    """
    while isinstance(value, (Text, Local)):
        if isinstance(value, Local):
            if value.space not in ("inputs", "outputs", "params"):
                return False
            value = step.local(value.space, value.name)
        elif value.parts:
            value = value.parts[0]
        else:
            return True
    if not isinstance(value, Const) or not isinstance(value.value, str):
        return False
    end = _SCHEME.match(value.value)
    return end is not None and end.end() < len(value.value) and value.value[end.end()] != ":"


def leaves(value: Value, step: Bound) -> Iterator[Value]:
    """What a value is made of, with what the names of the step's module stand for."""
    pending, seen = [value], set()
    while pending:
        here = pending.pop()
        if isinstance(here, Local):
            if (here.space, here.name) not in seen:
                seen.add((here.space, here.name))
                pending.append(step.local(here.space, here.name))
            continue
        yield here
        pending += reversed(children(here))
