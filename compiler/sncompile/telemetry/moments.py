"""What telemetry is told of a run. Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Attribute = str | int | float | bool
"""What an attribute of a span may be."""


class Place(NamedTuple):
    """A place in the spec."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class RunBegun:
    """A run of a pipeline."""

    pipeline: str
    time: float
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class JobBegun:
    """A try of a job. `number` tells it from others that run; `ready` is when all that it needs was there."""

    number: int
    step: str
    time: float
    ready: float
    attempt: int
    key: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    place: Place | None = None

    @property
    def title(self) -> str:
        """Step and key: `growth light=sun, plant=2`."""
        return " ".join(filter(None, (self.step, ", ".join(f"{k}={v}" for k, v in self.key.items()))))


@dataclass(frozen=True, slots=True)
class JobEnded:
    """The end of a try. `state` is `done`, `failed` or `stopped`; `status` says in words how it failed.

    `output` are the logs that it wrote, each with its name and lines; a line has its number in the file.
    """

    number: int
    time: float
    state: str
    status: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    output: Iterator[Line] | tuple[Line, ...] = ()


class Line(NamedTuple):
    """A line of a log."""

    file: str
    number: int
    text: str


class Counts(NamedTuple):
    """How many jobs of a step are in each state."""

    waiting: int
    running: int
    done: int
    failed: int
    stopped: int
