"""Options of commands that tell how long it would take, or how full the disk may become."""

from __future__ import annotations

import click

from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.quantities import size_in_bytes


class Size(click.ParamType):  # type: ignore[type-arg]  # Generic for type checkers only.
    """A number with a unit, such as `40GB`, as bytes."""

    name = "SIZE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else size_in_bytes(str(value))
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
