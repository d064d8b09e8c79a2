"""What strategies know of a pipeline while they draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sncompile.testing.spec import Json


@dataclass(frozen=True)
class Sizes:
    """The most that a drawn spec holds of a kind; what is drawn shrinks towards less."""

    tables: int = 3
    rows: int = 7
    steps: int = 6
    inputs: int = 3
    params: int = 2
    outputs: int = 2
    depth: int = 2
    """How deep pipelines nest; 0: no pipeline is used as a step."""


@dataclass
class TableShape:
    """A table: its keys, its other columns with their types, and the values of its keys row by row."""

    name: str
    key: list[str]
    columns: dict[str, str]
    values: dict[str, list[str]]


@dataclass
class StepShape:
    """A step: all keys that it ranges over, and its output ports with their types and formats.

    `companions` are what lies beside outputs, `parts` the outputs that lie in a directory, `values` those that hold a
    value of a type.
    """

    name: str
    keys: list[str]
    outputs: dict[str, tuple[str, list[str]]]
    companions: dict[str, list[str]] = field(default_factory=dict)
    parts: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """What is there to refer to: tables, inputs, parameters and steps so far; and all documents and files.

    `keys` are those of the steps around this pipeline, `depth` is how many there are. `wrong`: whether a spec may be
    wrong in one place.
    """

    tables: list[TableShape]
    documents: dict[str, Json]
    files: dict[str, list[Mapping[str, Any]]]
    sizes: Sizes = field(default_factory=Sizes)
    wrong: bool = True
    keys: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    maps: dict[str, Json] = field(default_factory=dict)
    """Parameters that tables are made of, as they are declared."""
    steps: list[StepShape] = field(default_factory=list)
    depth: int = 0
