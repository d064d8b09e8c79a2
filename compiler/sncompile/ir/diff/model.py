"""What comparing two graphs finds: steps with their reasons first, and single jobs where somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.values.model import Plain


class Kind(StrEnum):
    """What of a job differs."""

    MODULE = "module"
    """The module is another one, or the contents of a file that belongs to it differ."""
    COMMAND = "command"
    PARAMETER = "parameter"
    INPUT = "input"
    CONTAINER = "container"
    CONDA = "conda"
    ENVIRONMENT = "environment"
    OUTPUT = "output"
    """The path that is written."""
    RESOURCE = "resource"
    """A reason only where the command takes it; else a setting."""
    RETRIES = "retries"
    SUCCESS = "success"
    ORDER = "order"
    LOCAL = "local"
    BATCH = "batch"
    NETWORK = "network"
    """Whether a container may use the network."""
    KEEPING = "keeping"
    """Whether an output is temporary or protected."""
    CREATE = "create"
    """Whether a directory is made before the command runs."""
    PORT = "port"
    """What kind of files a port takes or gives."""
    DECLARED = "declared"
    """Anything else that is declared of a family (`ir/fields.py`)."""


class Reason(NamedTuple):
    """What differs in `jobs` jobs of a step: `old` and `new` are what the job `example` had and has.

    `uniform`: all the jobs had and have the same. `was_there`, `is_there`: whether the module had, has such a thing at
    all; `old`, `new` are None where not, and where it is absent. `span` is where it stands now.
    """

    kind: Kind
    name: str
    old: Plain
    new: Plain
    jobs: int
    uniform: bool
    example: str
    was_there: bool
    is_there: bool
    span: Span

    def as_object(self) -> dict[str, Any]:
        """The JSON form. Of long lists it has what remains without the items that they begin and end with in common."""
        old, new, at = _shortened(self.old, self.new)
        return {
            "kind": self.kind.value,
            "name": self.name,
            "old": old,
            "new": new,
            "at": at,
            "jobs": self.jobs,
            "uniform": self.uniform,
            "example": self.example,
            "file": self.span.file,
            "line": self.span.line,
        }


MANY = 20


def _shortened(old: Plain, new: Plain) -> tuple[Plain, Plain, int | None]:
    """Two long lists without their common start and end, and how long the start is."""
    if not isinstance(old, tuple) or not isinstance(new, tuple) or max(len(old), len(new)) <= MANY:
        return old, new, None
    start, end = common(old, new)
    return old[start : len(old) - end], new[start : len(new) - end], start


def common(old: tuple[Plain, ...], new: tuple[Plain, ...]) -> tuple[int, int]:
    """How many items two lists begin with in common, and how many of the rest they end with."""
    least = min(len(old), len(new))
    start = next((n for n in range(least) if old[n] != new[n]), least)
    end = next((n for n in range(least - start) if old[-1 - n] != new[-1 - n]), least - start)
    return start, end


class State(StrEnum):
    """What became of a job. One that is renamed has the digest that it had under another id."""

    NEW = "new"
    GONE = "gone"
    RENAMED = "renamed"
    CHANGED = "changed"
    SAME = "same"


class JobDiff(NamedTuple):
    """A job that differs: `was` is its id before, `above` the steps whose changes reach it through what it reads."""

    id: str
    was: str | None
    state: State
    reasons: tuple[str, ...]
    above: tuple[str, ...]

    def as_object(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "id": self.id,
            "was": self.was,
            "state": self.state.value,
            "reasons": list(self.reasons),
            "above": list(self.above),
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs there were and are, and what became of them: `now` is new, renamed, changed and same together."""

    before: int = 0
    now: int = 0
    new: int = 0
    gone: int = 0
    renamed: int = 0
    changed: int = 0
    same: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum of both."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in Counts.__slots__))

    def as_object(self) -> dict[str, int]:
        """The JSON form."""
        return {name: getattr(self, name) for name in Counts.__slots__}


@dataclass(frozen=True, slots=True)
class StepDiff:
    """What became of a step's jobs.

    `was` are the names of the steps that its jobs belonged to, where they had another. `above` of the changed jobs have
    changed only because of what they read, by the changes of the steps `because`; `below` are how many jobs of other
    steps have changed only because of this one (and maybe others). `settings` differ without any job being another.
    """

    name: str
    was: tuple[str, ...]
    by: tuple[str, ...]
    by_before: tuple[str, ...] | None
    counts: Counts
    reasons: tuple[Reason, ...]
    above: int
    because: tuple[str, ...]
    below: int
    settings: tuple[Reason, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    """Some of the new and of the gone jobs' ids."""
    span: Span

    def as_object(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "was": list(self.was),
            "by": list(self.by),
            "by_before": None if self.by_before is None else list(self.by_before),
            "jobs": self.counts.as_object(),
            "reasons": [reason.as_object() for reason in self.reasons],
            "above": {"jobs": self.above, "because": list(self.because)},
            "below": self.below,
            "settings": [reason.as_object() for reason in self.settings],
            "file": self.span.file,
            "line": self.span.line,
        }


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """How two graphs differ: `steps` holds those that do, in an order in which they run, gone ones at the end.

    `outputs` are the names of the pipeline's outputs whose paths differ, or that are new or gone.
    """

    counts: Counts
    steps: tuple[StepDiff, ...]
    outputs: tuple[str, ...]
    _jobs: Callable[[], Iterator[JobDiff]] = field(repr=False)

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return bool(self.steps or self.outputs)

    def jobs(self) -> Iterator[JobDiff]:
        """Every job that is not the same, step by step."""
        return self._jobs()

    def as_object(self, old: str, new: str) -> dict[str, Any]:
        """The JSON form; `old` and `new` are what the two specs are called."""
        return {
            "old": old,
            "new": new,
            "differs": self.differs,
            "jobs": self.counts.as_object(),
            "steps": [step.as_object() for step in self.steps],
            "outputs": list(self.outputs),
        }
