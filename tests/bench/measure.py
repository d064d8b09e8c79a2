"""Runs commands in turn, and counts what each cost.

CPU time is user and system time of the process and of all its children that it waited for; peak memory is that of the
largest single one of them. Both are the kernel's own count (`wait4`). Wall time is kept too, but means little where
others use the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True)
class Case:
    """One bar of a comparison: a command that is run in `folder`, for a graph of `jobs` jobs.

    `prepare` is called once, before the first run. `removed` are files and folders that are taken away before each run,
    so that every run does the same work. `written` is what came of it: its size is told. What `must` be measured is,
    however long it may take.
    """

    series: str
    jobs: int
    command: tuple[str, ...]
    folder: Path
    prepare: Callable[[], object] | None = None
    removed: tuple[Path, ...] = ()
    written: Path | None = None
    must: bool = False


@dataclass(slots=True)
class Found:
    """What the runs of a case cost, in the order of the runs: seconds of CPU and wall time, and MB at the peak.

    MB are of a million bytes; `written` too. `note` says why a case was not run, or that its numbers are estimates.
    """

    series: str
    jobs: int
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    written: float | None = None
    note: str = ""

    @property
    def measured(self) -> bool:
        """Whether there was a run, and nothing was estimated."""
        return bool(self.cpu) and not self.note

    @property
    def median_cpu(self) -> float:
        """Seconds."""
        return median(self.cpu)

    @property
    def median_wall(self) -> float:
        """Seconds."""
        return median(self.wall)

    @property
    def median_peak(self) -> float:
        """MB."""
        return median(self.peak)


class Failed(Exception):
    """A command of the bench failed: nothing can be said of what it cost."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Runs cases in a scratch folder, with an environment that is the same for all.

    A run that takes longer than `limit` seconds of wall time is ended.
    """

    scratch: Path
    limit: float
    tell: Callable[[str], None]

    def interleaved(self, cases: Sequence[Case], repeats: Sequence[int]) -> list[Found]:
        """What each case cost; the cases take turns, so that a slower minute of the machine hits all of them alike.

        `repeats` says how often each is run. Raises `Failed`.
        """
        found = [Found(case.series, case.jobs) for case in cases]
        for turn in range(max(repeats, default=0)):
            for case, wanted, into in zip(cases, repeats, found, strict=True):
                if turn < wanted and not into.note:
                    if turn == 0 and case.prepare is not None:
                        case.prepare()
                    self._run(case, into)
        for into in found:
            cost = f"{into.median_cpu:9.2f} s {into.median_peak:7.0f} MB" if into.cpu else into.note
            self.tell(f"  {into.series:<36} {into.jobs:>9,} jobs {cost}")
        return found

    def quietly(self, command: Sequence[str], folder: Path) -> None:
        """Run what only prepares, and is not counted. Raises `Failed`."""
        done = subprocess.run(command, cwd=folder, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(command)}\nin {folder}: code {done.returncode}\n{done.stderr[-2000:]}")

    def _run(self, case: Case, into: Found) -> None:
        for place in case.removed:
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        log = self.scratch / "last.log"
        self.scratch.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(self.limit), str(log), *case.command],
            cwd=case.folder, env=self._environment(), stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
        if told["code"] is None:
            into.note = f"ended after {self.limit:.0f} s"
            return
        if told["code"] != 0:
            end = log.read_text("utf-8", "replace")[-2000:]
            raise Failed(f"{' '.join(case.command)}\nin {case.folder}: code {told['code']}\n{end}")
        into.cpu.append(told["user"] + told["sys"])
        into.wall.append(told["wall"])
        into.peak.append(told["peak_kb"] * 1024 / 1e6)
        if case.written is not None:
            into.written = _size(case.written) / 1e6

    def _environment(self) -> Mapping[str, str]:
        """Nothing that a run leaves behind is found by the next one, but for compiled Python files.

        These are kept whatever the caller's environment says: that of an installed package has them.
        """
        home = self.scratch / "home"
        home.mkdir(parents=True, exist_ok=True)
        bin = str(Path(sys.executable).parent)
        others = ("SNAKEMAKE_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "NO_COLOR": "1", "PYTHONHASHSEED": "0"}
        return kept | own | {"PATH": f"{bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _size(place: Path) -> int:
    """The bytes of a file, or of all files below a folder."""
    if place.is_file():
        return place.stat().st_size
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
