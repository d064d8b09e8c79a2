"""What a pipeline needs and a target's engine lacks is told here, before the target is asked for anything."""

from __future__ import annotations

from typing import Any

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import targets as faults
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered, Use
from sncompile.targets.target import Refusal, Target


def refuse(target: Target[Any], lowered: Lowered) -> None:
    """Raises `CompileError` with every place that asks for what the target's engine lacks."""
    told = [
        _told(target, feature, use)
        for feature, uses in lowered.features.items()
        if feature not in target.features
        for use in uses
    ]
    if told:
        raise CompileError(told)


def _told(target: Target[Any], feature: Feature, use: Use) -> Diagnostic:
    message = f"`{{task}}` needs {feature.value}, which {target.title} cannot express"
    help = "compile to another target (`sncompile targets`), or do without"
    refusal = target.refusals.get(feature) or Refusal(faults.LACKING, message, help)
    return refusal.fault.at(use.span, refusal.message.format(task=use.task, what=use.what), help=refusal.help)
