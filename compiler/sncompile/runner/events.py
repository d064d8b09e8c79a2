"""The events of a run: a file of JSON lines that grows while the engine works."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sncompile.runner.record import private

Event = dict[str, Any]


def tell(events: Path, **event: Any) -> None:
    """Append an event of our own, with its time."""
    with open(events, "a", encoding="utf-8", opener=private) as file:
        file.write(json.dumps({"time": time.time(), **event}) + "\n")


class EventReader:
    """Reads events as they come; a line that is not whole yet waits for the next call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def new(self) -> Iterator[Event]:
        """The events that have come since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # A line cut short by a crash.
            if isinstance(event, dict):
                yield event
