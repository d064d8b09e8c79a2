"""Program → graph (decision 0056)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sncompile.ir.graph.edges import edges_of, taken
from sncompile.ir.graph.model import Family, Graph, Input, Output
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.graph.shown import Shown
from sncompile.ir.language.types import NULL, Type
from sncompile.ir.values.model import Apply, Const, Related, Value
from sncompile.semantics.list_files import handed_over
from sncompile.semantics.made_sheets import with_sheets
from sncompile.semantics.parts import without_parts
from sncompile.semantics.program import Program, Step
from sncompile.semantics.scratch import in_scratch


def build(program: Program) -> Graph:
    """The graph of a program without errors: a family for each step that has jobs, an edge for each two that need each
    other.
    """
    steps = {name: handed_over(step, program.workspace) for name, step in program.steps.items() if len(step.keys)}
    families = {name: with_sheets(_family(step, program.workspace), step) for name, step in steps.items()}
    families, outputs = without_parts(families, program.outputs, program.steps)
    given = {name: taken(family) for name, family in families.items()}
    if len(families) < len(program.steps) or any(_is_present(v) for values in given.values() for v in values.values()):
        families = {name: _plain(family, families) for name, family in families.items()}
        given = {name: taken(family) for name, family in families.items()}
        outputs = {name: _without_empty(value) for name, value in outputs.items()}
    return Graph(
        name=program.name,
        title=program.about.title,
        spec=program.spec,
        folder=str(program.folder),
        workspace=program.workspace,
        roots={name: str(root.value) for name, root in program.data.items() if isinstance(root, Const)},
        steps=tuple(families),
        families=families,
        edges=edges_of(families, given),
        outputs={name: _all_there(value) for name, value in outputs.items()},
        files=program.files,
        origins={file.shown: name for name, file in program.modules.items() if file.foreign},
        sums=program.sums,
        spec_digest=_digest(program),
        row_sources=frozenset((t.late.step, t.late.port) for t in program.tables.values() if t.late is not None),
        later=tuple(dict.fromkeys(step for late in program.late for step in late.steps)),
        span=program.span,
    )


def _plain(family: Family, families: Mapping[str, Family]) -> Family:
    """The family without what reads from no instance, and what waits for none."""
    after = tuple(waits for waits in family.after if waits.step in families)
    return map_family(family, _without_empty)._replace(after=after)


def _without_empty(value: Value) -> Value:
    """The value with nothing in place of what comes from no instance, and no `present` around what is all there."""
    if isinstance(value, Related) and not len(value.source):
        if value.gathers:
            return Const((), Type("string", many=True), value.span)
        return Const(None, NULL, value.span)
    if isinstance(value, Apply) and _is_present(value) and not value.operands[0].type.gaps:
        return _without_empty(value.operands[0])
    return map_children(value, _without_empty)


def _is_present(value: Value) -> bool:
    return isinstance(value, Apply) and value.function == "present"


def _all_there(value: Value) -> Value:
    """An output of the pipeline as the files that there are: nobody takes them item by item."""
    return Apply("present", (value,), value.type._replace(gaps=False), value.span) if value.type.gaps else value


def _family(step: Step, workspace: str) -> Family:
    run = in_scratch(step, workspace)
    ports = step.module.inputs
    inputs = {
        name: Input(value, ports[name].base, ports[name].many, not ports[name].optional)
        for name, value in step.inputs.items()
    }
    outputs = {
        name: Output(
            path=o.path,
            base=o.port.base,
            many=o.port.many,
            optional=o.port.optional,
            temp=o.temp,
            protected=o.protected,
            derived=o.derived,
            span=o.span,
            create=o.port.create is not None,
            value=o.port.value,
            report=None if o.port.report is None else Shown(*o.port.report[:3]),
        )
        for name, o in step.outputs.items()
    }
    return Family(
        name=step.name,
        title=step.title,
        module=step.module.name.name,
        module_span=step.module.span,
        keys=step.keys,
        inputs=inputs,
        params=step.params,
        outputs=outputs,
        command=run.command,
        shell=run.shell,
        lists=run.lists,
        container=step.container,
        network=step.network,
        conda=step.conda,
        env=step.env,
        resources=step.resources,
        retries=step.retries,
        priority=step.priority,
        batch=step.batch,
        success=step.success,
        after=step.after,
        local_rule=step.local_rule,
        tags=step.tags,
        span=step.span,
    )


def _digest(program: Program) -> str:
    """The digest of the documents that the pipeline is made from, by their texts."""
    digest = hashlib.sha256()
    for text in sorted(program.documents.values()):
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()
