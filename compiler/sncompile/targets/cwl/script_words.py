"""What the script of a job is told in words, as `job.sh` understands it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class NotUnderstood(Exception):
    """The script would not understand its words."""


@dataclass
class Said:
    """What a script is told: `inputs` are files by the paths at which the command finds them, `outputs` the paths that
    the command writes, by the names under which they are laid out. `checks` hold for paths."""

    job: str
    gathered: str
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    checks: list[tuple[str, ...]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def laid_out(self, glob: str) -> list[str]:
        """The paths of the outputs that a pattern of the engine finds."""
        if glob.endswith("/*"):
            start = glob.removesuffix("*").removeprefix(f"{self.gathered}/")
            return [path for name, path in sorted(self.outputs.items()) if name.startswith(start)]
        name = glob.removeprefix(f"{self.gathered}/")
        return [self.outputs[name]] if name in self.outputs else []


_WITH_PATHS: Mapping[str, int] = {"non_empty": 0, "sha256": 1, "min_files": 1, "protect": 0, "create": 0}
"""Words that a count and paths follow, each with how many words stand before the count."""


def understood(words: list[Any]) -> tuple[Said, tuple[str, ...]]:
    """What the words say, and the command after them. Raises `NotUnderstood`."""
    rest = iter(words)
    said = Said(next(rest), next(rest))
    for word in rest:
        if word == "--":
            return said, tuple(rest)
        _follow(word, rest, said)
    raise NotUnderstood("no command")


def _follow(word: str, rest: Iterator[Any], said: Said) -> None:
    if word == "in":
        paths = _counted(rest)
        for path in paths:
            said.inputs.setdefault(path, next(rest))
    elif word == "out":
        name = next(rest)
        said.outputs[name] = next(rest)
    elif word == "outs":
        name = next(rest)
        said.outputs |= {f"{name}/{number:06d}": path for number, path in enumerate(_counted(rest))}
    elif word in _WITH_PATHS:
        head = [next(rest) for _ in range(_WITH_PATHS[word])]
        said.checks += [(word, *head, path) for path in _counted(rest)]
    elif word == "set":
        name = next(rest)
        said.variables[name] = next(rest)
    elif word == "secret":
        said.secrets.append(next(rest))
    else:
        raise NotUnderstood(f"`{word}`")


def _counted(rest: Iterator[Any]) -> list[Any]:
    return [next(rest) for _ in range(int(next(rest)))]
