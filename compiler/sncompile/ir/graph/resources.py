"""What a job may ask for. A resource is declared here; everybody who looks at all of them goes by this."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.language.types import INTEGER, NULL
from sncompile.ir.values.model import Const


class Unit(Enum):
    """How an amount is said, and what the IR has of it: the whole number of these, rounded up."""

    COUNT = "count"
    MEGABYTES = "megabytes"
    MINUTES = "minutes"


class Resource(NamedTuple):
    """A resource by its name in specs; `job` is what it is called where a job is told (`--emit jobs`).

    `least` is the smallest amount that makes sense, `usual` what a job has that says none; None is not known.
    """

    name: str
    job: str
    unit: Unit
    least: int = 0
    usual: int | None = None


RESOURCES = {
    each.name: each
    for each in (
        Resource("cpus", "cpus", Unit.COUNT, least=1, usual=1),
        Resource("memory", "memory_mb", Unit.MEGABYTES),
        Resource("disk", "disk_mb", Unit.MEGABYTES),
        Resource("time", "time_min", Unit.MINUTES),
        Resource("gpus", "gpus", Unit.COUNT, usual=0),
    )
}
"""All resources, by their names in specs."""


def unasked(name: str, span: Span) -> Const:
    """What a resource is where a step does not say it."""
    usual = RESOURCES[name].usual
    return Const(usual, NULL if usual is None else INTEGER, span)
