"""Runs `starrynight cp` and says truly how it went.

    python3 cellprofiler.py [--unit CSV | --jobs N] [--channels PATTERN | --images PATTERN] [--least N]
        [--skips PATTERN] starrynight cp …

The tool does every CSV of a folder; with `--unit` it is shown that one alone. It ends well where CellProfiler could not
even load its pipeline, and never where CellProfiler failed, as the Java machine that it has started goes on: here both
are failures. Its own `--jobs` starts processes that never end; `--jobs` of this program starts so many of the tool, and
shows each a share of the CSVs. What was written is counted against what the load data names. Needs Python alone.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

FATAL = ("Failed to load pipeline", "Error while loading", "No work to be done")
"""What the tool says before it goes on, or ends well, with nothing done."""
TRACEBACK = "Traceback (most recent call last)"
IDLE = 0.05
"""So many seconds of CPU in a second are nothing: what a Java machine takes that has nothing to do."""


def main() -> None:
    """Run the command that stands behind the options, look at what it wrote, and end as it deserves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unit", help="the CSV of `-l` that is to be done alone")
    parser.add_argument("--jobs", type=int, default=1, help="how many of the tool run at once, each with some CSVs")
    parser.add_argument("--channels", help="files that there must be for each channel of the load data")
    parser.add_argument("--images", help="files that there must be for each image of the load data")
    parser.add_argument("--least", type=int, default=1, help="how many files a unit writes at least")
    parser.add_argument("--skips", help="columns of a unit's Image.csv by which its pipeline says that it left it out")
    parser.add_argument(
        "--grace", type=float, default=os.environ.get("STARRYNIGHT_GRACE", 60), help="seconds that it may idle"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = list(given.command)
    place = command.index("-l") + 1
    out = Path(command[command.index("-o") + 1])
    source = Path(command[place])
    units = [unit_file(source, given.unit)] if given.unit is not None else sorted(source.glob("**/*.csv"))
    with tempfile.TemporaryDirectory(prefix="starrynight-") as folder:
        tools = []
        for number, part in enumerate(shares(units, given.jobs)):
            command[place] = str(Path(folder, str(number)))
            os.mkdir(command[place])
            shown = [Path(shutil.copy(unit, command[place])) for unit in part]
            tools.append(Tool(tuple(command), partial(lacking, shown, out, given)))
        fault = run(tools, given.grace)
    if fault is not None:
        # Last of all, where whoever looks at the end of the log sees it.
        sys.exit(f"starrynight cp failed: {fault}")


def shares(units: Sequence[Path], jobs: int) -> list[Sequence[Path]]:
    """The CSVs dealt out to so many: one at least, which says itself that there is nothing to do."""
    count = max(1, min(jobs, len(units)))
    return [units[number::count] for number in range(count)]


def unit_file(folder: Path, name: str) -> Path:
    """The CSV of a unit. Exits with what is there, where it is not."""
    if (folder / name).is_file():
        return folder / name
    there = sorted(path.name for path in folder.glob("**/*.csv"))
    sys.exit(f"the load data has no `{name}`; there is {', '.join(there[:5]) or 'none at all'}")


# --- Running ----------------------------------------------------------------------------------------------------------


class Tool:
    """A tool at work in a session of its own, whose lines are shown. `missing` looks at what it should write."""

    def __init__(self, command: Sequence[str], missing: Callable[[], str | None]) -> None:
        self._missing = missing
        # Compiled plugins would lie beside the plugins, which are inputs: each run would find them changed by the last.
        variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self._heard = Heard()
        self._reader = threading.Thread(target=self._heard.listen, args=(self._process,), daemon=True)
        self._reader.start()
        self._idle, self._before, self._looked = 0.0, cpu_of(self._process.pid), time.monotonic()
        self._doomed = False
        self.fault: str | None = None

    def ended(self, grace: float) -> bool:
        """Wait for a second; whether it has ended by then, or was ended, as it idles and has failed, or done all."""
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            used, now = cpu_of(self._process.pid), time.monotonic()
            passed = now - self._looked
            self._idle = self._idle + passed if used - self._before < IDLE * passed else 0
            self._before, self._looked = used, now
            if self._heard.fatal is not None and self._doomed:
                # What it goes on with is thrown away. It has had a second to say why.
                self.end()
                self.fault = self._heard.cause()
                return True
            self._doomed = self._heard.fatal is not None
            if self._idle < grace or not (self._heard.failed or self._missing() is None):
                return False
            self.end()
            self.fault = f"{self._heard.cause()} (it did not end by itself)" if self._heard.failed else self._missing()
            return True
        self._reader.join(5)
        self.end()
        status = self._process.returncode
        bad = status or self._heard.fatal is not None
        self.fault = (self._heard.cause() or f"exit status {status}") if bad else self._missing()
        return True

    def end(self) -> None:
        """End it and all that it has started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(5)
            except (ProcessLookupError, PermissionError):
                break
            except subprocess.TimeoutExpired:
                continue
        self._reader.join(5)


def run(tools: Sequence[Tool], grace: float) -> str | None:
    """Wait for all tools; one that fails ends the others. Gives what went wrong, or None."""

    def stop(number: int, frame: object) -> None:
        for tool in tools:
            tool.end()
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    left = list(tools)
    while left:
        done = [tool for tool in left if tool.ended(grace)]
        left = [tool for tool in left if tool not in done]
        fault = next((tool.fault for tool in done if tool.fault is not None), None)
        if fault is not None:
            for tool in left:
                tool.end()
            return fault
    return None


class Heard:
    """What the tool has said, as far as it matters."""

    def __init__(self) -> None:
        self.failed = False
        self.fatal: str | None = None
        self._last = self._error = self._why = ""

    def listen(self, process: subprocess.Popen[bytes]) -> None:
        """Hand on each line, and look at it."""
        assert process.stdout is not None
        inside = False
        for raw in process.stdout:
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
            line = raw.decode("utf-8", "replace").rstrip()
            if any(sign in line for sign in FATAL):
                self.fatal = self.fatal or line.strip()
            if TRACEBACK in line:
                # What it only warns of, such as a module for a database that is not there, is no failure.
                inside = not self._last.startswith("WARNING:")
                self.failed = self.failed or inside
            elif inside and line and not line.startswith((" ", "\t")):
                # The first line that is not indented names the exception.
                self._error, inside = self._error or line, False
                self._why = self._why or (line if self.fatal is not None else "")
            if line.strip():
                self._last = line.strip()

    def cause(self) -> str:
        """The first thing that went wrong, else the last line."""
        if self.fatal is not None:
            return f"{self.fatal}: {self._why}" if self._why else self.fatal
        return self._error or self._last


def cpu_of(session: int) -> float:
    """Seconds of CPU that the processes of a session have used; 0 where the machine does not tell."""
    total = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


# --- Counting ---------------------------------------------------------------------------------------------------------


def lacking(loaddata: Sequence[Path], out: Path, given: argparse.Namespace) -> str | None:
    """What is not there of what the units should have written; None where all of it is."""
    for path in loaddata:
        folder = out / "-".join(path.name.split("#")[0].split("^"))
        files = [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
        if given.skips is not None and left_out(folder, given.skips):
            continue
        rows, channels = size_of(path)
        for pattern, wanted in wishes(given, rows, channels):
            found = [file for file in files if file.match(pattern)]
            if len(found) < wanted:
                return f"{folder} holds {len(found)} files `{pattern}`, and {path.name} promises {wanted}"
    return None


def left_out(folder: Path, flags: str) -> bool:
    """Whether the pipeline left out every image of a unit, as it does with blank ones: by a flag in its Image.csv."""
    place = folder / "Image.csv"
    if not place.is_file():
        return False
    with place.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return bool(rows) and all(
        any(value in ("1", "1.0") for name, value in row.items() if fnmatchcase(name or "", flags)) for row in rows
    )


def wishes(given: argparse.Namespace, rows: int, channels: int) -> Iterator[tuple[str, int]]:
    """Patterns of files, and how many of them a unit has at least."""
    if given.channels is not None:
        yield given.channels, channels
    if given.images is not None:
        yield given.images, rows * channels
    yield "*", given.least


def size_of(loaddata: Path) -> tuple[int, int]:
    """How many rows load data has, and columns of images as they were taken."""
    with loaddata.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        heads = next(reader, [])
        rows = sum(1 for _ in reader)
    return rows, sum(head.startswith("FileName_") and "Orig" in head for head in heads)


if __name__ == "__main__":
    main()
