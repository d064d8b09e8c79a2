"""A Bilayers spec as data: items with a place for every field, and its sections as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sncompile.diagnostics import Span

FILE_KINDS = ("image", "measurement", "array", "file", "executable")
"""Types of inputs and outputs."""

OTHER_FILE_KINDS = ("notebook", "dir")
"""Types that StarryNight's copy of the schema adds; `dir` is a directory."""

PARAM_KINDS = ("integer", "float", "boolean", "checkbox", "dropdown", "radio", "textbox")
"""Types of parameters and of what is only displayed."""

ITEM_FIELDS = (
    "name", "type", "label", "subtype", "description", "options", "multiselect", "append_value", "output_dir_set",
    "interactive", "cli_tag", "cli_order", "default", "optional", "format", "folder_name", "file_count",
    "unique_string", "path", "section_id", "mode", "depth", "timepoints", "tiled", "pyramidal",
)  # fmt: skip
"""Fields of inputs, outputs, parameters and display-only items, in the order in which they are written."""

HIDDEN_FIELDS = ("cli_tag", "value", "append_value", "cli_order")
EXEC_FIELDS = ("name", "cli_command", "hidden_args")
IMAGE_FIELDS = ("org", "name", "tag", "platform")
CITATION_FIELDS = ("name", "doi", "license", "description")
SECTIONS = ("inputs", "outputs", "parameters", "display_only")
TOP_FIELDS = ("citations", "docker_image", "algorithm_folder_name", "exec_function", *SECTIONS)
"""Sections in the order in which they are written."""

NO_TAG = "None"
"""The `cli_tag` of what is not passed."""


@dataclass(frozen=True, slots=True)
class Item:
    """A mapping of the spec: plain values by field, and where each field's value stands."""

    fields: Mapping[str, Any]
    span: Span
    places: Mapping[str, Span] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its `name`; empty where it has none."""
        return str(self.fields.get("name", ""))

    @property
    def kind(self) -> str:
        """Its `type`; empty where it has none."""
        return str(self.fields.get("type", ""))

    @property
    def order(self) -> int:
        """Its `cli_order`; 0 where it has none."""
        found = self.fields.get("cli_order")
        return found if isinstance(found, int) else 0

    @property
    def tag(self) -> str | None:
        """Its `cli_tag`, which is empty where it is missing; None where the item is not passed."""
        found = self.fields.get("cli_tag", "")
        return None if found in (None, NO_TAG) else str(found)

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return self.fields.get("optional") is True

    @property
    def folder(self) -> str | None:
        """Its `folder_name`, without a slash at the end."""
        found = self.fields.get("folder_name")
        return None if found in (None, "", NO_TAG) else str(found).rstrip("/") or "/"

    def at(self, name: str) -> Span:
        """Where a field stands; the item itself where it has no such field."""
        return self.places.get(name, self.span)


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec. `plain` is all of it as plain data, in the form that is written today."""

    plain: Mapping[str, Any]
    inputs: tuple[Item, ...]
    outputs: tuple[Item, ...]
    parameters: tuple[Item, ...]
    display_only: tuple[Item, ...]
    command: Item
    hidden: tuple[Item, ...]
    image: Item | None
    citations: tuple[Item, ...]
    span: Span

    @property
    def folder_name(self) -> str:
        """`algorithm_folder_name`; empty where it is missing."""
        found = self.plain.get("algorithm_folder_name")
        return "" if found is None else str(found)


def is_none(value: Any) -> bool:
    """Whether a value stands for nothing, as Bilayers has it."""
    return value is None or (isinstance(value, str) and value in ("", NO_TAG))


def same(left: Any, right: Any) -> bool:
    """Whether two plain values are equal and of the same kinds: `1`, `1.0` and `true` are three values."""
    if type(left) is not type(right):
        return False
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(same(v, right[k]) for k, v in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and left != left:
        return bool(right != right)
    return bool(left == right)
