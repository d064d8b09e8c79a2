"""Branches as uses of a pipeline: what differs becomes its inputs and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sncompile.testing.spec import Json
from sncompile.testing.strategies.template import Part, Ref

if TYPE_CHECKING:
    from sncompile.testing.strategies.branches import Layout

PATH = "./branch.yaml"


def nested(layout: Layout) -> tuple[dict[str, Json], dict[str, Json]]:
    """The steps that use the pipeline, and its document by its path."""
    uses: list[Json] = [{"module": PATH, "with": {}} for _ in layout.names]
    inputs: Json = {}
    params: Json = {}
    steps: Json = {}
    for part in layout.parts:
        bound: Json = {}
        for name, values in part.inputs.items():
            bound[name] = _inside(values[0], layout.parts)
            if bound[name] is None:
                outer = f"{part.name}_{name}"
                bound[name] = f"${{inputs.{outer}}}"
                inputs[outer] = {"type": "file[]" if name in part.listed else "file"}
                for branch, use in enumerate(uses):
                    use["with"][outer] = layout.value(values[branch], branch)
        given = {name: ("path", found) for name, found in part.outputs.items() if found is not None}
        for name, (kind, values) in {**part.params, **given}.items():
            outer = f"{part.name}_{name}"
            inside = _inside(values[0], layout.parts) if name == "source" else None
            bound |= {name: inside or f"${{params.{outer}}}"} if name in part.params else {}
            if inside is None:
                params[outer] = {"type": kind}
                for branch, use in enumerate(uses):
                    use["with"][outer] = layout.value(values[branch], branch) if name == "source" else values[branch]
        paths = {name: f"${{params.{part.name}_{name}}}" for name in given}
        after = [layout.parts[n].name for n in part.after]
        steps[part.name] = {
            "module": part.module(()),
            "with": bound,
            **({"outputs": paths} if paths else {}),
            **({"after": after} if after else {}),
            **part.settings,
        }
    outputs = {f"o_{p.name}": f"${{{p.name}.{next(iter(p.outputs))}}}" for p in layout.parts if p.outputs}
    document = {"pipeline": "branch", "inputs": inputs, "params": params, "steps": steps, "outputs": outputs}
    return {f"b{name}": use for name, use in zip(layout.names, uses, strict=True)}, {PATH: document}


def _inside(bound: Any, parts: list[Part]) -> Json:
    """A binding to steps of the template, as the inner pipeline has it; None for any other."""
    if isinstance(bound, list):
        # What comes from outside beside steps of the template is left out.
        return [found for item in bound if (found := _inside(item, parts)) is not None] or None
    if isinstance(bound, Ref) and bound.part is not None:
        return f"${{{parts[bound.part].name}.{bound.port}}}"
    return None
