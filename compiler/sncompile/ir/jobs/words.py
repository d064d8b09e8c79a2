"""Commands of an instance: arguments become words, scripts become text."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart
from sncompile.ir.language.functions import to_text
from sncompile.ir.values.evaluate import Closure
from sncompile.ir.values.model import Value

ToClosure = Callable[[Value], Closure]


def as_arguments(value: Any) -> list[str]:
    """A value as arguments: a list is that many, of which an absent item is an empty one; an absent value is none."""
    if value is None:
        return []
    if isinstance(value, tuple):
        return ["" if item is None else to_text(item) for item in value]
    return [to_text(value)]


def list_text(value: Any, ended_by: str) -> str:
    """What a list file holds.

    >>> list_text(("a.tif", "b.tif"), "\\n"), list_text(None, "\\n")
    ('a.tif\\nb.tif\\n', '')
    """
    return "".join([f"{item}{ended_by}" for item in as_arguments(value)])


def argument_words(argument: Argument, closure: ToClosure) -> Callable[[int], list[str]]:
    """The function from an instance to the words of an argument there; `closure` evaluates values."""
    if isinstance(argument, Flag):
        when = closure(argument.when) if argument.when is not None else None
        flag = argument.flag
        return lambda i: [flag] if when is None or when(i) else []
    if isinstance(argument, Option):
        return _option_words(argument, closure)
    value = closure(argument)
    return lambda i: as_arguments(value(i))


def _option_words(argument: Option, closure: ToClosure) -> Callable[[int], list[str]]:
    value = closure(argument.value)
    when = closure(argument.when) if argument.when is not None else None

    def build(i: int) -> list[str]:
        found = as_arguments(value(i)) if when is None or when(i) else []
        if not found:
            return []
        if argument.repeat:
            return [word for item in found for word in (argument.option, item)]
        return [argument.option, *found]

    return build


def shell_text(part: ShellPart, closure: ToClosure) -> Callable[[int], str]:
    """The function from an instance to the text of a script's part: its words, quoted."""
    if part.value is None:
        return lambda _: part.text
    words = argument_words(part.value, closure)
    return lambda i: " ".join(map(shlex.quote, words(i)))
