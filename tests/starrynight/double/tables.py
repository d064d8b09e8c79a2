"""Indexes: what they hold, how they are read and written, and how they are cut into units of work."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb


class Image(NamedTuple):
    """A row of the index."""

    key: str
    prefix: str | None
    dataset_id: str | None
    batch_id: str | None
    plate_id: str | None
    cycle_id: str | None
    magnification: str | None
    well_id: str | None
    site_id: str | None
    channel_dict: list[str]
    filename: str
    extension: str | None
    is_sbs_image: bool
    is_image: bool
    is_dir: bool


COLUMNS = (
    "key VARCHAR, prefix VARCHAR, dataset_id VARCHAR, batch_id VARCHAR, plate_id VARCHAR, cycle_id VARCHAR, "
    "magnification VARCHAR, well_id VARCHAR, site_id VARCHAR, channel_dict VARCHAR[], filename VARCHAR, "
    "extension VARCHAR, is_sbs_image BOOLEAN, is_image BOOLEAN, is_dir BOOLEAN"
)
OUTPUT_COLUMNS = f"{COLUMNS}, file_type VARCHAR, channel_id VARCHAR"


class Output(NamedTuple):
    """A file that a later step is going to write."""

    name: str
    kind: str
    channel: str | None = None
    cycle: str | None = None
    key: str | None = None
    """Where it is below the folder; its name, where nothing else is said."""


def read(path: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    """The rows of a Parquet file."""
    if not path.exists():
        raise FileNotFoundError(f"No such file or directory (os error 2): {path.absolute()}")
    return duckdb.connect().execute(f"SELECT {columns} FROM read_parquet(?)", [str(path)]).fetchall()


def write(columns: str, rows: Sequence[tuple[Any, ...]], path: Path) -> None:
    """Rows as a Parquet file, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE t ({columns})")
    if rows:
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
    place = str(path).replace("'", "''")
    connection.execute(f"COPY t TO '{place}' (FORMAT PARQUET)")


def write_outputs(written: Sequence[tuple[dict[str, str], Sequence[Output]]], folder: Path, path: Path) -> None:
    """An index of what a later step is going to write into `folder`, by the rows of load data.

    The real one reads the load data again, as numbers where all that stands in a column are digits, and its own check
    of the index then refuses them as batch and plate.
    """
    prefix = str(folder.resolve())
    rows = []
    for one, files in written:
        numbers = [name for name in ("Metadata_Batch", "Metadata_Plate", "Metadata_Well") if one[name].isdigit()]
        if numbers:
            raise ValidationError(f"{len(numbers)} validation error{'s' * (len(numbers) > 1)} for OutputIndex")
        site = str(int(one["Metadata_Site"])) if one["Metadata_Site"].isdigit() else one["Metadata_Site"]
        for file in files:
            extension = file.name.rpartition(".")[2]
            image = extension == "tiff"
            rows.append(
                (file.key or file.name, prefix, None, one["Metadata_Batch"], one["Metadata_Plate"], file.cycle, None,
                 one["Metadata_Well"], site, [file.channel] if file.channel else None, file.name, extension,
                 image and file.cycle is not None, image, False, file.kind, file.channel)
            )  # fmt: skip
    write(OUTPUT_COLUMNS, rows, path)


def images_of(index: Path, *, sbs: bool) -> list[Image]:
    """The images of one assay."""
    names = ", ".join(Image._fields)
    rows = [Image(*row) for row in read(index, names)]
    return [row for row in rows if row.is_image and row.is_sbs_image == sbs]


CP = ("batch_id", "plate_id", "well_id", "site_id")
SBS = ("batch_id", "plate_id", "cycle_id", "well_id", "site_id")


def units(images: list[Image], columns: list[str], places: tuple[str, ...] = CP) -> dict[tuple[str, ...], list[Image]]:
    """The images of every unit of work.

    The units are told by `columns`, but the first value of each is looked for in the first of `places`, the second in
    the second and so on: other columns than those find nothing.
    """
    for column in columns:
        if column not in Image._fields:
            raise ColumnNotFoundError(f'unable to find column "{column}"; valid columns: {json.dumps(Image._fields)}')
    found: dict[tuple[str, ...], None] = {}
    for image in images:
        values = tuple(getattr(image, column) for column in columns)
        if None not in values:
            found[values] = None
    return {
        unit: [i for i in images if all(getattr(i, places[n]) == value for n, value in enumerate(unit))]
        for unit in found
    }


def channels_of(images: list[Image]) -> list[str]:
    """All channels, in the order of their appearance."""
    return list(dict.fromkeys(channel for image in images for channel in image.channel_dict))


def cycles_of(images: list[Image]) -> list[str]:
    """All cycles of sequencing; the real command has them in any order."""
    return sorted({image.cycle_id for image in images if image.cycle_id is not None})


class ColumnNotFoundError(Exception):
    """A column that an index does not have."""

    __module__ = "polars.exceptions"


class ValidationError(Exception):
    """A row of an index that is none."""

    __module__ = "pydantic_core._pydantic_core"
