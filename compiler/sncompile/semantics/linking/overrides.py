"""Settings of steps that are set from outside: by `override` where a pipeline is used, and by a site's files.

What is said further out wins, and files over what specs say:

    inner.yaml   map: {resources: {cpus: 2, memory: 4GB}}
    outer.yaml   first: {module: ./inner.yaml, override: {map: {resources: {memory: 8GB}}}}
    site.yaml    "first.*": {resources: {memory: 6GB}}          first.map has 2 cpus and 6 GB
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, did_you_mean
from sncompile.faults.names import UNMATCHED_OVERRIDE, UNUSED_OVERRIDE
from sncompile.ir.language.name_patterns import name_pattern
from sncompile.syntax.document import OverrideDoc, StepDoc


class Override(NamedTuple):
    """Settings for the steps whose names, behind `prefix`, a pattern fits. `site`: whether a file says it."""

    prefix: str
    doc: OverrideDoc
    site: bool

    def fits(self, step: str) -> bool:
        """Whether a step is meant, by its whole name."""
        inner = step.startswith(self.prefix)
        return inner and name_pattern(self.doc.pattern.name).match(step.removeprefix(self.prefix)) is not None


def overridden(step: StepDoc, name: str, overrides: Iterable[Override]) -> StepDoc:
    """A step, whose whole name is `name`, with what is set of it from outside; later ones win."""
    for override in overrides:
        if override.fits(name):
            step = _with(step, override.doc)
    return step


def _with(step: StepDoc, doc: OverrideDoc) -> StepDoc:
    container = step.container
    if doc.container is not None:
        # The image alone: what the step's own container may do stays.
        container = doc.container if container is None else container._replace(image=doc.container.image)
    return step._replace(
        resources={**step.resources, **doc.resources},
        retries=step.retries if doc.retries is None else doc.retries,
        container=container,
        env=(*step.env, *doc.env),
        local=step.local if doc.local is None else doc.local,
    )


def unmet(overrides: Iterable[Override], names: Sequence[str]) -> Iterator[Diagnostic]:
    """What is set for no step; `names` are those of all steps."""
    for override in overrides:
        if not any(map(override.fits, names)):
            inner = [name.removeprefix(override.prefix) for name in names if name.startswith(override.prefix)]
            hint = did_you_mean(override.doc.pattern.name, inner, what="its steps") or "there are no steps"
            kind = UNUSED_OVERRIDE if override.site else UNMATCHED_OVERRIDE
            message = f"no step is called `{override.doc.pattern.name}`"
            yield kind.at(override.doc.pattern.span, message, help=hint)
