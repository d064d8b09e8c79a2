"""The images of steps by the digests that the lock file has for their names (decision 0040)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sncompile.diagnostics import Report
from sncompile.faults import names as faults
from sncompile.ir.graph.images import images_of, images_used, is_pinned, registry_name, with_digest
from sncompile.ir.language.types import STRING
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const
from sncompile.semantics.modules.lock_file import LOCK
from sncompile.semantics.program import Program, Step


def with_locked_images(program: Program, lock: Mapping[str, str], must: bool, report: Report) -> Program:
    """The program with the images that the lock file knows by their digests. With `must` all have to have one."""
    if must:
        for image, (step, value) in images_of(program.steps).items():
            if not is_pinned(image) and registry_name(image) not in lock:
                message = f"the image `{image}` of `{step.name}` has no digest, and `{LOCK}` has none for it"
                report.add(faults.NOT_LOCKED.at(value.span, message, help="record it: sncompile lock SPEC"))
    if not lock:
        return program
    evaluator = Evaluator(program.steps)
    steps = {name: _locked(step, evaluator, lock) for name, step in program.steps.items()}
    return replace(program, steps=steps)


def _locked(step: Step, evaluator: Evaluator, lock: Mapping[str, str]) -> Step:
    images = images_used(step, evaluator)
    name = registry_name(images[0]) if len(images) == 1 else None
    if step.container is None or name is None or name not in lock:
        return step
    return step._replace(container=Const(with_digest(name, lock[name]), STRING, step.container.span))
