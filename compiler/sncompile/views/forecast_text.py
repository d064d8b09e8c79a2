"""What a run would take, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sncompile.state.expected import Basis
from sncompile.state.forecast import Forecast, Grounds
from sncompile.state.schedule import Outcome
from sncompile.views.columns import count, table
from sncompile.views.rounded import size_text, time_text

_FEW = 5
"""So many steps are named that were never measured; of more, the rest is counted."""


def forecast_text(found: Forecast, width: int) -> str:
    """Time, memory and disk, each on a line, and what they rest on; nothing where nothing is known."""
    if not any(grounds.known for grounds in _grounds(found).values()):
        return ""
    rows = [["time", _time(found)]]
    if found.memory_by.known and found.most.memory:
        rows.append(["memory", _memory(found)])
    if found.written_by.known and found.written:
        rows.append(["disk", _disk(found)])
    rows.append(["known", "; ".join(_known(found))])
    return table([[f"{name:<6}", text] for name, text in rows], width, gap=3)


def _time(found: Forecast) -> str:
    if not found.seconds_by.known:
        return "nobody knows: none of these jobs was ever measured"
    most, least = time_text(found.most.seconds), time_text(found.least.seconds)
    told = f"{_bound(found.seconds_by)}about {most} at {count(found.cores, 'core')}"
    return told if most == least else f"{told}; {least} if no job runs that only may"


def _memory(found: Forecast) -> str:
    of = "" if found.memory is None else f", of {size_text(found.memory * 1_000_000)}"
    told = f"{_bound(found.memory_by)}{size_text(round(found.most.memory * 1_000_000))} at once{of}"
    beyond = [f"{step} asks for {size_text(asked * 1_000_000)}" for step, asked in found.beyond.items()]
    return f"{told}: too little, as {_names(beyond)}" if beyond else told


def _disk(found: Forecast) -> str:
    parts = [f"{_bound(found.written_by)}{size_text(found.written)} written"]
    if found.temporary:
        parts.append(f"{size_text(found.temporary)} of it deleted again")
    if found.temporary and found.most.disk > 0:
        parts.append(f"up to {size_text(found.most.disk)} more than now at a time")
    return ", ".join(parts)


def _bound(grounds: Grounds) -> str:
    """What steps ask for is most often more than they take; of what counts as nothing there will be something."""
    more, less = grounds.jobs[Basis.NOTHING], grounds.jobs[Basis.SAID]
    return "perhaps " if more and less else "at least " if more else "at most " if less else ""


def _known(found: Forecast) -> Iterator[str]:
    grounds = found.seconds_by
    own, step = grounds.jobs[Basis.OWN], grounds.jobs[Basis.STEP]
    if own:
        yield f"from {own:,} of {count(found.jobs, 'job')} as they were measured"
    if step:
        number = f"{step:,}" if own else count(step, "job")
        yield f"{number} as the middle of {'its' if step == 1 else 'their'} step"
    if not own and not step:
        yield "no such job was ever measured"
    for basis, how in ((Basis.SAID, "by their `time`"), (Basis.NOTHING, "as nothing")):
        steps = [step for step, each in grounds.never.items() if each is basis]
        if steps:
            yield f"{how}: {_names(steps)}"


def _names(steps: list[str]) -> str:
    more = f" and {len(steps) - _FEW} more" if len(steps) > _FEW else ""
    return ", ".join(steps[:_FEW]) + more


def forecast_object(found: Forecast) -> dict[str, Any]:
    """The form for machines: seconds, megabytes of memory, bytes of disk."""
    return {
        "cores": found.cores,
        "memory_mb": found.memory,
        "jobs": found.jobs,
        "least": _outcome(found.least),
        "most": _outcome(found.most),
        "written_bytes": found.written,
        "temporary_bytes": found.temporary,
        "beyond_memory_mb": dict(found.beyond),
        "known_by": {
            name: {
                "jobs": {basis.value: grounds.jobs[basis] for basis in Basis},
                "never_measured": {step: basis.value for step, basis in grounds.never.items()},
            }
            for name, grounds in _grounds(found).items()
        },
    }


def _outcome(found: Outcome) -> dict[str, Any]:
    return {"seconds": round(found.seconds, 1), "memory_mb": round(found.memory), "disk_bytes": found.disk}


def _grounds(found: Forecast) -> dict[str, Grounds]:
    return {"time": found.seconds_by, "memory": found.memory_by, "disk": found.written_by}
