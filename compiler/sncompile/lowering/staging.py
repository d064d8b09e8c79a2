"""Values as jobs see them that find their inputs elsewhere than where the pipeline has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Apply, Bound, Local, Value

Staged = Callable[[str], str]
"""From the path of an input as the pipeline has it to where a job finds it."""


class StagedEvaluator(Evaluator):
    """Evaluates values as a job sees them."""

    def __init__(self, steps: Mapping[str, Bound], files: Callable[[str], str], staged: Staged) -> None:
        super().__init__(steps, files)
        self._staged = staged

    def closure(self, value: Value, at: KeySet, step: Bound | None = None) -> Closure:
        """As `Evaluator.closure`."""
        found = super().closure(value, at, step)
        named = isinstance(value, Local) and value.space == "inputs"
        if not named and not (isinstance(value, Apply) and value.function == "@input"):
            return found
        return lambda i: self._placed(found(i))

    def over(self, value: Value, at: KeySet, step: Bound | None = None) -> Closure:
        """As `closure`: what a job sees is found one by one."""
        return self.closure(value, at, step)

    def _placed(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(self._placed, value))
        return self._staged(value) if isinstance(value, str) else value
