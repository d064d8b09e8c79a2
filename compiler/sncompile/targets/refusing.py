"""What a pipeline needs and a target's engine lacks is told here, before the target is asked for anything."""

from __future__ import annotations

from typing import Any

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import targets as faults
from sncompile.lowering.features import Feature
from sncompile.lowering.model import Lowered, Use
from sncompile.targets.target import NOT_HEEDED, Refusal, Target


def refuse(target: Target[Any], lowered: Lowered) -> list[Diagnostic]:
    """Remarks on what the target's engine does not heed.

    Raises `CompileError` with every place that asks for what it lacks.
    """
    told = [
        _told(target, feature, use)
        for feature, uses in lowered.features.items()
        if feature not in target.features
        for use in uses
    ]
    for name, uses in lowered.resources.items():
        if name not in target.resources:
            told += [_lacking(target, name, use) for use in uses]
    if told:
        raise CompileError(told)
    return [
        _unheeded(target, name, uses)
        for name, uses in lowered.resources.items()
        if target.resources[name] == NOT_HEEDED
    ]


def _lacking(target: Target[Any], resource: str, use: Use) -> Diagnostic:
    message = f"`{{task}}` asks for `{resource}`, which {target.title} cannot express"
    help = f"leave `{resource}` out, or compile to another target (`sncompile targets`)"
    refusal = target.refusals.get(resource) or Refusal(faults.LACKING, message, help)
    return refusal.fault.at(use.span, refusal.message.format(task=use.task, what=use.what), help=refusal.help)


def _unheeded(target: Target[Any], resource: str, uses: tuple[Use, ...]) -> Diagnostic:
    more = f" and {len(uses) - 1} more" if len(uses) > 1 else ""
    message = f"{target.title} does not heed `{resource}`, which `{uses[0].task}`{more} asks for"
    return faults.NOT_HEEDED.at(uses[0].span, message, help="see that there is enough, or compile to another target")


def _told(target: Target[Any], feature: Feature, use: Use) -> Diagnostic:
    message = f"`{{task}}` needs {feature.value}, which {target.title} cannot express"
    help = "compile to another target (`sncompile targets`), or do without"
    refusal = target.refusals.get(feature) or Refusal(faults.LACKING, message, help)
    return refusal.fault.at(use.span, refusal.message.format(task=use.task, what=use.what), help=refusal.help)
