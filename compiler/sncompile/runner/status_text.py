"""Where a run stands, as text for people and as an object for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sncompile.diagnostics.machine import as_object
from sncompile.runner.display import duration, still_text
from sncompile.runner.engine.options import PROFILE
from sncompile.runner.failures import together
from sncompile.runner.processes import Seen
from sncompile.runner.telemetry.sender import told
from sncompile.runner.watch import RunStatus, State, Watch
from sncompile.views.columns import count, table

SAYS = {
    State.RUNNING: "running",
    State.DONE: "done",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.CRASHED: "crashed: its engine is gone and has not told of an end",
}

_COUNTS = ("done", "running", "failed", "stopped")


def status_text(watch: Watch, status: RunStatus, width: int, bold: Callable[[str], str]) -> str:
    """The run's state, its times, and a table of its steps; failures are told apart from it."""
    head = [
        bold(table([[f"{status.pipeline}: {SAYS[status.state]}"]], width).rstrip("\n")) + "\n",
        table(
            [
                ["run", str(status.folder)],
                ["spec", status.spec],
                ["time", times_text(status)],
                *(map(list, taken_from(watch.record))),
            ],
            width,
        ),
    ]
    if status.seen is Seen.ELSEWHERE and status.state is State.RUNNING and status.process is not None:
        head.append(f"It runs on another machine ({status.process.machine}), so what is told rests on its events.\n")
    shown = [name for name in _COUNTS if any(getattr(step, name) for step in status.steps) or name == "done"]
    rows = [["step", "jobs", *shown]]
    rows += [[s.name, f"{s.total:,}", *(_number(getattr(s, name)) for name in shown)] for s in status.steps]
    first, *rest = table(rows, width, right=range(1, len(shown) + 2)).splitlines(keepends=True)
    steps = bold(first.rstrip("\n")) + "\n" + "".join(rest) if status.steps else _no_steps(status)
    undelivered = told(watch.folder, 0) if status.state.ended else None
    telemetry = f"{undelivered}\n" if undelivered is not None else ""
    return "\n".join(("".join(head), steps, _summary(watch, status) + telemetry))


def _no_steps(status: RunStatus) -> str:
    up_to_date = status.state is State.DONE and not status.total
    return f"no job was started{': everything was up to date' if up_to_date else ''}\n"


def _number(number: int) -> str:
    return f"{number:,}" if number else "-"


def _summary(watch: Watch, status: RunStatus) -> str:
    parts = [f"{status.done:,} of {count(status.total, 'job')} done"]
    parts += [f"{getattr(status, name):,} {name}" for name in _COUNTS[1:] if getattr(status, name)]
    again = sum(job.attempts > 1 for job in watch.progress.jobs.values())
    parts += [f"{again:,} tried again"] if again else []
    rest = watch.progress.remaining() if status.state is State.RUNNING else None
    parts += [f"about {duration(rest)} left"] if rest else []
    still = still_text(watch.progress) if status.state is State.RUNNING else None
    return ", ".join(parts) + "\n" + (f"{still}\n" if still is not None else "")


def clock(seconds: float) -> str:
    """A moment by the clock of who looks."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S}"


def times_text(status: RunStatus) -> str:
    """When a run began and ended, by the clock of who looks."""
    if status.started is None:
        return "not begun"
    began = clock(status.started)
    took = duration(status.seconds or 0)
    return f"{began}, took {took}" if status.state.ended else f"since {began}, for {took}"


def taken_from(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a run took from elsewhere than its spec, in words: a profile, options, variables, the machine's memory.

    Only what there is.
    """
    taken = record.get("taken") or {}
    if taken.get("profile"):
        yield "profile", str(taken["profile"])
    options = [f"{s['option']}{' (profile)' if s['from'] == PROFILE else ''}" for s in taken.get("settings") or ()]
    for name, found in (
        ("engine options", options),
        ("variables", taken.get("variables") or ()),
        ("left out", taken.get("variables_left_out") or ()),
    ):
        if found:
            yield name, ", ".join(map(str, found))
    if taken.get("shared"):
        yield "limits", ", ".join(f"{name}={amount}" for name, amount in taken["shared"].items()) + " (this machine's)"


def status_object(watch: Watch, status: RunStatus) -> dict[str, Any]:
    """The JSON form: state, times, counts for the run and for every step, and the failures with their places.

    `failures` has every job that failed, `reasons` those of a step together that failed for the same reason.
    """
    failed = list(watch.failures())
    return {
        "run": str(status.folder),
        "name": status.name,
        "pipeline": status.pipeline,
        "spec": status.spec,
        "state": status.state.value,
        "process": status.process.as_object() if status.process is not None else None,
        "process_seen": status.seen.value,
        "started": _time(status.started),
        "ended": _time(status.ended),
        "seconds": None if status.seconds is None else round(status.seconds, 3),
        "still_since": _time(watch.progress.still_since),
        "jobs": {"total": status.total, **{name: getattr(status, name) for name in _COUNTS}},
        "steps": [
            {"name": s.name, "total": s.total, **{name: getattr(s, name) for name in _COUNTS}} for s in status.steps
        ],
        "retried": [
            {"step": name.step, "key": dict(name.key), "attempts": job.attempts}
            for job in watch.progress.jobs.values()
            if job.attempts > 1
            for name in watch.names.of(job.rule, job.outputs, job.wildcards)
        ],
        "failures": [
            {
                "step": failure.step,
                "key": failure.key,
                "status": failure.status,
                "attempts": failure.attempts,
                "logs": [str(log.path) for log in failure.logs],
                "tries": [
                    {"status": status, "logs": [str(log.path) for log in logs]} for status, logs in failure.earlier
                ],
                "diagnostic": as_object(failure.diagnostic()),
            }
            for failure in failed
        ],
        "reasons": [
            {
                "step": same.first.step,
                "code": same.first.cause.fault.code,
                "message": same.message,
                "jobs": 1 + len(same.rest),
                "keys": [failure.key for failure in (same.first, *same.rest)],
            }
            for same in together(failed)
        ],
        "taken": watch.record.get("taken"),
        "errors": [as_object(d) for d in watch.faults(status.state)] if not status.failed else [],
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
