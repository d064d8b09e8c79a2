"""Resources that are computed from the sizes of a job's files → JavaScript."""

from __future__ import annotations

import json

from sncompile.ir.graph.model import Family
from sncompile.ir.language.quantities import unit_factor
from sncompile.ir.values.model import Apply, Attempt, Choice, Const, Local, Size, Text, Value
from sncompile.ir.values.run_time import dynamic
from sncompile.targets.cwl.columns import Columns
from sncompile.targets.cwl.words import Words


class Unknown(Exception):
    """What CWL does not know; the message names it."""


_BARE = {"megabytes": 1e-6, "minutes": 1 / 60}
_SIGNS = {"+", "-", "*", "/", "<", "<=", ">", ">="}
_FUNCTIONS = {"min": "Math.min", "max": "Math.max", "ceil": "Math.ceil"}


def script_of(value: Value, family: Family, words: Words, columns: Columns, factor: float) -> str:
    """The expression for a resource in the unit of CWL, of which `factor` are one of ours. Raises `Unknown`."""
    written = _Script(family, words, columns).quantity(value)
    return f"$(Math.ceil({written} * {factor!r}))"


class _Script:
    def __init__(self, family: Family, words: Words, columns: Columns) -> None:
        self._family, self._words, self._columns = family, words, columns

    def quantity(self, value: Value) -> str:
        """A resource in our unit, rounded up to whole ones as everywhere."""
        if not isinstance(value, Apply) or value.function not in ("@megabytes", "@minutes"):
            return self._number(value)
        inner, kind = value.operands[0], value.function[1:]
        factor = _BARE[kind]
        if isinstance(inner, Text):
            inner, unit = inner.parts
            factor = unit_factor(str(unit.value) if isinstance(unit, Const) else "", kind) or 1
        return f"Math.ceil({self._number(inner)} * {factor!r} - 1e-9)"

    def _number(self, value: Value) -> str:
        match value:
            case Attempt():
                return "1"
            case Size():
                return self._size(value)
            case Local() if value.space in ("params", "resources"):
                bound = self._family.local(value.space, value.name)
                if dynamic(bound):
                    return self._number(bound)
            case Choice() if dynamic(value):
                test, then, other = map(self._number, (value.test, value.then, value.other))
                return f"({test} ? {then} : {other})"
            case Apply() if dynamic(value):
                return self._apply(value)
        found = self._words.column(value)
        if not all(isinstance(v, (int, float)) for v in found):
            raise Unknown(f"a value of the type {value.type}")
        if all(v == found[0] for v in found):
            return json.dumps(found[0])
        return f"inputs.{self._columns.column('number', 'double', found).name}"

    def _apply(self, value: Apply) -> str:
        operands = [self._number(o) for o in value.operands]
        if value.function in _FUNCTIONS and not any(o.type.many for o in value.operands):
            return f"{_FUNCTIONS[value.function]}({', '.join(operands)})"
        if value.function in _SIGNS and len(operands) == 1:
            return f"({value.function}{operands[0]})"
        if value.function in _SIGNS:
            return f"({f' {value.function} '.join(operands)})"
        if value.function == "//":
            return f"Math.floor({operands[0]} / {operands[1]})"
        if value.function == "%":
            return f"({operands[0]} - {operands[1]} * Math.floor({operands[0]} / {operands[1]}))"
        raise Unknown(f"`{value.function}`")

    def _size(self, value: Size) -> str:
        port = self._family.inputs[value.port]
        if port.base == "directory":
            raise Unknown(f"the size of a directory (`inputs.{value.port}`)")
        name = self._words.ports.get(value.port)
        if name is None:
            return "0"
        if port.many:
            return f"inputs.{name}.reduce(function (sum, file) {{ return sum + file.size; }}, 0)"
        return f"(inputs.{name} ? inputs.{name}.size : 0)"
