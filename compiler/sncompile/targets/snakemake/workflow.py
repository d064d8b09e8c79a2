"""Lowered model → the whole Snakefile as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files as package_files

from sncompile import __version__
from sncompile.diagnostics import Diagnostic, Report
from sncompile.diagnostics import Related as Place
from sncompile.faults import targets as faults
from sncompile.ir.values.relating import UNIT
from sncompile.lowering.files import Fixed, seen
from sncompile.lowering.model import Lowered, Task
from sncompile.targets.emitted import module_files
from sncompile.targets.snakemake.containers import RUNNER, runner_script
from sncompile.targets.snakemake.context import Context, Surroundings
from sncompile.targets.snakemake.inputs import input_code, port_code
from sncompile.targets.snakemake.late import late_rows
from sncompile.targets.snakemake.marking import Marks, mark_files, ports_without_files
from sncompile.targets.snakemake.model import Directive, Entry, Rule, Workflow
from sncompile.targets.snakemake.names import item_name, rule_names, unique
from sncompile.targets.snakemake.outputs import DEFAULT_CONSTRAINT, OutputPatterns
from sncompile.targets.snakemake.raw_paths import raw_inputs
from sncompile.targets.snakemake.rules import RulePrinter
from sncompile.targets.snakemake.separation import Paths, separate
from sncompile.targets.snakemake.shell_code import VALUE
from sncompile.targets.snakemake.sidecars import Sidecars
from sncompile.targets.snakemake.storage import FETCHED, fetched, one_copy
from sncompile.targets.target import Engine


def workflow_of(
    lowered: Lowered, report: Report, *, benchmark: bool = False, containers: Engine | None = None
) -> Workflow:
    """The Snakefile of a pipeline. With `containers` commands that have an image are wrapped for that engine."""
    around, printers = _printers(lowered, report, containers)
    lowered = around.lowered
    tasks = [lowered.tasks[name] for name in lowered.written]
    patterns = {name: printer.outputs for name, printer in printers.items()}
    for first, second in separate(patterns, _raw(printers)):
        report.add(_ambiguous(lowered.tasks[first], lowered.tasks[second]))
    copies = one_copy(lowered)
    if copies is not None:
        span, one, other = copies
        message = f"Snakemake would keep its copies of `{one}` and `{other}` in one place"
        report.add(
            faults.ONE_COPY.at(span, message, help="name both by the same scheme, or give one of them another name")
        )
    rules = [_rule_all(around)]
    rules += [printers[task.name].rule(benchmark=benchmark) for task in tasks]
    late = late_rows(around, rule_names(lowered.written), printers)
    if late:
        rules = [rule._replace(checkpoint=rule.step in _sources(around)) for rule in rules]
    secrets = {variable.name for task in tasks for variable in task.variables if variable.value is None}
    emitted = module_files(lowered)
    boxed = containers is not None and any(task.image is not None for task in tasks)
    values = any(check.kind == "value" for task in tasks for check in task.checks)
    if values:
        emitted[VALUE] = package_files("sncompile.templates").joinpath("support", VALUE).read_bytes()
    if containers is not None and boxed:
        emitted[RUNNER] = runner_script(lowered, containers)
    return Workflow(
        name=lowered.name,
        title=lowered.title,
        spec=lowered.spec,
        digest=lowered.digest,
        version=__version__,
        sidecars=around.sidecars.finished(late),
        functions=tuple(sorted(around.functions)),
        uses_files=around.uses_files or boxed or values,
        secrets=tuple(sorted(secrets)),
        constraints=tuple(sorted(_constraints(patterns, printers).items())),
        rules=tuple(rules),
        runs_containers=boxed,
        looks_at_values=values,
        counts_files=around.counts_files,
        files=emitted,
        marked=around.marks.tasks,
        providers=tuple(sorted(around.providers)),
        recursion=_recursion(tasks),
    )


_CHAIN = 100
"""Chains of so many jobs of one step go into Python's own limit, whatever else there is."""


def _recursion(tasks: Sequence[Task]) -> int:
    """Snakemake goes from job to job by calls, some for each, so a chain is as deep as it is long."""
    longest = max([task.longest_chain() for task in tasks], default=1)
    return 1_000 + 10 * longest if longest > _CHAIN else 0


