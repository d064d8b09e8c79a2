"""A page about a run that needs nothing beside it: what failed, the graph, the times, and all that went into it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, Undefined
from markupsafe import Markup, escape

from sncompile import template_files
from sncompile.diagnostics import Span
from sncompile.diagnostics.text import visible
from sncompile.drawing.grouping import groups_of, views_of
from sncompile.drawing.scripts import script, source_hash
from sncompile.drawing.themed_svg import Mark, to_themed_views
from sncompile.lazy_regex import regex
from sncompile.runner.display import duration
from sncompile.runner.facts import picture_from
from sncompile.runner.failures import SameFailures, together
from sncompile.runner.measures import JobTime, Measures, StepTime, job_times, step_times
from sncompile.runner.page.jobs import PageJobs
from sncompile.runner.page.links import Links
from sncompile.runner.page.results import results
from sncompile.runner.page.shown import shown_results
from sncompile.runner.progress import StepProgress
from sncompile.runner.record import now
from sncompile.runner.software import NO_IMAGES
from sncompile.runner.status_text import SAYS, clock, taken_from, times_text
from sncompile.runner.timeline import timeline
from sncompile.runner.tool_versions import versions_in
from sncompile.runner.watch import RunStatus, State, Watch

MOST_REASONS = 50
MOST_JOBS = 1000
"""So many of each are shown; of more, the rest is counted."""

_TAIL = 40
_ESCAPES = regex(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_UNPRINTABLE = regex("[\ufffe\uffff\ud800-\udfff]")


def report_page(watch: Watch, out: Path | None = None) -> str:
    """The page, as it stands when it is asked for. Its links lead from `out`, by default a file in the run's folder."""
    page = out if out is not None else watch.folder.path / "report.html"
    return RunPage(watch, Links.beside(page, watch.folder.path, watch.working)).whole(watch.look())


FRAGMENTS = ("top", "failures", "shown", "results", "timeline", "steps")
"""The parts of the page that change while the run works, each a template."""


class RunPage:
    """The page about a run: as a whole, and by its parts while the run works."""

    def __init__(self, watch: Watch, links: Links, *, live: bool = False) -> None:
        self._watch, self._links, self._live = watch, links, live
        self._measures = Measures(watch)
        self._jobs = PageJobs(watch, links, self._measures)
        self._environment = _environment()
        self._drawn: Markup | None = None

    def whole(self, status: RunStatus) -> str:
        """The page as it stands."""
        facts = self._watch.names.facts
        names = ("graph/graph.js", "report/jobs.js", *(["report/live.js"] if self._live else []))
        scripts = [script(name) for name in names]
        return self._environment.get_template("report/page.html").render(
            self._content(status),
            graph=self._graph(status),
            parameters=_parameters(facts, self._names(status)),
            scripts=scripts,
            hashes=[source_hash(each) for each in scripts],
            data=as_json(self.data(status)),
            live=self._live,
            fragments=FRAGMENTS,
        )

    def fragments(self, status: RunStatus) -> dict[str, str]:
        """The parts that change, as they stand."""
        content = self._content(status)
        return {
            name: self._environment.get_template(f"report/{name}.html").render(content, live=self._live)
            for name in FRAGMENTS
        }

    def data(self, status: RunStatus) -> dict[str, Any]:
        """What the page's script reads: the jobs, and what the graph's boxes show."""
        marks = {name: list(mark) for name, mark in _marks(status, self._watch.names.facts).items()}
        return {"state": status.state.value, **self._jobs.data(status, status.ended or now()), "marks": marks}

    def _graph(self, status: RunStatus) -> Markup:
        # To lay it out takes long. While the run works, the page's script changes what the boxes show.
        if self._drawn is None:
            self._drawn = _graph(status, self._watch.names.facts)
        return self._drawn

    def _names(self, status: RunStatus) -> list[str]:
        told = self._watch.names.facts.get("steps") or ()
        return [str(step["name"]) for step in told] or [step.name for step in status.steps]

    def _content(self, status: RunStatus) -> dict[str, Any]:
        watch, facts = self._watch, self._watch.names.facts
        jobs = job_times(watch, status.ended or now(), self._measures)
        names = self._names(status)
        rows, ticks = timeline(names, jobs)
        found = together(watch.failures())
        return {
            "status": status,
            "says": SAYS[status.state],
            "times": times_text(status),
            "title": facts.get("title") or status.pipeline,
            "facts": facts,
            "record": watch.record,
            "taken": list(taken_from(watch.record)),
            "tiles": _tiles(status, jobs),
            "failures": [_told(same, watch.sources()) for same in found[:MOST_REASONS]],
            "more_reasons": max(0, len(found) - MOST_REASONS),
            "errors": [] if found else watch.faults(status.state),
            "rows": rows,
            "ticks": ticks,
            "steps": list(_steps(names, status, jobs, facts)),
            "shown": shown_results(facts, watch.working, self._links),
            "results": results(watch, status, self._links),
            "looked": clock(now()),
            "images": _images(facts),
            "images_by": _images_by(watch.record),
            "tools": versions_in(watch.record),
            "working": watch.working,
        }


