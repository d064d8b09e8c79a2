"""Random pipelines whose values are named by `let` first: they have the same jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import event, given

from sncompile.diagnostics import CompileError
from sncompile.testing import Spec, jobs_of

from .test_passes import SPECS, varied


def with_let(document: dict[str, Any]) -> dict[str, Any]:
    """A pipeline whose steps take their values by names, each of which stands for another name."""
    let: dict[str, Any] = {}
    steps = {}

    def named(value: Any) -> Any:
        if value is None or isinstance(value, dict):
            return value
        first, name = f"v{len(let)}", f"v{len(let) + 1}"
        let[first], let[name] = value, f"${{let.{first}}}"
        return f"${{let.{name}}}"

    for name, step in document["steps"].items():
        given = step.get("with")
        steps[name] = step if given is None else {**step, "with": {port: named(value) for port, value in given.items()}}
    return {**document, "steps": steps, "let": let} if let else document


def facts(spec: Spec) -> Iterator[tuple[Any, ...]]:
    for job in jobs_of(spec):
        yield job.id, job.command, job.shell, job.inputs, job.outputs, job.resources, job.after, job.digest


@varied
@given(SPECS)
def test_values_with_a_name_are_the_values(spec: Spec) -> None:
    """Job by job: commands, files, order, digests."""
    try:
        plain = list(facts(spec))
    except CompileError:
        return
    hoisted = with_let(spec.pipeline)
    event("with let" if hoisted is not spec.pipeline else "without")
    assert list(facts(replace(spec, pipeline=hoisted))) == plain
