"""`inventory gen` and `index gen`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
from command_line import Call

_IMAGE = re.compile(
    r"(?P<dataset>[^/]+)/(?P<source>[^/]+)/(?P<batch>[^/]+)/images/(?P<plate>[^/]+)/"
    r"(?P<magnification>\d\d)X_(?:c(?P<cycle>\d+)_SBS-\d+[^/]*|CP_[^/]+)/"
    r"Well(?P<well>[A-Za-z0-9]+)_Point[A-Za-z0-9]+_(?P<site>\d+)_Channel(?P<channels>[^/]+)_Seq\d+\.ome\.tiff"
)
_INDEX = (
    "key VARCHAR, prefix VARCHAR, dataset_id VARCHAR, batch_id VARCHAR, plate_id VARCHAR, cycle_id VARCHAR, "
    "magnification VARCHAR, well_id VARCHAR, site_id VARCHAR, channel_dict VARCHAR[], filename VARCHAR, "
    "extension VARCHAR, is_sbs_image BOOLEAN, is_image BOOLEAN, is_dir BOOLEAN"
)


def write_parquet(columns: str, rows: list[tuple[object, ...]], path: Path) -> None:
    """Rows as a Parquet file."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE t ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
    place = str(path).replace("'", "''")
    connection.execute(f"COPY t TO '{place}' (FORMAT PARQUET)")


def inventory(call: Call) -> None:
    """A row for every file of the dataset, in parts and put together."""
    dataset, out = call.path("-d").resolve(), call.path("-o")
    rows = [
        (str(p.relative_to(dataset.parent)), p.name, p.suffix, str(dataset.parent))
        for p in sorted(dataset.rglob("*"))
        if p.is_file()
    ]
    shutil.rmtree(out / "inv", ignore_errors=True)
    (out / "inv").mkdir(parents=True)
    columns = "key VARCHAR, filename VARCHAR, extension VARCHAR, prefix VARCHAR"
    write_parquet(columns, rows, out / "inv" / "inventory_0_abcdefghij.parquet")
    write_parquet(columns, rows, out / "inventory.parquet")


def index(call: Call) -> None:
    """What the paths of the inventory say; what says nothing is left out."""
    found = duckdb.connect().execute("SELECT key, filename, prefix FROM read_parquet(?)", [str(call.path("-i"))])
    rows: list[tuple[object, ...]] = []
    for key, filename, prefix in found.fetchall():
        match = _IMAGE.fullmatch(key)
        if match is None:
            continue
        channels = [channel.strip() for channel in match["channels"].split(",")]
        rows.append(
            (key, prefix, match["dataset"], match["batch"], match["plate"], match["cycle"], match["magnification"],
             match["well"], match["site"], channels, filename, "tiff", match["cycle"] is not None, True, False)
        )  # fmt: skip
    out = call.path("-o")
    out.mkdir(parents=True, exist_ok=True)
    write_parquet(_INDEX, rows, out / "index.parquet")


TOOLS = {("inventory", "gen"): inventory, ("index", "gen"): index}
