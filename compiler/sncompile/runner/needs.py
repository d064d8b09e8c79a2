"""What the jobs of runs needed, as settings for the next ones: a file for `--override`.

Decision 0100.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sncompile.lazy_regex import regex
from sncompile.runner.measures import JobTime, ended_well
from sncompile.runner.watch import Watch
from sncompile.views.columns import count

_LEAST = {"memory": 100, "time": 5}
"""Megabytes and minutes that any job is given: a program that does nothing needs some, and a node that starts one."""
_HEADS = {"memory": "megabytes", "time": "minutes"}
_UNITS = {"memory": "MB", "time": "m"}
_SIZES = {"memory": 1_000_000, "time": 60}
"""Their units in bytes and seconds, which numbers without a unit are."""
_BY_SIZE = regex(r"(?:\s|[-+*/()]|\d+(?:\.\d+)?(?:e-?\d+)?|(?:params|inputs)\.\w+(?:\.size)?|\battempt\b)+")
"""Arithmetic that a spec may say just so, of sizes and numbers."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a job took of a resource, in megabytes or minutes, and what it asked for; None where nobody knows."""

    took: float | None
    asked: float | None


@dataclass(slots=True)
class StepNeed:
    """What the jobs of a step took. `said` is what its step asks for, by resource; `grows` what asks for more later."""

    step: str
    said: Mapping[str, Any]
    grows: frozenset[str]
    uses: dict[str, list[Use]] = field(default_factory=lambda: {name: [] for name in _HEADS})

    @property
    def jobs(self) -> int:
        """How many of its jobs were looked at."""
        return len(self.uses["time"])

    def most(self, resource: str) -> float | None:
        """The most that one of its jobs took; None where nobody measured any."""
        return max((use.took for use in self.uses[resource] if use.took is not None), default=None)

    def setting(self, resource: str, margin: float) -> str | None:
        """What its jobs should ask for, as a spec says it; None where nobody measured any.

        What goes by the sizes of inputs does so still, multiplied by as much as the job needs that came nearest to what
        it asked for, or went beyond.
        """
        most, said = self.most(resource), self.said.get(resource)
        if most is None:
            return None
        inner = _by_size(said, _HEADS[resource])
        shares = [use.took / use.asked for use in self.uses[resource] if use.took is not None and use.asked]
        if inner is not None and shares:
            return f"${{{_LEAST[resource] * _SIZES[resource]} + {_two_digits(max(shares) * margin)} * {inner}}}"
        amount = _round(max(_LEAST[resource], most * margin), 10 if resource == "memory" else 1)
        return f"${{{amount} * attempt}}{_UNITS[resource]}" if resource in self.grows else f"{amount}{_UNITS[resource]}"


def needs_of(watches: Sequence[Watch]) -> list[StepNeed]:
    """What the steps of some runs need, by the jobs in them that ended well, in the order of the steps.

    What the last run says of a step is what is said. Jobs that were done together are left out.
    """
    found: dict[str, StepNeed] = {}
    for watch in watches:
        for step in watch.names.facts.get("steps") or ():
            name, before = str(step["name"]), found.get(str(step["name"]))
            need = StepNeed(name, step.get("resources") or {}, frozenset(step.get("grows") or ()))
            if before is not None:
                need.uses = before.uses
            found[name] = need
    for watch in watches:
        asked = {record.number: record.resources for record in watch.progress.jobs.values()}
        for job in ended_well(watch):
            if job.name.step in found:
                _add(found[job.name.step], job, asked.get(job.number) or {})
    return list(found.values())


def _add(need: StepNeed, job: JobTime, asked: Mapping[str, Any]) -> None:
    tries = max(1, job.attempts)
    for resource, name, took in (("memory", "mem_mb", job.measure.memory), ("time", "runtime", job.seconds / 60)):
        said = asked.get(name)
        # What grows with the attempt is told as at the first one.
        first = said / (tries if resource in need.grows else 1) if isinstance(said, (int, float)) else None
        need.uses[resource].append(Use(took, first))


def _by_size(said: object, head: str) -> str | None:
    """What goes by sizes, as a factor of a product; None for anything else, and what no spec could say so."""
    if not isinstance(said, str) or ".size" not in said:
        return None
    match = re.fullmatch(rf"\$\{{{head}(\(.*\))\}}", said)
    if match is None or not _BY_SIZE.fullmatch(match[1]):
        return None
    try:
        tree = ast.parse(match[1], mode="eval").body
    except SyntaxError:
        return None
    text = ast.unparse(tree)
    product = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult)
    return text if product or not isinstance(tree, ast.BinOp) else f"({text})"


def _round(amount: float, step: int) -> int:
    """The next multiple of a step; of larger amounts no more than two digits are told.

    >>> [_round(amount, 10) for amount in (103.2, 1234.0, 45_678.0)]
    [110, 1300, 46000]
    """
    step = max(step, 10 ** (math.floor(math.log10(amount)) - 1))
    return math.ceil(amount / step - 1e-9) * step


def _two_digits(factor: float) -> str:
    """A factor, not smaller, with two digits.

    >>> _two_digits(0.4311), _two_digits(1.2), _two_digits(0.00123)
    ('0.44', '1.2', '0.0013')
    """
    power = math.floor(math.log10(factor)) - 1 if factor > 0 else -2
    return (
        f"{math.ceil(factor / 10**power - 1e-9) * 10**power:.{max(0, -power)}f}"
        if power < 0
        else str(_round(factor, 1))
    )


# --- Text -------------------------------------------------------------------------------------------------------------


def override_text(needs: Iterable[StepNeed], runs: Sequence[str], margin: float) -> str:
    """A file for `--override`: for each step that was measured its settings, with what they come from."""
    every = list(needs)
    lines = [
        f"# What the steps need, by {', '.join(runs)}: made by `sncompile resources`.",
        f"# Each setting is the most that a job took, times {margin:g}.",
    ]
    for need in every:
        settings = {name: text for name in _HEADS if (text := need.setting(name, margin)) is not None}
        if settings:
            told = ", ".join(f"{name}: {_plain(text)}" for name, text in settings.items())
            lines += ["", *_comments(need), f"{json.dumps(need.step, ensure_ascii=False)}: {{resources: {{{told}}}}}"]
    lacking = [need.step for need in every if not need.jobs]
    if lacking:
        lines += ["", f"# No job was measured of {', '.join(lacking)}."]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return f'"{text}"' if text.startswith("$") else text


def _comments(need: StepNeed) -> list[str]:
    took = []
    for resource in _HEADS:
        most = need.most(resource)
        took.append(f"{resource} not measured" if most is None else _amount(most, resource))
    found = [f"# {count(need.jobs, 'job')}, of which one took the most: {', '.join(took)}"]
    asked = []
    for resource in _HEADS:
        amounts = [use.asked for use in need.uses[resource] if use.asked is not None]
        if amounts and resource in need.said:
            low, high = _amount(min(amounts), resource), _amount(max(amounts), resource)
            asked.append(low if low == high else f"{low} to {high}")
        else:
            asked.append(f"no {resource}")
    return [*found, f"# asked for: {', '.join(asked)}"]


def _amount(amount: float, resource: str) -> str:
    if resource == "memory":
        return f"{amount:.0f} MB"
    return f"{amount * 60:.0f} s" if amount < 2 else f"{amount:.0f} min"
