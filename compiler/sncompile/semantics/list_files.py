"""Files that are written right before a command runs: what they hold may be longer than a command line can be.

A module names its own (`list_file`); those of `python` and `notebook` steps hold all of their arguments, where these
may grow with the data.

Decision 0064.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Argument, Flag, ListFile, Option
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import below
from sncompile.ir.language.locations import workspace_here
from sncompile.ir.language.types import STRING, Type
from sncompile.ir.values.model import (
    Attempt,
    Const,
    Content,
    Items,
    Key,
    Local,
    Lookup,
    Record,
    Related,
    Size,
    Text,
    Value,
    walk,
)
from sncompile.semantics.path_text import join_text

if TYPE_CHECKING:
    from sncompile.semantics.program import Step

SEPARATORS: Mapping[str, str] = {"newline": "\n", "nul": "\0"}
"""What ends each item of a list file, by the names that specs have for it."""

ARGUMENTS = "arguments"
"""What the file is called that holds all arguments of a function or notebook."""

LONG = 10_000
"""A text of so many characters does not belong on a command line, whatever its limit."""


class TypedList(NamedTuple):
    """A list file of a module, as the module says it."""

    value: Value
    ended_by: str
    span: Span


class ListFiles:
    """The list files that a module's command names, by the names that they get."""

    def __init__(self) -> None:
        self.found: dict[str, TypedList] = {}

    def add(self, value: Value, separator: str, span: Span) -> Local:
        """The path of a file with the items of a list; the same file for the same list."""
        wanted = name = value.name if isinstance(value, Local) else "list"
        number = 1
        # Of one that is none the schema has told.
        made = TypedList(value, SEPARATORS.get(separator, SEPARATORS["newline"]), span)
        while name in self.found:
            if _alike(self.found[name], made):
                break
            number += 1
            name = f"{wanted}_{number}"
        self.found.setdefault(name, made)
        return Local("lists", name, Type("file"), span)


def _alike(one: TypedList, other: TypedList) -> bool:
    named = (one.value, other.value)
    if not all(isinstance(value, Local) for value in named) or one.ended_by != other.ended_by:
        return False
    return len({(value.space, value.name) for value in named if isinstance(value, Local)}) == 1


def is_late(value: Value) -> bool:
    """Whether something of a value is known only when the job runs."""
    return any(
        isinstance(leaf, (Attempt, Content, Size)) or (isinstance(leaf, Local) and leaf.space == "resources")
        for leaf in walk(value)
    )


def may_be_empty(value: Value) -> bool:
    """Whether a list may have no items, or be absent: a required port has some."""
    if isinstance(value, Local):
        return value.space == "params" or value.type.optional
    if isinstance(value, Items):
        return all(item.type.many or item.type.optional for item in value.items)
    return not (isinstance(value, Const) and value.value)


def placed(found: Mapping[str, TypedList], workspace: str, step: str, keys: KeySet) -> dict[str, ListFile]:
    """The list files of a step's jobs: beside what they write, where no output may be."""
    return {
        name: ListFile(list_path(f"{name}.txt", workspace, step, keys, each.span), each.value, each.ended_by, each.span)
        for name, each in found.items()
    }


def named_lists(step: Step) -> dict[str, ListFile]:
    """The list files that a step's command names: what its values leave out needs none."""
    if not step.lists:
        return {}
    values: list[Value] = []
    for argument in (*(step.command or ()), *(p.value for p in step.shell or () if p.value is not None)):
        if not isinstance(argument, Flag):
            values.append(argument.value if isinstance(argument, Option) else argument)
    named = {leaf.name for v in values for leaf in walk(v) if isinstance(leaf, Local) and leaf.space == "lists"}
    return {name: file for name, file in step.lists.items() if name in named}


def list_path(file: str, workspace: str, step: str, keys: KeySet, span: Span) -> Value:
    """The path of a file that is written for a job: beside what the step writes, where no output may be."""
    parts: list[Value] = [Const(below(workspace_here(workspace), f"{step}/{OWN_FOLDER}/lists/"), STRING, span)]
    for key in keys.by:
        parts += [Key(keys, key, True, STRING, span), Const("/", STRING, span)]
    return join_text([*parts, Const(file, STRING, span)], span)


# --- All arguments of a function or notebook ------------------------------------------------------------------------


def handed_over(step: Step, workspace: str) -> Step:
    """The step with its arguments in a file, where they are one JSON object and may be long."""
    record = next((a for a in step.command or () if isinstance(a, Record)), None)
    if record is None or not any(map(_may_be_long, (*step.inputs.values(), *step.params.values()))):
        return step
    path = list_path(f"{ARGUMENTS}.json", workspace, step.name, step.keys, record.span)
    name = Local("lists", ARGUMENTS, Type("file"), record.span)
    return step._replace(
        command=tuple(_naming(step.command or (), name)),
        lists={**step.lists, ARGUMENTS: ListFile(path, record, "\n", record.span)},
    )


def _may_be_long(value: Value) -> bool:
    """Whether a value is a list that grows with a table or with other jobs, or a long text."""
    if isinstance(value, Const):
        return len(str(value.value)) > LONG
    if isinstance(value, Content):
        return False
    return any(isinstance(leaf, (Related, Lookup)) and leaf.type.many for leaf in walk(value))


def _naming(command: tuple[Argument, ...], name: Local) -> list[Argument]:
    """A command that is told where its arguments are, in place of them."""
    *before, last, record = command
    assert isinstance(record, Record)
    if isinstance(last, Const) and last.value == BY_VALUE:
        return [*before, last._replace(value=BY_FILE), name]
    return [*before, last, Text((Const("@", STRING, name.span), name), STRING, name.span)]


BY_VALUE, BY_FILE = "--parameters_yaml", "--parameters_file"
"""The options by which papermill takes parameters."""
