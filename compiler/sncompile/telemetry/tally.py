"""Counts what was made and what arrived, so that it can be told what was lost, wherever it was."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Sent(NamedTuple):
    """Of a signal: how much was made, and how much of it a collector has taken."""

    made: int
    delivered: int

    @property
    def lost(self) -> int:
        """What has not arrived."""
        return max(0, self.made - self.delivered)


class Tally:
    """The counts of all signals. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, int] = {}
        self._delivered: dict[str, int] = {}

    def add_made(self, signal: str, count: int = 1) -> None:
        """So much more was made."""
        with self._lock:
            self._made[signal] = self._made.get(signal, 0) + count

    def add_delivered(self, signal: str, count: int) -> None:
        """So much more has arrived."""
        with self._lock:
            self._delivered[signal] = self._delivered.get(signal, 0) + count

    def all(self) -> dict[str, Sent]:
        """The counts so far, by signal."""
        with self._lock:
            return {name: Sent(made, self._delivered.get(name, 0)) for name, made in sorted(self._made.items())}


class CountedExporter:
    """An exporter of OpenTelemetry's, of any signal, that counts what a collector has taken.

    `size` says how much is in what `export` is given; `counts_made` has that counted as made, too, for signals that
    nobody else counts.
    """

    def __init__(
        self, exporter: Any, signal: str, tally: Tally, size: Callable[[Any], int], *, counts_made: bool = False
    ) -> None:
        self._exporter, self._signal, self._tally, self._size = exporter, signal, tally, size
        self._counts_made = counts_made

    def export(self, batch: Any, *arguments: Any, **settings: Any) -> Any:
        """As the exporter does. What raises has not arrived."""
        count = self._size(batch)
        if self._counts_made:
            self._tally.add_made(self._signal, count)
        result = self._exporter.export(batch, *arguments, **settings)
        # Each signal has its own enumeration of results, and all of them call it so.
        if getattr(result, "name", "") == "SUCCESS":
            self._tally.add_delivered(self._signal, count)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exporter, name)


def length(batch: Sequence[Any]) -> int:
    """The size of a batch of spans or of log records."""
    return len(batch)


def points(metrics: Any) -> int:
    """The number of data points in `opentelemetry.sdk.metrics.export.MetricsData`."""
    return sum(
        len(metric.data.data_points)
        for resource in metrics.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
