"""Writes the rows of one unit of work of an index as an index of its own.

Reads with polars, which StarryNight's own image has, or else with DuckDB.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path


def cut_with_polars(index: str, wanted: dict[str, str], part: str) -> int:
    """Write the rows that hold the wanted values; gives how many there are."""
    import polars

    rows = polars.scan_parquet(index)
    for column, value in wanted.items():
        rows = rows.filter(polars.col(column) == value)
    found = rows.collect()
    found.write_parquet(part)
    return len(found)


def cut_with_duckdb(index: str, wanted: dict[str, str], part: str) -> int:
    """Write the rows that hold the wanted values; gives how many there are."""
    import duckdb

    tests = " AND ".join(f'"{column}" = ?' for column in wanted)
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE part AS SELECT * FROM read_parquet(?) WHERE {tests}", [index, *wanted.values()])
    place = part.replace("'", "''")
    connection.execute(f"COPY part TO '{place}' (FORMAT PARQUET)")
    found = connection.execute("SELECT count(*) FROM part").fetchone()
    return int(found[0]) if found else 0


def main() -> None:
    """Read the arguments and cut; an empty unit is an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True)
    parser.add_argument("--part", required=True)
    parser.add_argument("--unit", nargs="+", required=True)
    parser.add_argument("--columns", nargs="+", required=True)
    given = parser.parse_args()
    if len(given.unit) > len(given.columns):
        raise SystemExit(f"{len(given.unit)} values for the columns {', '.join(given.columns)}")
    wanted = dict(zip(given.columns, given.unit, strict=False))
    if any('"' in column for column in wanted):
        raise SystemExit("a column's name holds a quote")
    Path(given.part).parent.mkdir(parents=True, exist_ok=True)
    cut = cut_with_polars if importlib.util.find_spec("polars") else cut_with_duckdb
    if cut(given.index, wanted, given.part) == 0:
        raise SystemExit(f"the index has no rows of {wanted}")


if __name__ == "__main__":
    main()
