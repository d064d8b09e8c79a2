"""The process that sends telemetry: it follows a run's events, as anybody may, and the run knows nothing of it.

Run as `python -m sncompile.runner.telemetry.child RUN-FOLDER`. A collector that is slow, down or broken can so do no
harm. What was made and what arrived is written to `telemetry.json`.

Decision 0035.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

from sncompile.runner.record import RunFolder
from sncompile.runner.telemetry.feed import Feed
from sncompile.runner.telemetry.sender import URL, write_counts
from sncompile.runner.watch import Watch
from sncompile.telemetry.destination import Destination, destination
from sncompile.telemetry.redaction import Redaction
from sncompile.telemetry.sending import Sending, open_sending
from sncompile.telemetry.signals import Signals

POLL = 0.2
"""Seconds between two looks at the run."""

PATIENCE = 30.0
"""Seconds that a collector gets for what still waits when the run has ended."""


def follow(folder: RunFolder, sending: Sending, where: Destination) -> None:
    """Send what happens in a run, until its end."""
    watch = Watch(folder.path)
    # What leaves the machine holds none, however short: better a text in tatters.
    redact = Redaction.of(folder.secrets, os.environ, shortest=1)
    parent = {k.lower(): os.environ[k] for k in ("TRACEPARENT", "TRACESTATE") if k in os.environ}
    feed = Feed(Signals(sending, redact, parent), watch)
    ended = False
    while not ended:
        # One event at a time: a try that failed must be told before the next one takes its place.
        status = watch.look(feed.take)
        ended = status.state.ended
        feed.settle()
        if not ended:
            write_counts(folder, where, sending.tally.all(), "following")
            time.sleep(POLL)
    feed.end(status)


def main(path: str) -> None:
    """Follow the run in a folder and send what happens in it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    folder = RunFolder(Path(path))
    where = destination(os.environ.get(URL) or None, os.environ)
    if where is None:
        return
    sending = open_sending(where, {"host.name": os.uname().nodename})
    follow(folder, sending, where)
    write_counts(folder, where, sending.tally.all(), "sending")
    sending.flush(PATIENCE)
    write_counts(folder, where, sending.tally.all(), "ended")
    # Threads that still try to reach a collector are not waited for.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
