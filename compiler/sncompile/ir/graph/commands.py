"""What a family runs, what counts as done, and what it waits for beyond its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.fields import identity, presentation, relation
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values.model import Cell, Key, Output, Related, Value, walk
from sncompile.ir.variant import Variant


class Option(Variant):
    """An argument with a name before it."""

    option: Annotated[str, identity()]
    value: Annotated[Value, identity()]
    repeat: Annotated[bool, identity()]
    when: Annotated[Value | None, identity()]
    span: Annotated[Span, presentation()]


class Flag(Variant):
    """An argument that is there or not."""

    flag: Annotated[str, identity()]
    when: Annotated[Value | None, identity()]
    span: Annotated[Span, presentation()]


Argument = Value | Option | Flag


class ShellPart(NamedTuple):
    """A piece of a shell script: text as it stands, or a value, whose words stand outside of quotes.

    Where values may stand is decided in `scripts.values`. A pass may put an argument in the place of a value.
    """

    text: Annotated[str, identity()]
    value: Annotated[Argument | None, identity()]


class ListFile(NamedTuple):
    """A file that is written right before a command runs, for what may be too long for a command line.

    `value` is what it holds: a list of texts, or one text. `ended_by` stands behind each of them. The command names it
    as `Local("lists", …)`.
    """

    path: Annotated[Value, identity()]
    value: Annotated[Value, identity()]
    ended_by: Annotated[str, identity()]
    span: Annotated[Span, presentation()]

    @property
    def of_module(self) -> bool:
        """Whether a module says what it holds, by names; else it is made of what a step gives, such as rows."""
        return not any(isinstance(leaf, (Cell, Key, Output, Related)) for leaf in walk(self.value))


class Variable(NamedTuple):
    """An environment variable; a secret one has its value from the run's environment."""

    name: Annotated[str, identity()]
    value: Annotated[Value | None, identity()]
    secret: Annotated[bool, identity()]


@dataclass(frozen=True, slots=True)
class Success:
    """What counts as done beside existence: names of files, output → SHA-256, directory → least number of files.

    A directory that must not be empty is one of at least one file.
    """

    non_empty: Annotated[tuple[str, ...], identity()] = ()
    sha256: Annotated[Mapping[str, str], identity()] = field(default_factory=dict)
    min_files: Annotated[Mapping[str, int], identity()] = field(default_factory=dict)


class Waits(NamedTuple):
    """That a step waits for another beyond the data: `step`, by the keys of the two steps as the order names them.

    They are those of the pipelines where one of the two stands for a pipeline's step.
    """

    step: Annotated[str, relation()]
    source: Annotated[KeySet, relation()]
    target: Annotated[KeySet, relation()]
