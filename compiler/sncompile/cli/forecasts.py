"""What commands say of how long it would take."""

from __future__ import annotations

import click

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


def _checked(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if value != "all" and not (value.isdigit() and int(value) > 0):
        raise click.BadParameter("a whole number from 1, or `all`")
    return value


cores_option = click.option(
    "-c",
    "--cores",
    default="all",
    show_default=True,
    metavar="N",
    callback=_checked,
    help="Cores to say for how long it would take; `all` are those of this machine.",
)
