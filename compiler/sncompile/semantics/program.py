"""The linked, typed program: every reference resolved, every value bound, pipelines inside pipelines laid flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Argument, ListFile, ShellPart, Success, Variable, Waits
from sncompile.ir.graph.files import ModuleFile
from sncompile.ir.graph.resources import unasked
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import Type
from sncompile.ir.values.model import Const, Value
from sncompile.semantics.checking.own_files import Kept
from sncompile.semantics.inference.inferred import Inferred
from sncompile.semantics.late.link import KnownRows
from sncompile.semantics.scratch import Scratch
from sncompile.semantics.tables.sheet_places import SheetPlaces
from sncompile.syntax.document import About, ModuleDoc, PortDoc
from sncompile.syntax.source import Source


class ParamsFile(NamedTuple):
    """A file of parameters, which no job may write over: its path, its text, and where the names in it stand.

    A name inside of mappings has theirs before its own: `ref.species`.
    """

    path: Path
    source: Source
    places: Mapping[str, Span]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line or a caller sets: data roots, parameters and inputs, and the jobs' working folder.

    `sets` are texts (`--set NAME=VALUE`), read by the parameter's type; `params` plain values (`--params FILE`).
    Paths in `data` and `sets` are relative to `invoked_from`. With `locked` every image has to have a digest;
    None: the lock file is not heeded.
    """

    data: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    directory: Path | None = None
    invoked_from: Path = field(default_factory=Path.cwd)
    locked: bool | None = False
    params_file: ParamsFile | None = None
    """The file that `params` were read from."""
    overrides: tuple[Path, ...] = ()
    """Files with a site's settings of steps, as they were named."""
    extra_params: bool = False
    """Whether `params` may hold what the pipeline has no parameter for."""
    rows: KnownRows = field(default_factory=dict)
    """Rows that steps wrote (`from`), by table and by the key of the instance that wrote them."""


class OutputPath(NamedTuple):
    """Where a step writes an output. `derived`: not said by hand, so unique by its form."""

    port: PortDoc
    path: Value
    temp: bool
    protected: bool
    derived: bool
    span: Span


class TypedCheck(NamedTuple):
    """A condition of a module or pipeline on its own values, and what is said where it does not hold."""

    that: Value
    message: str
    span: Span


class MadeSheet(NamedTuple):
    """A table that is made for each job, as an input: `lines` is its text, a list, and `files` the files that it names.

    `rows` are the instances whose rows these are, `columns` what stands in each, and `path` is where the job finds it.
    `form` is `csv`, `tsv` or `jsonl`.
    """

    columns: Mapping[str, Value]
    rows: KeySet
    lines: Value
    files: Value
    path: Value
    form: str
    span: Span


class Step(NamedTuple):
    """A step with its module: a family of jobs, one for each instance of `keys`.

    Exactly one of `command` and `shell` is set. `inputs` and `params` hold what is bound, defaults included; an
    absent one is a constant None; for one of `sheets` they are the files that the sheet names. `after` says what it
    waits for beyond what the data imposes.
    """

    name: str
    title: str
    module: ModuleDoc
    keys: KeySet
    inputs: Mapping[str, Value]
    params: Mapping[str, Value]
    outputs: Mapping[str, OutputPath]
    command: tuple[Argument, ...] | None
    shell: tuple[ShellPart, ...] | None
    lists: Mapping[str, ListFile]
    container: Value | None
    network: bool
    conda: str | None
    env: tuple[Variable, ...]
    resources: Mapping[str, Value]
    retries: int
    priority: int
    batch: int
    success: Success
    files: tuple[str, ...]
    after: tuple[Waits, ...]
    local_rule: bool
    tags: tuple[str, ...]
    span: Span
    checks: tuple[TypedCheck, ...] = ()
    sheets: Mapping[str, MadeSheet] = MappingProxyType({})
    scratch: Scratch | None = None
    sums: Mapping[str, Value] = MappingProxyType({})
    """What the files of inputs must hold: port → SHA-256."""

    def local(self, space: str, name: str) -> Value:
        """What a name of the module stands for in this step."""
        if space == "inputs":
            return self.sheets[name].path if name in self.sheets else self.inputs[name]
        if space == "params":
            return self.params[name]
        if space == "outputs":
            return self.outputs[name].path
        if space == "lists":
            return self.lists[name].path
        if space == "resources":
            return self.resources.get(name) or unasked(name, self.span)
        found = next(v for v in self.env if v.name == name)
        return found.value or Const(None, Type("null", optional=True), self.span)


class UsedFile(NamedTuple):
    """A file of a module: where it lies, what it is called in messages, and what led to it.

    `foreign` files are none of the project's own; `checkout` is the folder of the repository that it was fetched from.
    """

    path: Path
    shown: str
    span: Span
    foreign: bool
    checkout: Path | None


class NamedOutput(NamedTuple):
    """An output `name` of the pipeline that the step `step` of the outermost one is, as the instances `keys` see it."""

    step: str
    name: str
    value: Value
    keys: KeySet


class Handed(NamedTuple):
    """What a step gives to an input of a pipeline that it uses as a module, by the step's instances."""

    port: PortDoc
    value: Value
    keys: KeySet


class Moves(NamedTuple):
    """How the steps of a pipeline were renamed, from what to what, in that order; whole names begin with `prefix`.

    Names are as that pipeline has them, and `prefix` is as it is today.
    """

    prefix: str
    renamed: tuple[tuple[str, str], ...]


class LateSteps(NamedTuple):
    """The steps whose jobs are known after the step `source` has run, which writes the rows of `table`."""

    table: Table
    source: str
    port: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A pipeline ready to be made into a graph. `folder` is the jobs' working folder."""

    name: str
    about: About
    spec: str
    folder: Path
    workspace: str
    params: Mapping[str, Value]
    data: Mapping[str, Value]
    tables: Mapping[str, Table]
    steps: Mapping[str, Step]
    outputs: Mapping[str, Value]
    files: Mapping[str, ModuleFile]
    handed: tuple[Handed, ...]
    named: tuple[NamedOutput, ...]
    documents: Mapping[str, str]
    modules: Mapping[str, UsedFile]
    repositories: Mapping[str, str]
    span: Span
    kept: tuple[Kept, ...] = ()
    """What no job may write over."""
    inferred: Mapping[str, Inferred] = field(default_factory=dict)
    moves: tuple[Moves, ...] = ()
    """How steps and nested pipelines were renamed: what each pipeline says of its own, inner ones before outer ones."""
    late: tuple[LateSteps, ...] = ()
    """The steps that are not here, since it is not known yet which jobs they have."""
    whole: tuple[Program, Program] | None = None
    """The program with those, over two kinds of rows that stand in for what is not known (`semantics/late`)."""
    sheets: Mapping[str, SheetPlaces] = field(default_factory=dict, repr=False)
    """What finds lines of the tables' files again, by what messages call these."""
    sums: Mapping[str, str] = field(default_factory=dict)
    """What files must hold: path → SHA-256."""
