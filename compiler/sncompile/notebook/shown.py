"""What pipelines, modules and their answers look like: as text, and in notebooks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from sncompile.api import Checked
from sncompile.diagnostics import Diagnostic, Severity
from sncompile.diagnostics.text import TextRenderer, summary
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion, Job
from sncompile.notebook import html
from sncompile.views.columns import count
from sncompile.views.forecast_text import forecast_text
from sncompile.views.plan import Plan, plan_of
from sncompile.views.plan_text import later_line, plan_text, row_of, work_line, work_rows
from sncompile.views.work import JobWork, orphans_told

if TYPE_CHECKING:
    from sncompile.drawing.picture import Picture
    from sncompile.notebook.modules import ConfiguredModule
    from sncompile.notebook.pipeline import Pipeline

FEW = 20
"""So many jobs are shown; of more, the rest is counted."""

_WIDTH = 100

_WIDE = 1000
"""No line of a page is broken by us."""


class Findings(Sequence[Diagnostic]):
    """The errors and warnings of a check. `ok` says whether there are no errors."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        """The check itself, with the program where there are no errors."""

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.checked.failed

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors."""
        return [d for d in self if d.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The warnings."""
        return [d for d in self if d.severity is Severity.WARNING]

    @overload
    def __getitem__(self, index: int) -> Diagnostic: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Diagnostic]: ...
    def __getitem__(self, index: int | slice) -> Diagnostic | Sequence[Diagnostic]:
        return self.checked.diagnostics[index]

    def __len__(self) -> int:
        return len(self.checked.diagnostics)

    def __repr__(self) -> str:
        if not self:
            return "no fault"
        text = TextRenderer(self.checked.sources).render(self.checked.diagnostics)
        return f"{text}\n{summary(self.checked.diagnostics)}"

    def _repr_html_(self) -> str:
        if not self:
            return html.framed("<p>no fault</p>")
        return html.framed(html.diagnostics(self.checked.diagnostics, self.checked.sources))


class PlanTable:
    """What would be done, and what of it has to run; `plan` holds it as data."""

    def __init__(self, plan: Plan, as_file: Callable[[], Mapping[str, Any]]) -> None:
        self.plan = plan
        """Steps, inputs, outputs and warnings; what has to run and why (`work`), and how long that takes."""
        self._as_file = as_file

    @property
    def job_count(self) -> int:
        """How many jobs there are."""
        return self.plan.jobs

    @property
    def to_run(self) -> tuple[JobWork, ...]:
        """The jobs that have to run, or may, each with the reason."""
        return self.plan.work.jobs if self.plan.work is not None else ()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write down what has to run, for `run(plan=FILE)` or `sncompile run --plan FILE`. Raises `OSError`."""
        Path(path).write_text(json.dumps(self._as_file(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def __repr__(self) -> str:
        return plan_text(self.plan, _WIDTH, str).rstrip("\n")

    def _repr_html_(self) -> str:
        return html.framed(steps_html(self.plan), _files_html(self.plan), work_html(self.plan))


class Jobs(Sequence[Job]):
    """The jobs of a pipeline, family after family; each is written out when it is asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __iter__(self) -> Iterator[Job]:
        expansion = Expansion(self._graph)
        for name in self._graph.families:
            yield from expansion.jobs(name)

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | Sequence[Job]:
        if isinstance(index, slice):
            return list(self)[index]
        place = index if index >= 0 else len(self) + index
        for job in islice(self, max(place, 0), None):
            if place >= 0:
                return job
        raise IndexError(index)

    def __len__(self) -> int:
        return self._graph.job_count()

    def __repr__(self) -> str:
        lines = [f"{job.id}: {_command(job)}" for job in islice(self, FEW)]
        return "\n".join([*lines, *_rest(len(self))])

    def _repr_html_(self) -> str:
        rows = [(job.id, ", ".join(_paths(job)), _command(job)) for job in islice(self, FEW)]
        more = "".join(f"<p class=sn-soft>{html.text(line)}</p>" for line in _rest(len(self)))
        return html.framed(html.table(["job", "writes", "command"], rows), more)


def _rest(total: int) -> list[str]:
    return [f"and {count(total - FEW, 'more job')}"] if total > FEW else []


def _command(job: Job) -> str:
    import shlex

    if job.command is not None:
        text = shlex.join(job.command)
    else:
        lines = (job.shell or "").strip().split("\n")
        # The script itself begins after the variables that hold its values.
        text = next((line for line in lines if not re.match(r"[A-Za-z]\w*=", line)), lines[0]) + " …"
    return text if len(text) <= 160 else f"{text[:157]}…"


def _paths(job: Job) -> list[str]:
    return [p for value in job.outputs.values() for p in (value if isinstance(value, list) else [value])]


# --- Pipelines and modules --------------------------------------------------------------------------------------------


def pipeline_text(pipeline: Pipeline) -> str:
    """A pipeline as text: its plan and its warnings, or its errors."""
    checked = pipeline.checked()
    if checked.program is None:
        return f"pipeline {pipeline.name}\n\n{Findings(checked)!r}"
    graph = pipeline.graph()
    text = plan_text(plan_of(checked.program, graph), _WIDTH, str).rstrip("\n")
    told = TextRenderer(checked.sources).render(checked.diagnostics)
    return f"{text}\n\n{told}".rstrip("\n")


def pipeline_html(pipeline: Pipeline) -> str:
    """A pipeline in a notebook: picture, table of steps, warnings; its errors where it has some."""
    from sncompile.api import graph_of
    from sncompile.drawing.families import family_picture

    checked = pipeline.checked()
    found = html.diagnostics(checked.diagnostics, checked.sources)
    if checked.program is None:
        return html.framed(f"<h4>{html.text(pipeline.name)}</h4>", found)
    graph = graph_of(checked.program)
    plan = plan_of(checked.program, graph)
    head = f"<h4>{html.text(plan.title or plan.pipeline)}</h4><p class=sn-soft>{html.text(_caption(plan))}</p>"
    return html.framed(head, graph_html(family_picture(graph)), steps_html(plan), _files_html(plan), found)


def graph_html(picture: Picture) -> str:
    """A graph at a size that can be read: of a large one the overview, and below it the groups, to be unfolded."""
    from sncompile.drawing.grouping import views_of
    from sncompile.drawing.themed_svg import to_themed_svg

    first, *rest = views_of(picture)
    folded = "".join(
        f"<details><summary>{html.text(view.title)} <span class=sn-soft>{html.text(view.picture.caption)}</span>"
        f'</summary><div class="sn-figure">{to_themed_svg(view.picture)}</div></details>'
        for view in rest
    )
    return f'<div class="sn-figure">{to_themed_svg(first.picture)}</div>{folded}'


def _caption(plan: Plan) -> str:
    return f"{plan.pipeline}: {count(plan.jobs, 'job')} in {count(len(plan.steps), 'step')}"


def steps_html(plan: Plan) -> str:
    """The table of a plan's steps."""
    rows = [[*row_of(step), step.module, step.title] for step in plan.steps]
    return html.table(["step", "by", "jobs", "each with", "module", ""], rows, right=(2,))


def _files_html(plan: Plan) -> str:
    missing = [file for file in plan.inputs if file.exists is False]
    lines = [
        f"{count(len(plan.inputs), 'input file')}, {'all there' if not missing else f'{len(missing):,} not there'}"
    ]
    lines += [f"{o.name}: {o.paths[0] if len(o.paths) == 1 else count(len(o.paths), 'file')}" for o in plan.outputs]
    return "".join(f"<p class=sn-soft>{html.text(line)}</p>" for line in lines)


def work_html(plan: Plan) -> str:
    """What of a plan has to run, why, and what that would take."""
    if plan.work is None:
        return ""
    rows = list(work_rows(plan.work)) if plan.work.known else []
    steps = html.table(["step", "jobs", "why"], rows, right=(1,)) if rows else ""
    lines = [orphans_told(plan.work)] if plan.work.orphans else []
    lines += forecast_text(plan.forecast, _WIDE).splitlines() if plan.forecast is not None else []
    lines += [f"later: {later_line(each)}" for each in plan.later]
    soft = "".join(f"<p class=sn-soft>{html.text(line)}</p>" for line in lines)
    return f"<p><strong>to run</strong> {html.text(work_line(plan.work))}</p>{steps}{soft}"


def module_html(module: ConfiguredModule) -> str:
    """A module in a notebook: what it takes, what is set of it, and what it gives."""
    told = module.describe()
    given = module.given
    rows = []
    for kind in ("inputs", "params"):
        for name, port in told[kind].items():
            value = given.get(name, port.get("default"))
            rows.append(
                [
                    name,
                    port["type"],
                    "" if value is None else value,
                    "set" if name in given else "",
                    port["description"],
                ]
            )
    rows += [
        [name, port["type"], port.get("path", ""), "output", port["description"]]
        for name, port in told["outputs"].items()
    ]
    head = f"<h4>{html.text(told['title'] or told['name'])}</h4><p class=sn-soft>{html.text(told['description'])}</p>"
    return html.framed(head, html.table(["name", "type", "value", "", ""], rows))
