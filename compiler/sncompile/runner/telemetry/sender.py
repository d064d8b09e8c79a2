"""Starts the process that sends a run's telemetry, and tells what became of it."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import Any

from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults
from sncompile.runner.processes import MARK
from sncompile.runner.record import RunFolder, private, read_object, write_object
from sncompile.targets.snakemake.engine.surroundings import python
from sncompile.telemetry.destination import EXTRA, Destination, destination, installed, without_login
from sncompile.telemetry.tally import Sent

URL = "SNCOMPILE_TELEMETRY"
"""The variable that tells the process which address the user asked for."""

RECORD = "telemetry.json"

WAIT = 2.0
"""Seconds that whoever waits for a run waits for its telemetry at most, once the run has ended."""

_POLL = 0.05


def wanted(url: str | None) -> Destination | None:
    """Where a run's telemetry goes, if anywhere. Raises `CompileError` for a bad address, or where the extra is missing
    and the user asked for it in so many words."""
    try:
        found = destination(url, os.environ)
    except ValueError as wrong:
        raise CompileError([faults.NO_TELEMETRY.at(None, str(wrong))]) from None
    if found is None or installed():
        return found
    if url is None:
        return None
    help = f"pip install '{EXTRA}', or leave `--telemetry` out"
    raise CompileError([faults.NO_TELEMETRY.at(None, "what sends telemetry is not installed", help=help)])


def send(folder: RunFolder, where: Destination) -> None:
    """Start the process that sends a run's telemetry. That it cannot start is told in its log, and harms nobody."""
    environment = {k: v for k, v in os.environ.items() if k not in (MARK, URL)}
    environment |= {URL: where.url} if where.url is not None else {}
    with open(folder.path / "telemetry.log", "ab", opener=private) as log:
        try:
            process = subprocess.Popen(
                python("sncompile.runner.telemetry.child", str(folder.path)),
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        except OSError as failed:
            log.write(f"{failed}\n".encode())
            return
    threading.Thread(target=process.wait, daemon=True).start()


def write_counts(folder: RunFolder, where: Destination, counts: Mapping[str, Sent], state: str) -> None:
    """Write down what was made and what has arrived so far, if that has changed."""
    told = {
        "state": state,
        "destination": without_login(where.url) if where.url is not None else None,
        "protocols": dict(where.protocols),
        "signals": {name: {**sent._asdict(), "lost": sent.lost} for name, sent in counts.items()},
    }
    if read_object(folder.path / RECORD) != told:
        write_object(folder.path / RECORD, told)


def told(folder: RunFolder, wait: float = WAIT) -> str | None:
    """What there is to say of a run's telemetry, in a line; None where all has arrived, or none was sent.

    Waits so many seconds at most for the end of it.
    """
    if not (folder.path / "telemetry.log").exists():
        return None
    deadline = time.monotonic() + wait
    found = read_object(folder.path / RECORD)
    while found.get("state") != "ended" and time.monotonic() < deadline:
        time.sleep(_POLL)
        found = read_object(folder.path / RECORD)
    signals: dict[str, Any] = found.get("signals") or {}
    missing = [f"{counts['lost']:,} of {counts['made']:,} {name}" for name, counts in signals.items() if counts["lost"]]
    if found.get("state") == "ended":
        where = f" at {found['destination']}" if found.get("destination") else ""
        return f"telemetry: {' and '.join(missing)} did not arrive{where}" if missing else None
    more = f": {' and '.join(missing)} have not arrived yet" if missing else ""
    return f"telemetry is still being sent{more}; {RECORD} in the record will tell the end"
