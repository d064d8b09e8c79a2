"""Traces of real workflows → specs with every task written out, to try the optimizer on what was not made for it.

    python -m tests.traces TRACE.jsonl -o spec.yaml

A trace holds one JSON object a line, a task each: `name`, `type`, `command`, `inputs`, `outputs`, `parents`,
`runtime_s`, `cores`. `convert.py` tells the way from there to the spec.
"""

from tests.traces.convert import raw_files, spec_of
from tests.traces.tasks import Task, read_trace

__all__ = ["Task", "raw_files", "read_trace", "spec_of"]
