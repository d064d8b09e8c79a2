"""Rows that stand in for those that are not known yet.

A step over such rows is typed and checked by the ordinary rules, over a few rows of our own. Nobody sees them but who
asks for the whole program (`Program.whole`): a target that prints it does so twice, over two kinds of rows that have
nothing in common, and what it prints must be the same. So nothing of them is in it, nor what follows from their number.

Decision 0075.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from sncompile.ir.keys.key_set import KeySet


class StandIns(Enum):
    """Which rows stand in: the two kinds differ in their number, their order and their texts."""

    ONE = ("one", 2, 0)
    OTHER = ("other", 3, 50)


def stand_in_rows(
    name: str, instances: KeySet, own: Mapping[str, str], columns: Mapping[str, str], kind: StandIns
) -> Mapping[tuple[str, ...], list[Mapping[str, str]]]:
    """Rows for each instance of a source. Some keys are in all of them, others in one alone, as with real rows.

    `own` are the keys of the table itself, and `columns` what else it has, each with its type.
    """
    word, count, start = kind.value
    found: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    serial = start
    for place, key in enumerate(instances.instances):
        numbers = [*range(count), count + place]
        if place % 2:
            numbers.reverse()
        rows: list[Mapping[str, str]] = []
        for number in numbers:
            serial += 1
            row = {key: _key(f"{word}-{name}-{key}", base, start, number) for key, base in own.items()}
            row |= {column: _cell(f"{word}-{name}-{column}", base, serial) for column, base in columns.items()}
            rows.append(row)
        found[key] = rows
    return found


def _key(word: str, base: str, start: int, number: int) -> str:
    """A key: text, which looks as its type does, where one is declared."""
    counted = 7_900_000 + 1_000 * start + number
    return {"integer": str(counted), "number": f"{counted}.25"}.get(base, f"{word}-{number}")


def _cell(word: str, base: str, serial: int) -> str:
    if base == "integer":
        return str(7_340_000 + serial)
    if base == "number":
        return f"{7_340_000 + serial}.25"
    if base == "boolean":
        return "true" if serial % 2 else "false"
    return f"{word}-{serial}"
