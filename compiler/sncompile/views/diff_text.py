"""How two specs differ, as text for people: a line for each step, with its reasons, and single jobs if asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sncompile.diagnostics.text import visible
from sncompile.ir.diff.model import GraphDiff, JobDiff, Kind, Reason, State, StepDiff
from sncompile.lazy_regex import regex
from sncompile.views.columns import count, paragraph, table
from sncompile.views.reason_text import reason_text, setting_text

Paint = Callable[[str, str], str]
"""Gives a text a style: `bold`, or the name of a colour."""

SIGNS = {State.CHANGED: "~", State.NEW: "+", State.GONE: "-", State.RENAMED: ">"}
_COLORS = {"~": "yellow", "+": "green", "-": "red", ">": "cyan"}
_SIGNED = regex(r"([-~+>]) +\S+")


def diff_text(diff: GraphDiff, old: str, new: str, width: int, paint: Paint, *, single: bool = False) -> str:
    """The difference; `old` and `new` are what the specs are called, `single` adds a line for every job."""
    title = "".join(paint("bold", line) + "\n" for line in paragraph(f"{old} → {new}", width).splitlines())
    if not diff.differs:
        return title + f"no difference: {count(diff.counts.now, 'job')}\n"
    head = title + paragraph(totals(diff), width)
    sections = [head]
    rows = [line for step in diff.steps for row in step_rows(step) for line in _lines(*row)]
    steps = _painted(table(rows, width, right=(2,)), paint)
    if steps:
        sections.append(steps)
    for engine, title in (
        (False, "settings that make no job run again"),
        (True, "settings for which an engine may run the same jobs again"),
    ):
        settings = setting_rows(diff, engine)
        if settings:
            sections.append(paint("bold", title) + "\n" + table(settings, width, indent="  "))
    if diff.outputs:
        names = ", ".join(f"`{name}`" for name in diff.outputs)
        sections.append(paragraph(f"outputs of the pipeline that are new, gone or others: {names}", width))
    if single:
        jobs = _painted("".join(_job(job) for job in diff.jobs()), paint)
        if jobs:
            sections.append(paint("bold", "jobs") + "\n" + jobs)
    return "\n".join(sections)


def totals(diff: GraphDiff) -> str:
    """How many jobs there are, and how many of them differ."""
    counts = diff.counts
    told = [
        f"{number:,} {what}"
        for number, what in (
            (counts.changed, "changed"),
            (counts.new, "new"),
            (counts.gone, "gone"),
            (counts.renamed, "renamed"),
            (counts.same, "the same"),
        )
        if number
    ]
    before = f" ({counts.before:,} before)" if counts.before != counts.now else ""
    return f"{count(counts.now, 'job')}{before}: {', '.join(told)}"


def _painted(text: str, paint: Paint) -> str:
    """Lines that begin with a sign get its colour, up to the name."""
    lines = []
    for line in text.splitlines(keepends=True):
        found = _SIGNED.match(line)
        lines.append(paint(_COLORS[found[1]], found[0]) + line[found.end() :] if found else line)
    return "".join(lines)


def _lines(sign: str, name: str, number: str, why: list[str]) -> Iterator[list[str]]:
    """The lines of a row."""
    yield [sign, name, number, why[0]]
    yield from (["", "", "", line] for line in why[1:])


def step_rows(step: StepDiff) -> Iterator[tuple[str, str, str, list[str]]]:
    """The rows of a step: sign, name, how many of its jobs, why."""
    counts = step.counts
    for state, number, of, why in (
        (State.CHANGED, counts.changed, counts.now, _whys),
        (State.RENAMED, counts.renamed, counts.now, _renamed),
        (State.NEW, counts.new, counts.now, _new),
        (State.GONE, counts.gone, counts.before, _gone),
    ):
        if number:
            yield SIGNS[state], step.name, f"{number:,} of {of:,}", why(step)


def _whys(step: StepDiff) -> list[str]:
    lines = [f"renamed from {_names(step.was)}"] if step.was else []
    paths = [reason for reason in step.reasons if reason.kind is Kind.OUTPUT]
    for reason in step.reasons:
        if reason.kind is not Kind.OUTPUT or reason is paths[0]:
            more = f", and {count(len(paths) - 1, 'more output')}" if reason in paths and len(paths) > 1 else ""
            lines.append(f"{reason_text(reason)}{_scope(reason, step)}{more}")
    if step.above:
        number = f"{step.above:,} " if step.above < step.counts.changed else ""
        lines.append(f"{number}because of {_names(step.because)} above")
    return _with_below(lines, step)


def _scope(reason: Reason, step: StepDiff) -> str:
    """Which of a step's changed jobs have a reason, where it is not all of them."""
    if reason.jobs == 1:
        return f" for {reason.example}" if step.counts.now > 1 else ""
    some = reason.jobs < step.counts.changed
    if reason.uniform:
        return f", {count(reason.jobs, 'job')}" if some else ""
    others = f"{reason.jobs - 1:,} others" if some else "others"
    return f" for {reason.example}, {others} likewise"


def _with_below(lines: list[str], step: StepDiff) -> list[str]:
    """The lines of a step's first row, with how many jobs have changed only because of it."""
    if step.below and len(lines) == 1:
        return [f"{lines[0]}, and {step.below:,} below it"]
    return [*lines, f"and {step.below:,} below it"] if step.below else lines


def _renamed(step: StepDiff) -> list[str]:
    return [f"renamed from {_names(step.was)}, with the same digest"]


def _new(step: StepDiff) -> list[str]:
    lines = [_some(step.added, step.counts.new)]
    if step.counts.new == step.counts.now:
        lines = ["a new step"] if step.by_before is None else [_by(step)]
    return lines if step.counts.changed else _with_below(lines, step)


def _gone(step: StepDiff) -> list[str]:
    if not step.counts.now:
        return ["the step is gone"]
    return [_some(step.removed, step.counts.gone)]


def _by(step: StepDiff) -> str:
    """What a step ranges over, and did before."""
    now, before = (_names(names) if names else "nothing" for names in (step.by, step.by_before or ()))
    return f"by {before} → {now}"


def _some(ids: tuple[str, ...], number: int) -> str:
    more = f" and {number - len(ids):,} more" if number > len(ids) else ""
    return ", ".join(ids) + more


def _names(names: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more


def setting_rows(diff: GraphDiff, engine: bool) -> list[list[str]]:
    """The settings that differ: those that are a part of the engine's own idea of a job, or the others."""
    rows = []
    for step in diff.steps:
        for number, reason in enumerate(r for r in step.settings if _told_to_engine(r) == engine):
            several = "" if reason.uniform else f" for {reason.example}, others likewise"
            rows.append([step.name if number == 0 else "", setting_text(reason) + several])
    return rows


def _told_to_engine(setting: Reason) -> bool:
    """Whether a setting stands in what engines compare: the files that a job waits for, the text that it runs."""
    return setting.kind in (Kind.ORDER, Kind.BATCH)


def _job(job: JobDiff) -> str:
    told = [f"was {job.was}"] if job.was is not None else []
    told += job.reasons
    if job.above:
        told.append(f"because of {_names(job.above)} above")
    return visible(f"{SIGNS[job.state]} {job.id}" + (f"  {', '.join(told)}" if told else "")) + "\n"
