"""A trace's tasks, as they stand in the file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a trace. Files are names as the trace has them, each once; `cores` is None where it is not told."""

    name: str
    type: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parents: tuple[str, ...]
    cores: int | None


def task_of(told: dict[str, Any]) -> Task:
    """A task of its JSON object; only `name` must be there."""
    name = str(told["name"])
    cores = told.get("cores")
    command = told.get("command") or told.get("type") or name
    return Task(
        name=name,
        type=str(told.get("type") or name),
        command=command if isinstance(command, str) else " ".join(map(str, command)),
        inputs=_once(told.get("inputs")),
        outputs=_once(told.get("outputs")),
        parents=_once(told.get("parents")),
        cores=max(1, math.ceil(cores)) if isinstance(cores, int | float) and math.isfinite(cores) else None,
    )


def _once(names: Iterable[object] | None) -> tuple[str, ...]:
    """Names in their order, each once, without empty ones."""
    return tuple(dict.fromkeys(str(name) for name in names or () if str(name)))


def read_trace(path: Path) -> list[Task]:
    """The tasks of a file of JSON lines. Raises `ValueError` for a line that is no JSON object with a `name`."""
    tasks = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if line.strip():
            try:
                tasks.append(task_of(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}:{number}: not a task: {error}") from None
    return tasks
