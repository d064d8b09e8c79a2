"""A page about a run that needs nothing beside it: what failed, the graph, the times, and all that went into it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sncompile.diagnostics import Span
from sncompile.diagnostics.text import visible
from sncompile.drawing.themed_svg import Mark, to_themed_svg
from sncompile.ir.language.locations import is_url
from sncompile.runner.display import duration
from sncompile.runner.facts import picture_from
from sncompile.runner.failures import SameFailures, together
from sncompile.runner.measures import JobTime, StepTime, job_times, step_times
from sncompile.runner.progress import StepProgress
from sncompile.runner.record import now
from sncompile.runner.report_results import shown_results
from sncompile.runner.software import NO_IMAGES
from sncompile.runner.status_text import SAYS, clock, taken_from, times_text
from sncompile.runner.timeline import timeline
from sncompile.runner.tool_versions import versions_in
from sncompile.runner.watch import RunStatus, State, Watch

MOST_REASONS = 50
MOST_JOBS = 1000
MOST_PATHS = 12
"""So many of each are shown; of more, the rest is counted."""

_TAIL = 40
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_UNPRINTABLE = re.compile("[\ufffe\uffff\ud800-\udfff]")


def report_page(watch: Watch) -> str:
    """The page, as it stands when it is asked for."""
    status = watch.look()
    facts = watch.names.facts
    jobs = job_times(watch, status.ended or now())
    names = [str(step["name"]) for step in facts.get("steps") or ()] or [step.name for step in status.steps]
    rows, ticks = timeline(names, jobs)
    found = together(watch.failures())
    return _environment().get_template("report/page.html").render(
        status=status,
        says=SAYS[status.state],
        times=times_text(status),
        title=facts.get("title") or status.pipeline,
        facts=facts,
        record=watch.record,
        taken=list(taken_from(watch.record)),
        tiles=_tiles(status, jobs),
        failures=[_told(same, watch.sources()) for same in found[:MOST_REASONS]],
        more_reasons=max(0, len(found) - MOST_REASONS),
        errors=[] if found else watch.faults(status.state),
        graph=_graph(status, facts),
        rows=rows,
        ticks=ticks,
        steps=list(_steps(names, status, jobs, facts)),
        jobs=sorted(jobs, key=lambda j: j.started)[:MOST_JOBS],
        more_jobs=max(0, len(jobs) - MOST_JOBS),
        parameters=_parameters(facts, names),
        outputs=_outputs(watch, status),
        looked=clock(now()),
        images=_images(facts),
        images_by=_images_by(watch.record),
        results=shown_results(facts, watch.working),
        tools=versions_in(watch.record),
        working=watch.working,
    )  # fmt: skip


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(files("sncompile.templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": _seconds,
        "tick": _tick,
        "megabytes": _megabytes,
        "plain": _plain,
        "words": _words,
    }
    return environment


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


def _megabytes(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number / 1000:.1f} GB" if number >= 1000 else f"{number:.0f} MB"


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
    found += [("all jobs together", _seconds(total), "")] if jobs else []
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


def _graph(status: RunStatus, facts: Mapping[str, Any]) -> Markup:
    picture = picture_from(facts)
    if picture is None:
        return Markup()
    progress = {step.name: step for step in status.steps}
    names = [str(step["name"]) for step in facts.get("steps") or ()]
    marks = {name: step_mark(progress.get(name), begun=_begun(status)) for name in names}
    # Its texts are escaped where it is made.
    return Markup(to_themed_svg(picture, marks))


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


def _outputs(watch: Watch, status: RunStatus) -> list[dict[str, Any]]:
    """The outputs, each path with what has become of it since the run ended."""
    targets = [str(target) for target in (watch.record.get("engine") or {}).get("targets") or ()]
    found = []
    for name, output in (watch.names.facts.get("outputs") or {}).items():
        paths = [str(path) for path in output.get("paths") or ()]
        if output.get("may_lack"):
            paths = [path for path in paths if os.path.lexists(watch.working / path)]
        shown = [(path, _since(path, watch.working, status, targets)) for path in paths[:MOST_PATHS]]
        found.append({"name": name, "paths": shown, "more": max(0, len(paths) - MOST_PATHS)})
    return found


def _since(path: str, working: Path, status: RunStatus, targets: Sequence[str]) -> str:
    """What is to be said of an output as it is now; nothing where it is as the run left it."""
    if is_url(path):
        return ""  # A page asks nobody.
    try:
        changed = (working / path).stat().st_mtime
    except OSError:
        asked = not targets or "all" in targets or path in targets
        return "is not there now" if asked else "was not asked for (--target), and is not there now"
    # A file system's clock may be a little ahead of ours.
    if status.ended is not None and status.state.ended and changed > status.ended + _CLOCKS:
        return f"was written again since this run, at {clock(changed)}"
    return ""


_CLOCKS = 2.0
"""Seconds that clocks of machines which share files may differ by."""


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
