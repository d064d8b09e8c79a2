"""What commands say of how long it would take."""

from __future__ import annotations

import click

from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.quantities import quantity
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


class Size(click.ParamType):  # type: ignore[type-arg]  # Generic for type checkers only.
    """A number with a unit, such as `40GB`, as bytes."""

    name = "SIZE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return quantity("megabytes", 1e-6)(value) * 1_000_000
        except ValueFault as fault:
            self.fail(f"{fault}", param, ctx)


disk_option = click.option(
    "--disk",
    type=Size(),
    metavar="SIZE",
    help="Have the disk become no more than that fuller while the run goes on, or refuse to start.",
)


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
