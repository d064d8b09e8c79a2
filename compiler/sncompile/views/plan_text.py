"""A plan as text for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sncompile.ir.graph.resources import RESOURCES, Resource, Unit
from sncompile.semantics.program import LateSteps
from sncompile.views.columns import count, table
from sncompile.views.forecast_text import forecast_text
from sncompile.views.plan import Amount, InputFile, LatePlan, OutputFiles, Plan, StepPlan, TablePlan
from sncompile.views.work import VERDICTS, Work, orphans_told, reasons_told, told

FEW = 5
"""So many missing files are named; of more, the rest is counted."""


def plan_text(plan: Plan, width: int, bold: Callable[[str], str]) -> str:
    """The plan: a table of steps, then what must be there and what comes out."""
    title = f" – {plan.title}" if plan.title else ""
    head = table([[f"{plan.pipeline}{title}"]], width)
    total = f"{count(plan.jobs, 'job')} in {count(len(plan.steps), 'step')}\n"
    rows = [["step", "by", "jobs", "each with"], *(row_of(step) for step in plan.steps)]
    rows += [[late.name, ", ".join(late.by) or "-", "?", known_after(late)] for late in plan.late]
    first, *rest = table(rows, width, right=(2,)).splitlines(keepends=True)
    steps = bold(first.rstrip("\n")) + "\n" + "".join(rest)
    if plan.tables:
        tables = [[t.name, f"by {', '.join(t.by)}", _rows(t), ", ".join(_columns(t))] for t in plan.tables]
        steps += "\ntables\n" + table(tables, width, indent="  ", right=(2,))
    files = _inputs(plan.inputs, width) + _outputs(plan.outputs, width)
    work = [] if plan.work is None else [work_text(plan.work, width, bold)]
    expected = "" if plan.forecast is None else forecast_text(plan.forecast, width)
    later = "" if plan.work is None else later_text(plan.later, width)
    return "\n".join((bold(head.rstrip("\n")) + "\n" + total, steps, files, *work)) + expected + later


def work_text(work: Work, width: int, bold: Callable[[str], str]) -> str:
    """What has to run: how much it is, and a line for each step with its reasons."""
    head = table([["to run", work_line(work)]], width, gap=3)
    head = bold(head[:6]) + head[6:]
    rows = table(list(work_rows(work)), width, right=(1,), indent="  ") if work.known else ""
    orphans = f"{orphans_told(work)} (`run --prune` deletes them)" if work.orphans else ""
    return head + rows + (table([["orphans", orphans]], width, gap=2) if orphans else "")


def known_after(late: LatePlan) -> str:
    """`known after dearray`."""
    return f"known after {', '.join(late.after)}"


def later_text(late: Sequence[LateSteps], width: int) -> str:
    """A line for each table whose rows are not known: the steps that wait for it."""
    return table([["later", later_line(each)] for each in late], width, gap=4)


def later_line(late: LateSteps) -> str:
    """`segment, report: known after dearray`."""
    return f"{', '.join(late.steps)}: known after {late.source}"


def work_line(work: Work) -> str:
    """How many jobs run, may run, need not run because their results are elsewhere, and are current."""
    parts = []
    if work.jobs:
        unknown = "" if work.known else ": no run is known to have made any of this"
        parts.append(count(work.to_run, "job") + unknown)
    if work.may_run:
        parts.append(f"{work.may_run:,} more may, if what {'it reads' if work.may_run == 1 else 'they read'} changes")
    for whose, number in work.taken.items():
        parts.append(f"{number:,} {'is' if number == 1 else 'are'} taken from {whose}")
    if work.current:
        current = f"{work.current:,}" if work.jobs else count(work.current, "job")
        parts.append(f"{current} {'is' if work.current == 1 else 'are'} current")
    nothing = "" if work.jobs else "nothing: "
    return nothing + ("; ".join(parts) or "no jobs are meant")


def work_rows(work: Work) -> Iterator[list[str]]:
    """A row for each step that has something to do: its name, how many jobs, and why."""
    for name, step in work.steps.items():
        if step.reasons:
            total = step.to_run + step.may_run + step.taken + step.current
            may = f" (+{step.may_run:,})" if step.may_run else ""
            yield [name, f"{step.to_run:,}{may} of {total:,}", "; ".join(reasons_told(step))]


def jobs_text(work: Work, width: int) -> str:
    """Single jobs that have to run, or may, each with the reason."""
    return table([[job.id, VERDICTS[job.verdict], told(job.reason)] for job in work.jobs], width)


def row_of(step: StepPlan) -> list[str]:
    """A step as the cells of a table: name, keys, jobs, and what each job takes."""
    shown = (amount_text(_BY_JOB[name], amount) for name, amount in step.resources.items())
    return [step.name, ", ".join(step.by) or "-", f"{step.instances:,}", ", ".join(shown)]


def _rows(table: TablePlan) -> str:
    return "rows known later" if table.rows is None else count(table.rows, "row")


def _columns(table: TablePlan) -> Iterator[str]:
    """The columns beside the keys, with what they hold where that is no text."""
    for name, kind in table.columns.items():
        yield name if kind == "string" else f"{name} ({kind})"


def _inputs(files: tuple[InputFile, ...], width: int) -> str:
    missing = [file for file in files if file.exists is False]
    elsewhere = sum(1 for file in files if file.exists is None)
    there = f", {len(missing):,} not there" if missing else ", all there" if files and not elsewhere else ""
    there += f", {elsewhere:,} elsewhere" if elsewhere else ""
    rows = [[file.path, f"for {file.step}.{file.port}"] for file in missing[:FEW]]
    more = f"           and {len(missing) - FEW:,} more\n" if len(missing) > FEW else ""
    return f"inputs   {count(len(files), 'file')}{there}\n" + table(rows, width, indent="  missing: ") + more


def _outputs(outputs: tuple[OutputFiles, ...], width: int) -> str:
    if not outputs:
        return "outputs  none\n"
    return "outputs\n" + table([[output.name, _told(output.paths)] for output in outputs], width, indent="  ")


def _told(paths: tuple[str, ...]) -> str:
    if len(paths) <= 1:
        return "".join(paths) or "nothing"
    return f"{count(len(paths), 'file')}: {paths[0]}, …"


def _span(amount: Amount, show: Callable[[int], str]) -> str:
    if amount.low is None or amount.high is None:
        return "by size"
    if amount.low == amount.high:
        # What still has an expression grows with every attempt.
        return f"from {show(amount.low)}" if amount.expression else show(amount.low)
    return f"{show(amount.low)} to {show(amount.high)}"


def megabytes(number: int) -> str:
    """`500 MB`, `4 GB`."""
    return f"{number / 1000:g} GB" if number >= 1000 else f"{number} MB"


def minutes(number: int) -> str:
    """`10 min`, `1 h`, `1 h 30 min`."""
    hours, rest = divmod(number, 60)
    return " ".join(part for part in (f"{hours} h" * bool(hours), f"{rest} min" * bool(rest or not hours)) if part)


AMOUNTS: dict[Unit, Callable[[int], str]] = {Unit.COUNT: str, Unit.MEGABYTES: megabytes, Unit.MINUTES: minutes}
"""How a number of a unit is told."""


def amount_text(resource: Resource, amount: Amount) -> str:
    """An amount of a resource: `2 cpus`, `4 GB`, `20 GB disk`.

    What is counted is named. The first resource of any other unit is known by that, where there is a number.
    """
    if resource.unit is Unit.COUNT:
        return _span(amount, lambda number: count(number, resource.name.removesuffix("s")))
    first = next(each for each in RESOURCES.values() if each.unit is resource.unit)
    named = amount.low is None or resource is not first
    return _span(amount, AMOUNTS[resource.unit]) + (f" {resource.name}" if named else "")


_BY_JOB = {each.job: each for each in RESOURCES.values()}
