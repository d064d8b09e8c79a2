"""Runs `starrynight cp` and says truly how it went.

    python3 cellprofiler.py [--unit CSV] [--channels PATTERN | --images PATTERN] [--least N] starrynight cp …

The tool does every CSV of a folder; with `--unit` it is shown that one alone. It ends well where CellProfiler could not
even load its pipeline, and never where CellProfiler failed, or several processes were at work, as the Java machine that
it has started goes on. Here the first two are failures, and the last one is ended when all is there. What it wrote is
counted against what the load data names. Needs Python alone.
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
from collections.abc import Callable, Iterator, Sequence
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
    parser.add_argument("--channels", help="files that there must be for each channel of the load data")
    parser.add_argument("--images", help="files that there must be for each image of the load data")
    parser.add_argument("--least", type=int, default=1, help="how many files a unit writes at least")
    parser.add_argument(
        "--grace", type=float, default=os.environ.get("STARRYNIGHT_GRACE", 60), help="seconds that it may idle"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = list(given.command)
    place = command.index("-l") + 1
    with tempfile.TemporaryDirectory(prefix="starrynight-") as folder:
        if given.unit is not None:
            shutil.copy(unit_file(Path(command[place]), given.unit), folder)
            command[place] = folder
        loaddata = sorted(Path(command[place]).glob("**/*.csv"))
        out = Path(command[command.index("-o") + 1])
        fault = run(command, given.grace, lambda: lacking(loaddata, out, given)) or lacking(loaddata, out, given)
    if fault is not None:
        # Last of all, where whoever looks at the end of the log sees it.
        sys.exit(f"starrynight cp failed: {fault}")


def unit_file(folder: Path, name: str) -> Path:
    """The CSV of a unit. Exits with what is there, where it is not."""
    if (folder / name).is_file():
        return folder / name
    there = sorted(path.name for path in folder.glob("**/*.csv"))
    sys.exit(f"the load data has no `{name}`; there is {', '.join(there[:5]) or 'none at all'}")


# --- Running ----------------------------------------------------------------------------------------------------------


def run(command: Sequence[str], grace: float, missing: Callable[[], str | None]) -> str | None:
    """Run the tool in a session of its own, show what it says, and end it where it idles and has failed, or done all.

    `missing` looks at what it should write. Gives what went wrong, or None.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: (end(process), sys.exit(128 + number)))
    heard = Heard()
    reader = threading.Thread(target=heard.listen, args=(process,), daemon=True)
    reader.start()
    idle, before = 0.0, cpu_of(process.pid)
    while True:
        try:
            process.wait(1)
            break
        except subprocess.TimeoutExpired:
            now = cpu_of(process.pid)
            idle = idle + 1 if now - before < IDLE else 0
            before = now
            if idle >= grace and (heard.failed or missing() is None):
                end(process)
                reader.join(5)
                return f"{heard.cause()} (it did not end by itself)" if heard.failed else heard.fatal
    reader.join(5)
    end(process)
    if process.returncode:
        return heard.cause() or f"exit status {process.returncode}"
    return heard.fatal


class Heard:
    """What the tool has said, as far as it matters."""

    def __init__(self) -> None:
        self.failed = False
        self.fatal: str | None = None
        self._last = self._error = ""

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
                self.failed = inside = True
            elif inside and line and not line.startswith((" ", "\t")):
                # The first line that is not indented names the exception.
                self._error, inside = self._error or line, False
            if line.strip():
                self._last = line.strip()

    def cause(self) -> str:
        """The first thing that went wrong, else the last line."""
        return self.fatal or self._error or self._last


def end(process: subprocess.Popen[bytes]) -> None:
    """End the tool and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, PermissionError):
            return
        except subprocess.TimeoutExpired:
            continue


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
        rows, channels = size_of(path)
        for pattern, wanted in wishes(given, rows, channels):
            found = [file for file in files if file.match(pattern)]
            if len(found) < wanted:
                return f"{folder} holds {len(found)} files `{pattern}`, and {path.name} promises {wanted}"
    return None


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
