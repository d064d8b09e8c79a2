"""Values that are known only when a job runs."""

from __future__ import annotations

from sncompile.ir.values.model import Attempt, Content, Size, Value, walk


def dynamic(value: Value) -> bool:
    """Whether a value is known only when the job is about to run."""
    return any(isinstance(v, (Attempt, Content, Size)) for v in walk(value))
