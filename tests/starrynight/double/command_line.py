"""Reads a command line, and refuses every one that no module of StarryNight has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

FACTS = Path(__file__).resolve().parent.parent / "facts.json"


class Refused(Exception):
    """A command line that no module has."""


class Call(NamedTuple):
    """The words of a subcommand, its options with their values, and its flags."""

    words: tuple[str, ...]
    options: dict[str, str]
    flags: set[str]

    def path(self, option: str) -> Path:
        """The path that an option gives."""
        return Path(self.options[option])


class Form(NamedTuple):
    """What one module calls: `needed` and `optional` say of each option whether it takes a value."""

    words: tuple[str, ...]
    needed: dict[str, bool]
    optional: dict[str, bool]


def forms() -> list[Form]:
    """The command lines of all modules."""
    found = []
    for module in json.loads(FACTS.read_text("utf-8"))["modules"].values():
        words, rest = _cut(module["command"][1:])
        needed = {}
        for number, word in enumerate(rest):
            if word.startswith("-"):
                needed[word] = number + 1 < len(rest) and not rest[number + 1].startswith("-")
        found.append(Form(words, needed, module["optional"]))
    return found


def _cut(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The words of the subcommand, and what follows."""
    length = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    return tuple(words[:length]), words[length:]


def read_call(arguments: list[str]) -> Call:
    """The call of a command line. Raises `Refused`."""
    words, rest = _cut(arguments)
    known = [form for form in forms() if form.words == words]
    if not known:
        raise Refused(f"no module calls `{' '.join(words)}`")
    takes = {option: value for form in known for option, value in (*form.needed.items(), *form.optional.items())}
    options: dict[str, str] = {}
    flags: set[str] = set()
    pending = list(rest)
    while pending:
        option = pending.pop(0)
        if option not in takes or option in options or option in flags:
            raise Refused(f"`{option}` is not known here, or stands twice")
        if not takes[option]:
            flags.add(option)
        elif not pending:
            raise Refused(f"`{option}` lacks its value")
        else:
            options[option] = pending.pop(0)
    given = {*options, *flags}
    if not any(set(f.needed) <= given <= {*f.needed, *f.optional} for f in known):
        raise Refused(f"no module calls `{' '.join(words)}` with {', '.join(sorted(given))}")
    if "--use_legacy" in flags and words[-1] == "loaddata" and "--exp_config" not in options:
        raise Refused("`--use_legacy` needs `--exp_config`")
    return Call(words, options, flags)
