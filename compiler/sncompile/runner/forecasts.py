"""How long jobs would take on this machine."""

from __future__ import annotations

from sncompile.runner.machine import this_machine
from sncompile.state.decisions import Decisions
from sncompile.state.forecast import Forecast, forecast


def forecast_for(decisions: Decisions, folder: str, cores: str) -> Forecast:
    """What the jobs that run, or may, would take on this machine with so many cores, or `all` of them.

    With more cores than it has, it is another machine that is asked about, whose memory nobody knows.
    """
    machine = this_machine()
    number = machine.cores if cores == "all" else int(cores)
    return forecast(decisions, folder, number, machine.memory if number <= machine.cores else None)
