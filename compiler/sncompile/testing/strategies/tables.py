"""Strategies for tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import strategies as st

from sncompile.testing.spec import Json, Plain, Row
from sncompile.testing.strategies.texts import PLAIN_KEYS, Draw, hostile, key_values, one_in, some, words
from sncompile.testing.strategies.world import TableShape, World

KEYS = ("plate", "well", "site", "cycle")
"""The names of keys in drawn specs."""


@st.composite
def rows(
    draw: Draw,
    columns: Mapping[str, st.SearchStrategy[Any]],
    key: str | Sequence[str],
    *,
    least: int = 1,
    most: int = 5,
) -> list[Row]:
    """The rows of a table: a strategy for the cells of each column, and the columns that tell rows apart.

    No two rows agree in the whole key, which is compared as text, as the compiler does.
    """
    names = [key] if isinstance(key, str) else list(key)

    def identity(row: Row) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in names)

    found: list[Row] = draw(
        st.lists(st.fixed_dictionaries(dict(columns)), min_size=least, max_size=most, unique_by=identity)
    )
    return found


def key_pool(draw: Draw, most: int = 3, values: st.SearchStrategy[str] = key_values) -> dict[str, list[str]]:
    """A few values for each of `KEYS`."""
    return {key: draw(st.lists(values, min_size=1, max_size=most, unique=True)) for key in KEYS}


def draw_table(draw: Draw, name: str, pool: Mapping[str, list[str]], world: World) -> Json:
    """A table over some of the keys, with columns `NAME_text`, `NAME_number` and `NAME_file`; it is put into `world`.

    Not every combination of keys has a row. A table is written inline, or is a file of the spec.
    """
    key = some(draw, list(KEYS), 1, 3)
    least = 0 if one_in(draw, 12) else 1
    rows_of_keys = some(draw, list(product(*(pool[k] for k in key))), least, world.sizes.rows if least else 0)
    extra = {f"{name}_text": "string", f"{name}_number": "number", f"{name}_file": "path"}
    others = [k for k in KEYS if k not in key]
    if len(others) > 0 and draw(st.booleans()):
        extra[draw(st.sampled_from(others))] = "string"
    as_file = bool(rows_of_keys) and draw(st.booleans())
    found: list[Row] = []
    for number, values in enumerate(rows_of_keys):
        row: dict[str, Any] = {}
        for k, value in zip(key, values, strict=True):
            plain = value in PLAIN_KEYS and not as_file and draw(st.booleans())
            row[k] = Plain(value) if plain else value
        for column, kind in extra.items():
            cell = _cell(draw, column, kind, name, number, pool, as_file)
            row[column] = str(cell) if as_file and cell is not None else cell
        found.append(row)
    world.tables.append(TableShape(name, key, extra, {k: [str(row[k]) for row in found] for k in key}))
    if as_file:
        ending = draw(st.sampled_from(["csv", "tsv"]))
        world.files[f"{name}.{ending}"] = found
        return {"key": key, "file": f"{name}.{ending}"}
    if len(key) == 1 and found and one_in(draw, 5):
        named = {str(row[key[0]]): {c: cell for c, cell in row.items() if c != key[0]} for row in found}
        world.maps[f"m_{name}"] = {"type": "map", "default": named}
        return {"key": key, "params": f"m_{name}"}
    return {"key": key, "rows": found}


def _cell(
    draw: Draw, column: str, kind: str, table: str, number: int, pool: Mapping[str, list[str]], as_file: bool
) -> Any:
    if column in KEYS:
        return draw(st.sampled_from(pool[column]))
    if kind == "number":
        return draw(st.one_of(st.integers(-5, 50), st.sampled_from([0.5, 1.25, -2.0, 1e-7])))
    if kind == "path":
        return f"in/{table}_{number}.tif"
    return draw(st.one_of(words, hostile(least=1), st.just("") if as_file else st.none()))
