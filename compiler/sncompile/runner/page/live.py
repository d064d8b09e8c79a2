"""The page about a run as it changes: what is new of it, for everybody who looks at it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from sncompile.runner.events import Event
from sncompile.runner.page.links import Links
from sncompile.runner.page.served import Served
from sncompile.runner.report import RunPage
from sncompile.runner.watch import Watch

QUICK = 0.5
"""Seconds between two looks at a run."""

STILL = 5.0
"""Seconds after which times are told anew, though nothing has happened."""

_SHARE = 3
"""To make what is new takes this part of a core's time at most: one in so many."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The changing parts of the page and the data of its script, as they stood at a moment."""

    number: int
    parts: Mapping[str, str]
    data: str
    ended: bool


class LivePage:
    """The page, looked at by several at once; a run is read once for all of them."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._page = RunPage(watch, Links.served(watch.working), live=True)
        self._served = Served(watch)
        self._lock = Lock()
        self._now = Snapshot(0, {}, "", ended=False)
        self._made = self._next = 0.0

    def whole(self) -> str:
        """The page as it stands."""
        with self._lock:
            return self._page.whole(self._watch.look())

    def look(self) -> Snapshot:
        """How it stands; the same as before where nothing has changed."""
        with self._lock:
            begun, used = time.monotonic(), time.thread_time()
            if begun < self._next or self._now.ended:
                return self._now
            heard: list[Event] = []
            status = self._watch.look(heard.append)
            if heard or status.state.ended or begun - self._made >= STILL:
                data = json.dumps(self._page.data(status))
                parts = self._page.fragments(status)
                self._now = Snapshot(self._now.number + 1, parts, data, status.state.ended)
                self._made = begun
            self._next = begun + max(QUICK, _SHARE * (time.thread_time() - used))
            return self._now

    def served(self) -> Served:
        """The files that go with it, as the run stands."""
        return self._served
