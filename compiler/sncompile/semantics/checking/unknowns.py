"""What follows from a value that could not be had: that has been told, and nothing else is to be said of it."""

from __future__ import annotations

from sncompile.ir.values.model import Local, Output, Value, walk
from sncompile.semantics.program import Program, Step


class Unknowns:
    """Knows of values whether they follow from one that is not known."""

    def __init__(self, program: Program) -> None:
        self._steps = program.steps
        self._outputs: dict[tuple[str, str], bool] = {}

    def within(self, value: Value, step: Step | None = None) -> bool:
        """Whether a value, bound in a step or in none, follows from one that is not known."""
        return any(self._is_unknown(leaf, step) for leaf in walk(value))

    def _is_unknown(self, leaf: Value, step: Step | None) -> bool:
        if leaf.type.base == "unknown":
            return True
        if isinstance(leaf, Output):
            return self._of_output(leaf.step, leaf.port)
        if isinstance(leaf, Local) and step is not None:
            held = {"inputs": step.inputs, "params": step.params}.get(leaf.space, {})
            return leaf.name in held and self.within(held[leaf.name])
        return False

    def _of_output(self, name: str, port: str) -> bool:
        """Whether the path of an output follows from what is not known."""
        if (name, port) not in self._outputs:
            self._outputs[name, port] = (
                False  # As long as it is looked at: it may follow from other instances of its own.
            )
            step = self._steps.get(name)
            if step is not None and port in step.outputs:
                self._outputs[name, port] = self.within(step.outputs[port].path, step)
        return self._outputs[name, port]