def as_json(data: object) -> Markup:
    """Data as a page may hold it in an element of its own, whatever texts are in it."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _environment() -> Environment:
    filters = {
        "duration": _seconds,
        "tick": _tick,
        "megabytes": _megabytes,
        "minutes": _minutes,
        "amount": _amount,
        "plain": _plain,
        "words": _words,
        "as_code": _as_code,
    }
    return template_files.environment(filters=filters, autoescape=True, finalize=_clean)


def _as_code(message: str) -> Markup:
    """A message whose words of specs, which a terminal has between backticks, look as such."""
    parts = [escape(part) for part in _clean(message).split("`")]
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)  # One is left over, and so it is not known which ones belong together.
    return Markup().join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))


def _clean(value: Any) -> Any:
    """Somebody else's text as a page may hold it: nothing that steers, no colours of a terminal."""
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _UNPRINTABLE.sub("\ufffd", visible(_ESCAPES.sub("", value)))


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if 0 < seconds < 10 else duration(seconds)


def _tick(seconds: float) -> str:
    return f"{seconds:g} s" if 0 < seconds < 60 else duration(seconds) if seconds else "0"


def _words(words: Sequence[object]) -> str:
    """A command as it is typed."""
    return shlex.join(map(str, words))


def _megabytes(number: object) -> str:
    """Megabytes; nothing for what is no number, such as an amount that differs between jobs."""
    if not isinstance(number, (int, float)):
        return _amount(number)
    return f"{number / 1000:.1f} GB" if number >= 1000 else f"{number:.0f} MB"


def _minutes(number: object) -> str:
    return _seconds(60 * number) if isinstance(number, (int, float)) else _amount(number)


def _amount(number: object) -> str:
    if number is None or isinstance(number, Undefined):
        return "–"
    return f"{number:g}" if isinstance(number, (int, float)) else "varies"


def _plain(value: Any) -> str:
    """A value of a parameter for people."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or "an empty list"
    return str(value) if value != "" else "an empty text"


def _tiles(status: RunStatus, jobs: Sequence[JobTime]) -> list[tuple[str, str, str]]:
    """The numbers at the top: what, how much, and a state for its colour."""
    memory = [job.measure.memory for job in jobs if job.measure.memory is not None]
    total = sum(job.seconds for job in jobs)
    count = f"{status.done:,} of {status.total:,}" if status.total or status.state is not State.DONE else "none needed"
    found = [("jobs done", count, "done" if status.state is State.DONE else "")]
    found += [("failed", f"{status.failed:,}", "failed")] if status.failed else []
    found += [("stopped", f"{status.stopped:,}", "stopped")] if status.stopped else []
    found += [("running", f"{status.running:,}", "running")] if status.running else []
    found += [("took", _seconds(status.seconds), "")]
    found += [("total of all jobs", _seconds(total), "")] if jobs else []
    found += [("most memory of a job", _megabytes(max(memory)), "")] if memory else []
    return found


# --- Failures ---------------------------------------------------------------------------------------------------------


def _told(same: SameFailures, sources: Mapping[str, str]) -> dict[str, Any]:
    failure = same.first
    tries = [(len(failure.earlier) + 1, "", failure.logs)]
    tries += [(number, status, logs) for number, (status, logs) in enumerate(failure.earlier, 1)]
    return {
        "message": same.message,
        "jobs": same.named(MOST_JOBS) if same.rest else "",
        "failure": failure,
        "snippet": _snippet(failure.span, sources),
        "tails": [
            (
                log.name + (f", try {number}{f' ({status})' if status else ''}" if failure.earlier else ""),
                "\n".join(line.removeprefix("| ") for line in failure.tail(log.path, _TAIL)),
            )
            for number, status, logs in tries
            for log in logs
        ],
    }


def _snippet(span: Span | None, sources: Mapping[str, str]) -> list[tuple[int, str]]:
    """The lines of the spec from a place on."""
    lines = sources.get(span.file, "").split("\n") if span is not None else []
    first = span.line if span is not None else 1
    return [(number, lines[number - 1][:200]) for number in range(first, min(first + 4, len(lines) + 1))]


# --- The graph and the steps ------------------------------------------------------------------------------------------


def step_state(step: StepProgress | None) -> str:
    """A step's state, for its colour."""
    if step is None or not step.total:
        return "idle"
    for state in ("failed", "running", "stopped"):
        if getattr(step, state):
            return state
    return "done" if step.done >= step.total else "waiting"


