"""Tables that a checkpoint writes, over the rows that stand in for those it will write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sncompile.ir.graph.edges import unknown_tables
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion
from sncompile.ir.keys.key_set import keys_of
from sncompile.ir.language.encoding import encode_key
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.reading_back.engine_values import Rows
from sncompile.targets.snakemake.reading_back.reading import Unreadable


def late_text(graph: Graph, expansion: Expansion, name: str, columns: Mapping[str, str]) -> str:
    """The rows of a table as the emitted file will have them, as tab-separated text; the last column is what they are
    read from. Raises `Unreadable` where the graph has no such table.
    """
    tables = {table.name: table for family in graph.families.values() for table in unknown_tables(family)}
    # A number is added where another table beside the file is called so.
    table = tables.get(name) or tables.get(name.rpartition("_")[0])
    if table is None or table.late is None:
        raise Unreadable(f"no step writes the table {name}")
    late = table.late
    makers = keys_of(table).related(late.instances)
    rows = [[*map(item_name, table.key), *columns, "@"]]
    for number in range(len(table)):
        (maker,) = makers[number]
        key = [encode_key(str(table.columns[name][number])) for name in table.key]
        cells = [str(table.columns[there][number]) for there in columns.values()]
        rows.append([*key, *cells, str(expansion.outputs(late.step, maker)[late.port])])
    return "".join("\t".join(row) + "\n" for row in rows)


def joined_rows(parts: Sequence[Rows], key: Sequence[str]) -> Rows:
    """The rows of several tables, put together as the header's class `JoinedTable` does."""
    rows: list[dict[str, str]] = [{}]
    for part in parts:
        found = [dict(zip(part.columns, cells, strict=True)) for cells in part.rows]
        rows = [row | more for row in rows for more in found if all(row.get(n, more[n]) == more[n] for n in part.key)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return Rows("".join("\t".join(line) + "\n" for line in [columns, *([*row.values()] for row in rows)]), key)
