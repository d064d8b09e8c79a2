"""The order in which Bilayers passes arguments."""

from __future__ import annotations

from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.spec import Item, Spec, is_none
from sncompile.faults import exchange as faults


class Argument(NamedTuple):
    """An item that may be passed; `source` is `input`, `output`, `parameter` or `hidden`."""

    source: str
    item: Item


def rank(order: int) -> tuple[int, int]:
    """What arguments are sorted by: 1, 2, … come first, then those with 0 or nothing, then …, -2, -1."""
    return (0 if order > 0 else 1 if order == 0 else 2, order)


def in_order(spec: Spec, report: Report) -> list[Argument]:
    """All arguments, in order; of equal order inputs come first, then outputs, parameters and hidden arguments.

    Bilayers itself passes no outputs; one with a tag of its own is passed here where nothing else says where it goes.
    """
    found = [
        *(Argument("input", item) for item in spec.inputs),
        *(Argument("output", item) for item in spec.outputs),
        *(Argument("parameter", item) for item in spec.parameters),
        *(Argument("hidden", item) for item in hidden_args(spec, report)),
    ]
    return sorted(found, key=lambda argument: rank(argument.item.order))


def hidden_args(spec: Spec, report: Report) -> list[Item]:
    """The hidden arguments that are passed: of several with one tag the last, in the place of the first."""
    last: dict[str | None, Item] = {}
    for item in spec.hidden:
        tag = str(item.fields["cli_tag"])
        if tag in last:
            message = f"there are several hidden arguments `{tag}`; Bilayers passes the last one"
            place = Place("the last one", item.at("cli_tag"))
            hint = "put all values into one argument, or remove those that do not count"
            report.add(faults.NO_EFFECT.at(last[tag].at("cli_tag"), message, help=hint, related=(place,)))
        last[tag] = item
    found = []
    for item in last.values():
        value = item.fields["value"]
        off = value is False and item.fields.get("append_value") is not True
        if item.tag is None or off or is_none(value):
            message = f"the hidden argument `{item.fields['cli_tag']}` is never passed: its value is empty"
            hint = "for a flag give `value: True`; or put it into `cli_command`"
            report.add(faults.NO_EFFECT.at(item.at("value"), message, help=hint))
        else:
            found.append(item)
    return found
