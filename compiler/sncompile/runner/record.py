"""The run folder: everything that is needed to understand a run later."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sncompile import __version__
from sncompile.telemetry.redaction import Redaction

RECORD = "run.json"

GRACE = 10.0
"""Seconds that jobs get to end by themselves."""


class RunFolder:
    """A run's record.

    `run.json` says what was started and how it ended, `facts.json` what was to be done, `jobs.jsonl` which job writes
    which file, `promises.jsonl` what has to be there at the end, `orders.jsonl` which jobs the engine has to do,
    `room.json` in which order that fits on the disk, `events.jsonl` what happened. Beside them stand the
    engine's own log, `cancel.json` where somebody cancelled the run, and copies of the spec, the emitted files, the
    jobs' logs and measurements, and below `tries` the logs of tries that were followed by others.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = path / "events.jsonl"
        self.engine_log = path / "engine.log"
        self.facts = path / "facts.json"
        self.jobs = path / "jobs.jsonl"
        self.promises = path / "promises.jsonl"
        self.orders = path / "orders.jsonl"
        self.room = path / "room.json"
        self.cancellation = path / "cancel.json"
        self.source_map = path / "emitted" / "Snakefile.map.json"

    @staticmethod
    def create(working: Path, name: str) -> RunFolder:
        """A new folder `runs/NAME-TIME` below the working folder."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        parent = working / "runs"
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            path = parent / (f"{name}-{stamp}" if number == 1 else f"{name}-{stamp}-{number}")
            try:
                # What tools say is nobody else's.
                path.mkdir(mode=0o700)
                return RunFolder(path)
            except FileExistsError:
                number += 1

    def keep_sources(self, documents: Mapping[str, str], emitted: Path) -> dict[str, str]:
        """Copy the spec's documents and the emitted files; gives each document's name and where its copy stands."""
        names = [n for n in documents if not n.startswith("<")]
        shared = os.path.commonpath([os.path.abspath(n) for n in names]) if names else ""
        base = shared if os.path.isdir(shared) else os.path.dirname(shared)
        found = {}
        for number, (name, text) in enumerate(documents.items()):
            relative = os.path.relpath(os.path.abspath(name), base) if name in names else f"document-{number}.yaml"
            place = self.path / "spec" / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            place.chmod(PRIVATE)
            found[name] = f"spec/{relative}"
        shutil.copytree(emitted, self.path / "emitted", dirs_exist_ok=True, copy_function=_copy)
        return found

    def keep(self, working: Path, folder: str, files: Iterable[str]) -> None:
        """Keep files that the run's jobs wrote (`folder` is `logs` or `benchmarks`), before a later run takes them.

        Where the file system can, it is the same file under another name: a log may be large.
        """
        for name in files:
            source = working / name
            if source.is_file() and not os.path.isabs(name):
                place = self.kept(folder, name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                try:
                    os.link(source, place)
                except OSError:
                    _copy(str(source), str(place))

    def forget_jobs(self) -> None:
        """Delete what tells of single jobs and of how they are done, which nobody asks of a run that did nothing."""
        for path in (self.jobs, self.promises, self.orders, self.room):
            path.unlink(missing_ok=True)
        for place in (self.path / "emitted").iterdir() if (self.path / "emitted").is_dir() else ():
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place, ignore_errors=True)
            elif place != self.source_map:
                place.unlink(missing_ok=True)

    def kept_of_try(self, log: str, number: int) -> Path:
        """Where the log of a try stands that failed and was followed by another."""
        return self.path / "tries" / str(number) / log.removeprefix("logs/")

    def kept(self, folder: str, name: str) -> Path:
        """Where the copy of such a file stands, once the run has ended."""
        return self.path / folder / name.removeprefix(f"{folder}/")

    @property
    def secrets(self) -> list[str]:
        """The names of the variables that hold secrets."""
        found = read_object(self.source_map).get("secrets")
        return [str(name) for name in found] if isinstance(found, list) else []

    def redaction(self, environment: Mapping[str, str]) -> Redaction:
        """What takes the secrets out of what jobs have said, by the values that they have in an environment."""
        return Redaction.of(self.secrets, environment)

    def read(self) -> dict[str, Any]:
        """What `run.json` says; empty where there is none."""
        return read_object(self.path / RECORD)

    def write(self, content: Mapping[str, Any]) -> None:
        """Write `run.json`, all or nothing."""
        write_object(self.path / RECORD, content)

    def note_cancellation(self, grace: float = GRACE) -> None:
        """Note that somebody asked for the run's end, which the engine looks for; the first one counts.

        `grace` is how many seconds the jobs get to end by themselves before they are made to.
        """
        if not self.cancellation.exists():
            said = {"time": now(), "grace": grace, "host": os.uname().nodename, "pid": os.getpid()}
            write_object(self.cancellation, said)

    @property
    def cancelled_at(self) -> float | None:
        """When somebody asked for the run's end; None where nobody did."""
        when = read_object(self.cancellation).get("time")
        return float(when) if isinstance(when, (int, float)) else None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_object(path: Path, content: Mapping[str, Any], *, shared: bool = False) -> None:
    """Write a JSON object, all or nothing; for its owner alone unless it is `shared`."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with open(fresh, "w", encoding="utf-8", errors="replace", opener=None if shared else private) as file:
        file.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    fresh.replace(path)


PRIVATE = 0o600
"""The mode of what only its owner may read."""


def private(path: str, flags: int) -> int:
    """Opens a file for `open`; one that is new is its owner's alone."""
    return os.open(path, flags, PRIVATE)


def _copy(source: str, place: str) -> str:
    """Copy a file for its owner alone."""
    shutil.copy2(source, place)
    os.chmod(place, PRIVATE)
    return place


def read_record(folder: Path) -> dict[str, Any]:
    """What `run.json` of a run folder says; empty where there is none."""
    return read_object(folder / RECORD)


def versions() -> dict[str, str]:
    """The versions that a run depends on."""
    from importlib.metadata import version

    return {
        "sncompile": __version__,
        "snakemake": version("snakemake"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
    }


def now() -> float:
    """Seconds since 1970."""
    return time.time()
