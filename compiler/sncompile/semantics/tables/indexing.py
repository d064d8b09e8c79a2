"""A folder of files → an index: a table with a row for every file, its columns read off the file's name.

Nothing is dropped silently: what fits no pattern, and what cannot be read, is listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.semantics.queries.databases import SAFE
from sncompile.semantics.queries.stored_columns import StoreError, quoted, text_sql
from sncompile.semantics.tables.globs import Match, Matcher, Part, PatternError, compile_pattern

SUFFIXES = {".parquet": "PARQUET", ".pq": "PARQUET", ".csv": "CSV", ".tsv": "CSV"}

_IMAGES = (
    "tif",
    "tiff",
    "nd2",
    "ndff",
    "png",
    "jpg",
    "jpeg",
    "czi",
    "lif",
    "bmp",
    "dcm",
    "zarr",
    "ome.tif",
    "ome.tiff",
)
_CHUNK = 50_000


class Walked(NamedTuple):
    """What a folder holds: the paths of its files below it, in order, and folders and links that cannot be followed."""

    files: list[str]
    unread: list[str]


class Indexed(NamedTuple):
    """An index in memory: the files that fit, by pattern how many, those that fit none, and ambiguous ones."""

    names: tuple[str, ...]
    rows: list[Match]
    counts: tuple[int, ...]
    unmatched: list[str]
    ambiguous: list[Match]


def patterns_of(texts: Sequence[str]) -> list[Matcher]:
    """The matchers of some patterns, which start at the folder. Raises `PatternError`."""
    found = []
    for text in texts:
        plain = text.removeprefix("./")
        if plain.startswith("/") or "/../" in f"/{plain}":
            raise PatternError(f"`{text}`: a pattern starts at the folder, and stays inside")
        try:
            pattern = compile_pattern([Part(plain, False)])
        except PatternError as error:
            raise PatternError(f"`{text}`: {error}") from None
        taken = [name for name in pattern.names if name in ("key", "path")]
        if taken:
            raise PatternError(f"`{text}`: `{taken[0]}` is a column of every index; name the part otherwise")
        found.append(Matcher(pattern))
    return found


def walk(folder: Path, tick: Callable[[int], None]) -> Walked:
    """The files below a folder, those behind links too; `tick` is told how many there are so far."""
    files: list[str] = []
    unread: list[str] = []
    pending: list[tuple[str, str, frozenset[tuple[int, int]]]] = [(str(folder), "", frozenset((_identity(folder),)))]
    while pending:
        here, relative, above = pending.pop()
        try:
            entries = list(os.scandir(here))
        except OSError as error:
            unread.append(f"{relative or '.'} ({error.strerror})")
            continue
        for entry in entries:
            name = relative + entry.name
            try:
                below = entry.is_dir()
                plain = below or entry.is_file()
                itself = _identity(entry.path) if below else None
            except OSError:
                below, plain, itself = False, False, None
            if not plain:
                unread.append(f"{name} (no plain file)")
            elif itself is None:
                files.append(name)
            elif itself in above:
                unread.append(f"{name} (a link to a folder that holds it)")
            else:
                pending.append((entry.path, f"{name}/", above | {itself}))
        tick(len(files))
    return Walked(sorted(files), sorted(unread))


def _identity(path: str | Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def index_files(files: Sequence[str], matchers: Sequence[Matcher], tick: Callable[[int], None]) -> Indexed:
    """Read every file's name by the first pattern that fits; `tick` is told how many were read so far."""
    rows: list[Match] = []
    unmatched: list[str] = []
    ambiguous: list[Match] = []
    counts = [0] * len(matchers)
    for number, path in enumerate(files):
        if number % 1000 == 0:
            tick(number)
        match = None
        for place, matcher in enumerate(matchers):
            match = matcher.match(path)
            if match is not None:
                counts[place] += 1
                break
        if match is None or not _is_text(path):
            unmatched.append(path)
            continue
        rows.append(match)
        if match.otherwise is not None:
            ambiguous.append(match)
    tick(len(files))
    names = tuple(dict.fromkeys(name for matcher in matchers for name in matcher.pattern.names))
    return Indexed(names, rows, tuple(counts), unmatched, ambiguous)


def _is_text(path: str) -> bool:
    """Whether a name is text at all: in a table there is no place for other bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_index(indexed: Indexed, folder: str, out: Path, split: Mapping[str, str]) -> None:
    """Write an index as Parquet, CSV or TSV, by its suffix; `split` says which columns are lists, and cut by what.

    Raises `StoreError` where it cannot be written.
    """
    import duckdb

    fresh = out.with_name(f".{out.name}.new-{os.getpid()}")
    try:
        with duckdb.connect(":memory:", config={**SAFE}) as connection:
            # It would be drawn on standard output, in the middle of what a command prints there.
            # In a notebook without ipywidgets there is no bar, and DuckDB refuses to hear of one.
            with suppress(duckdb.Error):
                connection.execute("SET enable_progress_bar = false")
            names = ("key", *indexed.names)
            declared = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
            connection.execute(f"CREATE TABLE files ({declared})")
            made = ", ".join(f"unnest(CAST(${n + 1} AS VARCHAR[]))" for n in range(len(names)))
            for part in _chunks(indexed):
                connection.execute(f"INSERT INTO files SELECT {made}", part)
            shown = ", ".join(_columns(indexed.names, folder, split))
            form = SUFFIXES[out.suffix.lower()]
            more = ", COMPRESSION zstd" if form == "PARQUET" else ", HEADER"
            more += ", DELIMITER '\t'" if out.suffix.lower() == ".tsv" else ""
            connection.execute(f"COPY (SELECT {shown} FROM files) TO {text_sql(str(fresh))} (FORMAT {form}{more})")
        fresh.replace(out)
    except (duckdb.Error, OSError) as error:
        raise StoreError(getattr(error, "strerror", None) or str(error).splitlines()[0]) from None
    finally:
        fresh.unlink(missing_ok=True)


def _chunks(indexed: Indexed) -> Iterator[list[list[Any]]]:
    for start in range(0, len(indexed.rows), _CHUNK):
        part = indexed.rows[start : start + _CHUNK]
        yield [[match.path for match in part], *([match.columns.get(name) for match in part] for name in indexed.names)]


def _columns(names: Sequence[str], folder: str, split: Mapping[str, str]) -> list[str]:
    """What is written: the columns that the patterns name, and then those that every index has."""
    found = []
    for name in names:
        column = f"nullif({quoted(name)}, '')"
        made = f"string_split({column}, {text_sql(split[name])})" if name in split else column
        found.append(f"{made} AS {quoted(name)}")
    place = "" if folder in ("", ".") else folder.rstrip("/") + "/"
    filename = "regexp_extract(key, '[^/]+$')"
    extension = f"nullif(regexp_extract({filename}, '[.]([^.]+)$', 1), '')"
    images = ", ".join(map(text_sql, _IMAGES))
    own = {
        "key": "key",
        "path": f"{text_sql(place)} || key",
        "filename": filename,
        "extension": extension,
        "is_image": f"coalesce(lower({extension}) IN ({images}), false)",
    }
    return found + [f"{sql} AS {quoted(name)}" for name, sql in own.items() if name not in names]
