"""The commands as click has them, built from what the real command line says of itself (`command_line.json`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

FACTS = json.loads(Path(__file__).resolve().parent.with_name("command_line.json").read_text("utf-8"))
COMMANDS: dict[str, list[dict[str, Any]]] = FACTS["commands"]

Values = Mapping[str, Any]
"""What a command line gives, by the name of the variable; what it does not give is the option's default."""


def group(run: Callable[[str, Values], None]) -> click.Group:
    """All commands; `run` gets the words of the one that was called, and its values."""
    top = click.Group("main", help="Starrynight CLI.")
    for words, options in COMMANDS.items():
        place = top
        *outer, name = words.split()
        for word in outer:
            inner = place.commands.setdefault(word, click.Group(word))
            assert isinstance(inner, click.Group)
            place = inner
        place.add_command(click.Command(name, callback=_calls(run, words), params=[_option(o) for o in options]))
    return top


def _calls(run: Callable[[str, Values], None], words: str) -> Callable[..., None]:
    return lambda **values: run(words, values)


def _option(told: dict[str, Any]) -> click.Option:
    names = [*told["names"], told["variable"]]
    if told["type"] == "flag":
        return click.Option(names, is_flag=True, default=told["default"])
    kind = {"text": click.STRING, "integer": click.INT}[told["type"]]
    # No default is another thing than one of None.
    given = {} if told["default"] is None else {"default": told["default"]}
    return click.Option(names, type=kind, required=told["required"], **given)
