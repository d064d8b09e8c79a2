"""Writes the rows of one unit of work of an index as an index of its own.

Reads with polars, which StarryNight's own image has, or else with DuckDB.

Decision 0021.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

SITE = ("batch_id", "plate_id", "well_id", "site_id")


def cut_with_polars(index: str, wanted: dict[str, str], part: str, both: bool) -> int:
    """Write the rows that hold the wanted values; gives how many there are."""
    import polars

    rows = polars.scan_parquet(index)
    for column, value in wanted.items():
        rows = rows.filter(polars.col(column) == value)
    if both:
        images = rows.filter(polars.col("is_image"))
        for sequencing in (True, False):
            sites = images.filter(polars.col("is_sbs_image") == sequencing).select(SITE).unique()
            rows = rows.join(sites, on=SITE, how="semi")
    # A part is the same, whatever else has come into the index.
    found = rows.sort("key").collect()
    found.write_parquet(part)
    return len(found)


def cut_with_duckdb(index: str, wanted: dict[str, str], part: str, both: bool) -> int:
    """Write the rows that hold the wanted values; gives how many there are."""
    import duckdb

    tests = " AND ".join(f'"{column}" = ?' for column in wanted)
    if both:
        has = "bool_or(is_image AND {} is_sbs_image) OVER (PARTITION BY batch_id, plate_id, well_id, site_id)"
        tests += f" QUALIFY {has.format('')} AND {has.format('NOT')}"
    tests += " ORDER BY key"
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
    parser.add_argument("--unit", required=True, help="the values of the first columns, with ^ between them")
    parser.add_argument("--columns", nargs="+", required=True)
    parser.add_argument("--both", action="store_true")
    given = parser.parse_args()
    values = given.unit.split("^")
    if len(values) > len(given.columns):
        raise SystemExit(f"{len(values)} values for the columns {', '.join(given.columns)}")
    wanted = dict(zip(given.columns, values, strict=False))
    if any('"' in column for column in wanted):
        raise SystemExit("a column's name holds a quote")
    Path(given.part).parent.mkdir(parents=True, exist_ok=True)
    cut = cut_with_polars if importlib.util.find_spec("polars") else cut_with_duckdb
    if cut(given.index, wanted, given.part, given.both) == 0:
        raise SystemExit(f"the index has no rows of {wanted}")


if __name__ == "__main__":
    main()