def _printers(
    lowered: Lowered, report: Report, containers: Engine | None
) -> tuple[Surroundings, dict[str, RulePrinter]]:
    """The printer of each task; those whose outputs have no wildcards in common are known by a mark."""
    trial = Report()
    batched = frozenset(name for name, task in lowered.tasks.items() if task.batches)
    around = Surroundings(lowered, Sidecars(), trial, Marks(batched), containers)
    printers = _of_each(around)
    uncertain = {n for n, task in lowered.tasks.items() if any(o.optional for o in task.outputs.values())}
    differ = [
        n
        for n, found in printers.items()
        if found.outputs.differ or found.outputs.mixed or n in batched or n in uncertain
    ]
    for name in uncertain:
        _tell_kept(lowered.tasks[name], report)
    for name in differ:
        if name not in batched and name not in uncertain and not lowered.tasks[name].made_of:
            printers[name].outputs.tell_mark(report)
        # Snakemake keeps or deletes what it knows as an output, and nothing else.
        if any(o.temp or o.protected for o in lowered.tasks[name].outputs.values()):
            printers[name].outputs.tell_difference()
    if not differ or trial.failed:
        report.extend(trial.diagnostics())
        around.report = report
        return around, printers
    ports = ports_without_files(lowered, differ, batched)
    marks = Marks(frozenset(differ), batched, frozenset(ports))
    around = Surroundings(lowered.spelling_out(ports), Sidecars(), report, marks, containers)
    return around, _of_each(around)


def _tell_kept(task: Task, report: Report) -> None:
    """Refuse what Snakemake would delete or protect beside an optional output: it knows the job by its mark alone."""
    optional = next(name for name, output in task.outputs.items() if output.optional)
    for name, output in task.outputs.items():
        if output.temp or output.protected:
            word = "temporary" if output.temp else "protected"
            message = f"`{task.name}.{name}` is {word}, beside the optional output `{optional}`"
            hint = f"let it stay as it is, or write `{optional}` in a step of its own"
            report.add(faults.KEPT_BESIDE_OPTIONAL.at(output.span, message, help=hint))


def _of_each(around: Surroundings) -> dict[str, RulePrinter]:
    lowered = around.lowered
    names = rule_names(lowered.written)
    return {name: RulePrinter(lowered.tasks[name], names[name], around) for name in lowered.written}


def _sources(around: Surroundings) -> set[str]:
    """The steps that write rows."""
    return {table.late.step for _, table in around.sidecars.late() if table.late is not None}


def _rule_all(around: Surroundings) -> Rule:
    lowered = around.lowered
    # It runs nothing; the pipeline's outputs are seen through its eyes.
    context = Context("all", UNIT, around)
    entries: list[Entry] = []
    used: set[str] = set()
    for name, promised in lowered.outputs.items():
        form = promised.files.form
        if isinstance(form, Fixed) and form.value == ():
            continue  # What no job writes is not asked for.
        safe = unique(item_name(re.sub(r"\W", "_", name)), used)
        code = port_code(promised.files, safe, context)
        if code is not None and _is_sent(promised.files.tasks, lowered):
            code, by_function = fetched(code)
            around.functions |= {FETCHED} if by_function else set()
        if code is not None:
            entries.append(Entry(safe, code, promised.span))
    for name in lowered.effects:
        task = lowered.tasks[name]
        done = seen(mark_files(lowered.workspace, task), task.key_set, UNIT, UNIT, lowered.span)
        safe = unique(item_name(re.sub(r"\W", "_", f"{name}_done")), used)
        code = input_code(done, safe, context)
        if code is not None:
            entries.append(Entry(safe, code, task.span))
    title = f"all: what the pipeline {lowered.name} is for"
    directives = (Directive("input", tuple(entries)),) if entries else ()
    return Rule("all", "all", (title,), directives, lowered.span, None)


def _is_sent(tasks: Iterable[str], lowered: Lowered) -> bool:
    """Whether some task sends what it writes elsewhere."""
    return any(output.remote for name in tasks for output in lowered.tasks[name].outputs.values())


def _constraints(patterns: Mapping[str, OutputPatterns], printers: Mapping[str, RulePrinter]) -> dict[str, str]:
    """The constraint of every wildcard of the Snakefile; rules that need another one say so themselves."""
    return {name: DEFAULT_CONSTRAINT for n in patterns for name in printers[n].context.names.values()}


def _raw(printers: Mapping[str, RulePrinter]) -> list[Paths]:
    """The paths that inputs name and no job writes, with the patterns that they fit."""
    found: dict[tuple[str, object], Paths] = {}
    for printer in printers.values():
        for each in raw_inputs(printer.context):
            found.setdefault((each.pattern, each.owner), each)
    return [each._replace(owner="") for each in found.values()]


def _ambiguous(first: Task, second: Task) -> Diagnostic:
    one = next(iter(first.outputs.values()))
    other = next(iter(second.outputs.values()))
    return faults.AMBIGUOUS_PATH.at(
        other.path_span,
        f"Snakemake cannot tell whether `{first.name}` or `{second.name}` writes a path",
        help="give one of them a folder of its own, or leave the path out: it is derived then",
        related=(Place("the other path", one.path_span),),
    )
