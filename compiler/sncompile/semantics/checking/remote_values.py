"""Values of a module that would hold the URL of a port, where its command works with the file that was fetched.

Engines put a fetched file where they like, and a command names the port. What is made of a port's path beforehand is
text that is made of the URL: `${dirname(inputs.image)}` would be `https://example.org/raw`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Flag, Option
from sncompile.ir.values.model import Apply, Choice, Local, Record, Size, Text, Value, children
from sncompile.ir.values.remote import RemotePort
from sncompile.semantics.program import Step

NAMES = frozenset(("basename", "stem", "suffix", "len"))
"""Functions that say the same of a URL as of the file."""


class _Seen(NamedTuple):
    """A value, whether an engine may put the fetched file's name in its place, and whether it is always there."""

    value: Value
    named: bool
    sure: bool


def strays(step: Step, remote: Collection[RemotePort]) -> Iterator[tuple[Span, str]]:
    """The places where the URL of a port would be taken for the file, and the port's name; each port once."""
    told: set[str] = set()
    for start in _values(step):
        for span, port in _within(start, step, frozenset(remote)):
            if port not in told:
                told.add(port)
                yield span, port


def _values(step: Step) -> Iterator[_Seen]:
    for argument in (*(step.command or ()), *(part.value for part in step.shell or () if part.value is not None)):
        if isinstance(argument, Option):
            yield _Seen(argument.value, True, False)
        elif not isinstance(argument, Flag):
            yield _Seen(argument, True, True)
    yield from (_Seen(listed.value, True, True) for listed in step.lists.values())
    yield from (_Seen(variable.value, True, True) for variable in step.env or () if variable.value is not None)
    yield from (_Seen(value, False, True) for value in step.resources.values())
    if step.container is not None:
        yield _Seen(step.container, False, True)


def _within(start: _Seen, step: Step, remote: Collection[RemotePort]) -> Iterator[tuple[Span, str]]:
    pending, followed = [start], set()
    while pending:
        value, named, sure = pending.pop()
        match value:
            case Local(space="inputs" | "outputs") | Size():
                space, name = (value.space, value.name) if isinstance(value, Local) else ("inputs", value.port)
                lost = isinstance(value, Size) or not named or (value.type.optional and not sure)
                if lost and RemotePort(space, name) in remote:
                    yield value.span, f"{space}.{name}"
            case Local(space="params" | "env"):
                if (value.space, value.name, named) not in followed:
                    followed.add((value.space, value.name, named))
                    pending.append(_Seen(step.local(value.space, value.name), named, sure))
            case Local():
                pass
            case Text():
                pending += [_Seen(part, named, sure) for part in value.parts]
            case Record():
                pending += [_Seen(member, named, False) for _, member in value.members]
            case Apply(function=function) if function in NAMES:
                pass
            case Choice():
                pending += [_Seen(arm, False, sure) for arm in (value.then, value.other)]
            case _:
                pending += [_Seen(child, False, sure) for child in children(value)]
