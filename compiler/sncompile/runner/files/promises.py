"""What a run has to have made before it may say `done`, and whether it is there.

That is every file that was asked for, whether it was made or said to be up to date, and all files of the jobs that ran.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

from sncompile.ir.language.locations import is_url
from sncompile.runner.files.run_files import RunFiles, Written
from sncompile.runner.record import private
from sncompile.targets.snakemake.shell_code import MADE

_POLL = 0.1


class Missing(NamedTuple):
    """A file that is not as it was promised, and how it is instead."""

    path: str
    how: str


def promised(files: RunFiles, targets: Iterable[str]) -> Iterator[Written]:
    """The files that a run is asked for, by the paths or marks that its engine knows them by."""
    known = {os.path.normpath(written.path): written for written in files.writes.values()}
    for target in targets:
        if target in files.by_mark:
            yield from files.by_mark[target]
        else:
            # What no job writes is an input that the pipeline hands on.
            yield known.get(os.path.normpath(target), Written(target, False, False))


def write_promises(path: Path, wanted: Iterable[Written], by_mark: Mapping[str, Collection[Written]]) -> None:
    """Write down what is asked for, and what the jobs write that their engine knows by a mark."""
    with open(path, "w", encoding="utf-8", errors="surrogateescape", opener=private) as file:
        for written in wanted:
            file.write(json.dumps([None, *astuple(written)]) + "\n")
        for mark, every in by_mark.items():
            for written in every:
                file.write(json.dumps([mark, *astuple(written)]) + "\n")


def read_promises(path: Path) -> tuple[list[Written], dict[str, list[Written]]]:
    """What `write_promises` wrote."""
    wanted: list[Written] = []
    by_mark: dict[str, list[Written]] = {}
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            mark, *told = json.loads(line)
            (wanted if mark is None else by_mark.setdefault(mark, [])).append(Written(*told))
    return wanted, by_mark


def missing(files: Iterable[Written], working: Path, patience: float) -> list[Missing]:
    """The files that are not there as they should be; a file system gets so many seconds to show them."""
    deadline = time.monotonic() + patience
    left = {os.path.join(str(working), f.path): f for f in files if not f.temp and not is_url(f.path)}
    while True:
        found = [(place, f, how) for place, f in left.items() if (how := _wrong(place, f)) is not None]
        if not found or time.monotonic() >= deadline:
            return [Missing(f.path, how) for _, f, how in found]
        left = {place: f for place, f, _ in found}
        time.sleep(_POLL)


def _wrong(place: str, file: Written) -> str | None:
    """How a file is other than it should be; None where it is right."""
    try:
        found = os.stat(place)
        if file.directory and stat.S_ISDIR(found.st_mode):
            return _lacks_files(place, file)
    except FileNotFoundError:
        return "a link to nothing" if os.path.islink(place) else "not there"
    except OSError as error:
        return error.strerror or "not to be seen"
    if file.directory:
        return "no directory"
    if not stat.S_ISREG(found.st_mode):
        return "a directory, and no file" if stat.S_ISDIR(found.st_mode) else "no plain file"
    return "empty" if file.non_empty and not found.st_size else None


def _lacks_files(place: str, folder: Written) -> str | None:
    """How a directory holds too little, if it does; what the engine keeps in it does not count. Raises `OSError`."""
    count = 0
    for _, _, files in os.walk(place) if folder.min_files else ():
        count += len(files) - files.count(MADE)
        if count >= folder.min_files:
            break
    if count >= folder.min_files:
        return None
    return f"a directory with {count} file{'' if count == 1 else 's'}, and not {folder.min_files}"