def step_mark(step: StepProgress | None, *, begun: bool = True) -> Mark:
    """What a step's box shows; `begun`: the engine has told what there is to do."""
    if step is None or not step.total:
        return Mark("idle", "nothing to do" if begun else "not begun", ())
    says = [f"{step.done:,} of {step.total:,}"]
    says += [f"{getattr(step, n):,} {n}" for n in ("failed", "running", "stopped") if getattr(step, n)]
    parts = [(n, getattr(step, n) / step.total) for n in ("done", "failed", "running", "stopped")]
    return Mark(step_state(step), ", ".join(says), parts)


def _begun(status: RunStatus) -> bool:
    return status.total > 0 or status.state is State.DONE


def _marks(status: RunStatus, facts: Mapping[str, Any]) -> dict[str, Mark]:
    progress = {step.name: step for step in status.steps}
    names = [str(step["name"]) for step in facts.get("steps") or ()]
    picture = picture_from(facts)
    together = groups_of(picture) if picture is not None else {}
    found = {name: step_mark(progress.get(name), begun=_begun(status)) for name in names}
    for group, steps in together.items():
        found[group] = step_mark(
            _sum(group, [progress[name] for name in steps if name in progress]), begun=_begun(status)
        )
    return found


def _sum(name: str, steps: Sequence[StepProgress]) -> StepProgress:
    """The jobs of several steps together."""
    counts = {field: sum(getattr(step, field) for step in steps) for field in _COUNTED}
    return StepProgress(name, **counts)


_COUNTED = ("total", "running", "done", "failed", "stopped")


def _graph(status: RunStatus, facts: Mapping[str, Any]) -> Markup:
    picture = picture_from(facts)
    if picture is None:
        return Markup()
    # Its texts are escaped where it is made.
    return Markup(to_themed_views(views_of(picture), _marks(status, facts)))


def _steps(
    names: Sequence[str], status: RunStatus, jobs: Sequence[JobTime], facts: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    progress = {step.name: step for step in status.steps}
    told = {str(step["name"]): step for step in facts.get("steps") or ()}
    by_step: dict[str, list[JobTime]] = {}
    for job in jobs:
        by_step.setdefault(job.name.step, []).append(job)
    times: dict[str, StepTime] = {name: step_times(name, by_step.get(name, [])) for name in names}
    most = max((time.total for time in times.values()), default=0.0)
    for name in names:
        step = progress.get(name)
        yield {
            "name": name,
            "told": told.get(name, {}),
            "progress": step,
            "mark": step_mark(step, begun=_begun(status)),
            "times": times[name],
            "share": 100 * times[name].total / most if most else 0.0,
        }


# --- What went into it ------------------------------------------------------------------------------------------------


def _parameters(facts: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The parameters of the pipeline, and of every step that has some."""
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in ("", *names)}
    for parameter in facts.get("parameters") or ():
        groups.setdefault(parameter.get("step") or "", []).append(parameter)
    return [(name, found) for name, found in groups.items() if found]


def _images_by(record: Mapping[str, Any]) -> str:
    """What became of the images, as far as the record says."""
    engine = record.get("containers")
    return "not used: the tools ran as they are" if engine == NO_IMAGES else f"run by {engine}" if engine else ""


def _images(facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Container image → the steps that run in it."""
    found: dict[str, list[str]] = {}
    for step in facts.get("steps") or ():
        if step.get("container"):
            found.setdefault(str(step["container"]), []).append(str(step["name"]))
    return found
