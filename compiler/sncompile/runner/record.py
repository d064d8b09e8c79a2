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


class RunFolder:
    """A run's record: `run.json`, `events.jsonl`, `engine.log`, and copies of the spec, the emitted files and logs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = path / "events.jsonl"
        self.engine_log = path / "engine.log"

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
                path.mkdir()
                return RunFolder(path)
            except FileExistsError:
                number += 1

    def keep_sources(self, documents: Mapping[str, str], emitted: Path) -> None:
        """Copy the spec's documents and the emitted files."""
        names = list(documents)
        shared = os.path.commonpath([os.path.abspath(n) for n in names]) if names else ""
        base = shared if os.path.isdir(shared) else os.path.dirname(shared)
        for name, text in documents.items():
            relative = os.path.relpath(os.path.abspath(name), base) if not name.startswith("<") else "stdin.yaml"
            place = self.path / "spec" / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        shutil.copytree(emitted, self.path / "emitted", dirs_exist_ok=True)

    def keep_logs(self, working: Path, logs: Iterable[str]) -> None:
        """Copy the logs of the jobs that this run started."""
        for log in logs:
            source = working / log
            if source.is_file() and not os.path.isabs(log):
                place = self.path / "logs" / log.removeprefix("logs/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)

    def write(self, content: Mapping[str, Any]) -> None:
        """Write `run.json`, all or nothing."""
        fresh = self.path / ".run.json.new"
        fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.replace(self.path / "run.json")


def read_record(folder: Path) -> dict[str, Any]:
    """What `run.json` of a run folder says; empty where there is none."""
    try:
        found = json.loads((folder / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


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
