"""What can only be seen of a program as a whole: cycles, values of every instance, paths, files, what is left over.

Decision 0095.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from sncompile.diagnostics import Diagnostic, Report, Severity, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.faults import names as name_faults
from sncompile.faults import tables as table_faults
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const, Content, Output, Related, Value, walk
from sncompile.ir.values.relating import UNIT, see, see_through
from sncompile.semantics.checking.command_lines import check_command_lines
from sncompile.semantics.checking.files import check_files
from sncompile.semantics.checking.lengths import check_lengths
from sncompile.semantics.checking.optional_outputs import check_optional_outputs
from sncompile.semantics.checking.outputs import Guard, kept_of
from sncompile.semantics.checking.own_files import Kept
from sncompile.semantics.checking.paths import check_paths
from sncompile.semantics.checking.patterns import check_patterns
from sncompile.semantics.checking.rings import tell_ring
from sncompile.semantics.checking.scratch_names import check_scratch_names
from sncompile.semantics.checking.sums import sums_of
from sncompile.semantics.checking.urls import check_urls
from sncompile.semantics.checking.value_outputs import check_value_outputs
from sncompile.semantics.checking.values import check_values
from sncompile.semantics.companions import with_companions, with_kept
from sncompile.semantics.linking.default_edges import take_from_writers
from sncompile.semantics.parts import check_readers
from sncompile.semantics.paths.identity import Identity
from sncompile.semantics.program import OutputPath, Program, Step
from sncompile.syntax.document import FlowDoc, PipelineDoc


def check_program(
    program: Program, doc: PipelineDoc, by_default: Mapping[str, frozenset[str]], report: Report
) -> Program:
    """The program with its outputs settled, after every check that needs the whole of it.

    `by_default` are the inputs that steps take by convention; where a step writes one, it is taken from that step.
    """
    # Seen from outside, a value is the file that holds it.
    program = replace(program, outputs={name: _as_files(value) for name, value in program.outputs.items()})
    taken = {name: _outputs_in(step) for name, step in program.steps.items()}
    feeds = {name: _first_places(leaves) for name, leaves in taken.items()}
    if not _check_order(doc, program, feeds, report):
        return program
    identity = Identity(program.folder)
    connected = take_from_writers(program, by_default, identity, report)
    if connected is not program:
        program = connected
        taken = {name: _outputs_in(step) for name, step in program.steps.items()}
        feeds = {name: _first_places(leaves) for name, leaves in taken.items()}
        if not _check_order(doc, program, feeds, report):
            return program
    program = with_companions(program, report)
    if doc.outputs is None:
        program = replace(program, outputs=_unconsumed(program, taken))
    program = replace(program, outputs=with_kept(program))
    evaluator = Evaluator(program.steps)
    check_values(program, evaluator, report)
    check_optional_outputs(program, report)
    check_value_outputs(program, report)
    check_command_lines(program, evaluator, report)
    check_scratch_names(program, evaluator, report)
    check_readers(program, report)
    check_urls(program, evaluator, report)
    program = replace(program, sums=sums_of(program, evaluator, report))
    check_places(program, evaluator, identity, feeds, report)
    if doc.outputs is not None:
        _tell_empty_outputs(program, report)
        _warn_unneeded(program, feeds, report)
    return program


def check_places(
    program: Program,
    evaluator: Evaluator,
    identity: Identity,
    feeds: Mapping[str, Mapping[str, Span]],
    report: Report,
    kept: Iterable[Kept] = (),
) -> None:
    """Tell of all that is wrong with where files are; `kept` is what else no job may write over."""
    guard = Guard([*kept_of(program, evaluator, identity), *kept], identity)
    check_lengths(program, identity.working.actual, report)
    paths = check_paths(program, evaluator, identity, guard, feeds, report)
    caught = check_patterns(program, paths, report)
    check_files(program, evaluator, paths, caught, feeds, report)


def look_again(program: Program, kept: Iterable[Kept] = ()) -> tuple[Diagnostic, ...]:
    """What makes it unsafe to run a program now: since it was checked, links and folders may have come.

    `kept` is what no job may write over beside what the pipeline is made of.
    """
    report = Report()
    feeds = {name: sources_of(step) for name, step in program.steps.items()}
    check_places(program, Evaluator(program.steps), Identity(program.folder), feeds, report, kept)
    return tuple(d for d in report.diagnostics() if d.severity is Severity.ERROR)


def step_values(step: Step) -> list[Value]:
    """Every value of a step that is bound from outside of its module."""
    values = [*step.inputs.values(), *step.params.values(), *step.resources.values()]
    values += [output.path for output in step.outputs.values()]
    if step.env:
        values += [v.value for v in step.env if v.value is not None]
    if step.container is not None:
        values.append(step.container)
    return values


def sources_of(step: Step) -> dict[str, Span]:
    """The steps whose outputs a step takes, each with the place of the first reference."""
    return _first_places(_outputs_in(step))


def _first_places(leaves: Iterable[Output]) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for leaf in leaves:
        found.setdefault(leaf.step, leaf.span)
    return found


def _outputs_in(step: Step) -> list[Output]:
    """The outputs of other steps that a step takes."""
    found: list[Output] = []
    for value in step_values(step):
        if isinstance(value, Related) and isinstance(value.value, Output):
            found.append(value.value)
        elif not isinstance(value, Const):
            found += [leaf for leaf in walk(value) if isinstance(leaf, Output)]
    return found


def _check_order(doc: PipelineDoc, program: Program, feeds: dict[str, dict[str, Span]], report: Report) -> bool:
    """Whether there is an order of all jobs, and their paths can be worked out; told where there is none."""
    if not _check_cycles(doc, program, feeds, report):
        return False
    rings = [tell_ring(program.steps[name], program.steps, report) for name in feeds if name in feeds[name]]
    return not any(rings) and _check_path_chains(program, feeds, report)


def _check_cycles(doc: PipelineDoc, program: Program, feeds: dict[str, dict[str, Span]], report: Report) -> bool:
    if _in_order(program, feeds):
        return True
    known = program.steps.keys()
    waits = {n: {*_others(n, feeds), *(w.step for w in step.after)} & known for n, step in program.steps.items()}
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        # The ring comes as steps that each wait for the one before it, the first one again at the end.
        ring = list(reversed(error.args[1]))
        start = min(range(len(ring) - 1), key=lambda i: program.steps[ring[i]].span)
        ring = [*ring[start:-1], *ring[:start], ring[start]]
        related = []
        for this, waits_for in pairwise(ring):
            span = feeds[this].get(waits_for) or _waits_at(doc, this, waits_for) or program.steps[this].span
            how = "takes an output of" if waits_for in feeds[this] else "waits (`after`, `flow`) for"
            related.append(Place(f"`{this}` {how} `{waits_for}`", span))
        shown = " → ".join(f"`{name}`" for name in ring)
        report.add(
            faults.CYCLE.at(
                related[0].span, f"steps wait for each other: {shown}",
                help="take out one of the references shown", related=tuple(related),
            )
        )  # fmt: skip
        return False
    return True


def _waits_at(doc: PipelineDoc, this: str, waits_for: str) -> Span | None:
    """Where a document says that a step waits for another: in its `after`, or at its own place in the flow."""
    step = doc.steps.get(this)
    named = [n.span for n in step.after if n.name == waits_for] if step is not None else []
    return next(iter(named or _places_in_flow(doc.flow, this)), None)


def _places_in_flow(flow: FlowDoc | None, name: str) -> list[Span]:
    if flow is None:
        return []
    own = [flow.step.span] if flow.step is not None and flow.step.name == name else []
    return own + [span for item in flow.items for span in _places_in_flow(item, name)]


def _others(name: str, feeds: dict[str, dict[str, Span]]) -> set[str]:
    """The other steps that a step takes from; what it takes from itself is looked at instance by instance."""
    return feeds[name].keys() - {name}


def _in_order(program: Program, feeds: dict[str, dict[str, Span]]) -> bool:
    """Whether every step stands below all that it waits for, as in most specs: then there can be no cycle."""
    above: set[str] = set()
    for name, step in program.steps.items():
        if not above.issuperset(_others(name, feeds)) or not above.issuperset([w.step for w in step.after]):
            return False
        above.add(name)
    return True


MAX_PATH_CHAIN = 40


def _check_path_chains(program: Program, feeds: dict[str, dict[str, Span]], report: Report) -> bool:
    """Whether no path follows from a path that follows from a path …, without end in sight; told where one does."""
    follows = {
        name
        for name, step in program.steps.items()
        for output in step.outputs.values()
        if not output.derived and not isinstance(output.path, Const)
    }
    if not follows:
        return True
    known = program.steps.keys()
    length: dict[str, int] = {}
    for name in TopologicalSorter({n: _others(n, feeds) & known for n in known}).static_order():
        before = max((length[source] for source in feeds[name] if source in length), default=0)
        length[name] = before + 1 if name in follows else 0
        if length[name] > MAX_PATH_CHAIN:
            output = next(o for o in program.steps[name].outputs.values() if not isinstance(o.path, Const))
            message = f"the paths of more than {MAX_PATH_CHAIN} steps follow from each other up to `{name}`"
            hint = "leave some of the paths out: they are derived then"
            report.add(faults.BAD_PATH.at(output.path.span, message, help=hint))
            return False
    return True


def _as_files(value: Value) -> Value:
    return value.files if isinstance(value, Content) else value


def _unconsumed(program: Program, taken: Mapping[str, Sequence[Output]]) -> dict[str, Value]:
    """Every output that no step takes, as the pipeline's outputs; `taken` are those that each step takes.

    What a pipeline names as its output is one of the step that it is used as: a step inside it takes nothing away.
    """
    takers: dict[tuple[str, str], list[str]] = {}
    for name, leaves in taken.items():
        for leaf in leaves:
            if leaf.step != name:
                takers.setdefault((leaf.step, leaf.port), []).append(name)
    found: dict[str, Value] = {}
    for name, step in program.steps.items():
        for port, output in step.outputs.items():
            if (name, port) not in takers and not output.temp and _is_whole(output):
                leaf = Output(name, port, output.path.type, step.span)
                found[f"{name}.{port}"] = see(leaf, step.keys, UNIT, step.span)
    for named in program.named:
        made = [leaf for leaf in walk(named.value) if isinstance(leaf, Output)]
        inside = [t for leaf in made for t in takers.get((leaf.step, leaf.port), ())]
        if any(program.steps[leaf.step].outputs[leaf.port].temp for leaf in made):
            continue
        if inside and all(taker.startswith(f"{named.step}.") for taker in inside):
            found[f"{named.step}.{named.name}"] = see_through(
                _as_files(named.value), named.keys, UNIT, named.value.span
            )
    return found


def _is_whole(output: OutputPath) -> bool:
    """Whether an output is neither a companion of another one nor a part."""
    return output.port.beside is None and output.port.inside is None


def needed_steps(program: Program, feeds: dict[str, dict[str, Span]]) -> set[str]:
    """The steps that run: those that the outputs need or that write nothing, and all that these need."""
    pending = [leaf.step for v in program.outputs.values() for leaf in walk(v) if isinstance(leaf, Output)]
    pending += [name for name, step in program.steps.items() if not step.outputs]
    needed: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in needed and name in program.steps:
            needed.add(name)
            pending += [*feeds[name], *(w.step for w in program.steps[name].after)]
    return needed


def _tell_empty_outputs(program: Program, report: Report) -> None:
    for name, value in program.outputs.items():
        if isinstance(value, Related) and value.gathers and not any(value.target.related(value.source)):
            message = f"the output `{name}` has no files, as no job writes any"
            hint = "`require: rows` in the step or its table makes it an error to have none"
            report.add(table_faults.EMPTY_OUTPUT.at(value.span, message, help=hint))


def _warn_unneeded(program: Program, feeds: dict[str, dict[str, Span]], report: Report) -> None:
    needed = needed_steps(program, feeds)
    if not program.outputs or report.failed:
        return
    for name, step in program.steps.items():
        if name not in needed:
            report.add(
                name_faults.UNUSED_STEP.at(
                    step.span, f"no output needs the step `{name}`, so it never runs",
                    help="name one of its outputs under `outputs`, or remove the step",
                )
            )  # fmt: skip
