"""The document tree: frozen data with a span on every node. It says what was written, not what it means."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.syntax.expressions import Template
from sncompile.syntax.nodes import Node, Scalar
from sncompile.syntax.source import Source


class Named(NamedTuple):
    """A name where it is declared or used."""

    name: str
    span: Span


class Constant(NamedTuple):
    """A number, boolean or null as written."""

    value: int | float | bool | None
    text: str
    span: Span


class ListValue(NamedTuple):
    """A list of values."""

    items: tuple[Value, ...]
    span: Span


Value = Template | Constant | ListValue


class MapValue(NamedTuple):
    """A mapping of names to values: what `with` gives to a group of parameters, or to a map."""

    entries: tuple[tuple[Named, Binding | None], ...]
    span: Span


Binding = Value | MapValue
"""What `with` gives."""


class ReportDoc(NamedTuple):
    """How an output is shown to people: under which category, with which caption and labels."""

    category: str
    caption: str
    labels: tuple[tuple[str, str], ...]
    span: Span


class PortDoc(NamedTuple):
    """A port: `base` is `file` or `directory`. `path` is where an output goes, `default` what an input takes.

    `create` says that an output directory is there before the command runs. `value` is the type of the value that an
    output file holds, where it stands for that: `string`, `integer`, `number` or `boolean`.
    In a scratch folder, `link` is the name
    that an input has there (`as`), and `source` what an output is called there (`from`). `companions` are suffixes of
    files beside it; a port that stands for these is `beside` another one, by a suffix, and in no document. What is a
    part of an output directory is `inside` that.
    """

    name: Named
    base: str
    many: bool
    optional: bool
    formats: tuple[str, ...]
    description: str
    path: Value | None
    default: Value | None = None
    create: Named | None = None
    value: str = ""
    link: Value | None = None
    source: Value | None = None
    companions: tuple[Named, ...] = ()
    beside: tuple[str, str] | None = None
    inside: Named | None = None
    report: ReportDoc | None = None


class ParamDoc(NamedTuple):
    """A parameter: `base` is `string`, `integer`, `number`, `boolean` or `path`.

    One that stands in groups has their names before its own: `ref.species`.
    """

    name: Named
    base: str
    many: bool
    optional: bool
    default: Value | None
    enum: tuple[str | int | float | bool, ...]
    minimum: float | None
    maximum: float | None
    pattern: Named | None
    description: str
    gaps: bool = False


class OptionArgument(NamedTuple):
    """`{option: --x, value: …, repeat: …, joined: …, when: …}`; one that is joined is one word with its value."""

    option: str
    value: Value
    repeat: bool
    when: Value | None
    span: Span
    joined: bool = False


class FlagArgument(NamedTuple):
    """`{flag: --x, when: …}`."""

    flag: str
    when: Value | None
    span: Span


class ListArgument(NamedTuple):
    """`{list_file: …, separator: …, option: --x, prefix: …, when: …}`."""

    value: Value
    separator: str
    option: str
    prefix: str
    when: Value | None
    span: Span


Argument = Value | OptionArgument | FlagArgument | ListArgument


class EnvDoc(NamedTuple):
    """An environment variable; a secret one takes its value from the run's environment."""

    name: Named
    value: Value | None
    secret: bool


class ContainerDoc(NamedTuple):
    """An image (None: only variables are given), its environment variables, and whether it may use the network."""

    image: Value | None
    env: tuple[EnvDoc, ...]
    span: Span
    network: bool = False


class OverrideDoc(NamedTuple):
    """Settings that take the place of those of steps whose names a pattern fits; None, or nothing, is not said."""

    pattern: Named
    resources: dict[str, Value]
    retries: int | None
    container: ContainerDoc | None
    env: tuple[EnvDoc, ...]
    local: bool | None


class SuccessDoc(NamedTuple):
    """Criteria beside existence: output names with their spans. `non_empty` None means every output."""

    non_empty: tuple[Named, ...] | None = ()
    sha256: tuple[tuple[Named, str], ...] = ()
    min_files: tuple[tuple[Named, int], ...] = ()


class About(NamedTuple):
    """What people are told of a document."""

    title: str = ""
    description: str = ""
    version: str = ""
    license: str = ""
    citations: tuple[str, ...] = ()


class CheckDoc(NamedTuple):
    """A condition on the values of a document, and what is said where it does not hold.

    `over` is the table whose rows it is looked at for, one by one.
    """

    that: Value
    message: str
    span: Span
    over: Named | None = None


class ProgramDoc(NamedTuple):
    """A program that must be there where jobs run. `ask` is the command that tells its version, where that matters."""

    name: Named
    ask: tuple[str, ...] = ()
    at_least: str = ""
    below: str = ""


class ModuleDoc(NamedTuple):
    """A module document. Exactly one of the actions is set in a valid one.

    `action` is `command`, `shell`, `python`, `script` or `notebook`; `annotations` are as written, by the form that
    they are of; `args` is what `${args}` stands for in a `shell`; `broken` says that the schema found faults in it, so
    that what seems missing may only be misspelt.
    """

    source: Source
    name: Named
    about: About
    inputs: dict[str, PortDoc]
    outputs: dict[str, PortDoc]
    params: dict[str, ParamDoc]
    action: str
    command: tuple[Argument, ...]
    script: Template | Named | None
    container: ContainerDoc | None
    conda: Named | None
    resources: dict[str, Value]
    success: SuccessDoc
    annotations: dict[str, tuple[Named, Node]]
    broken: bool
    span: Span
    let: Mapping[str, tuple[Named, Value]] = MappingProxyType({})
    checks: tuple[CheckDoc, ...] = ()
    args: tuple[Argument, ...] | None = None
    object: str = ""
    """What a script finds its values in: `snakemake`; empty where they are arguments."""
    scratch: Named | None = None
    """Where it is said whether the command runs in a scratch folder: `true` or `false`."""
    programs: tuple[ProgramDoc, ...] = ()
    """What must be there where its jobs run."""
    version_command: tuple[str, ...] = ()
    """The command that tells the tool's version, for the record of a run."""

    @property
    def in_scratch(self) -> bool:
        """Whether the command runs in a scratch folder, as is said or follows from names that files have there."""
        if self.scratch is not None:
            return self.scratch.name == "true"
        return any(port.link is not None for port in self.inputs.values()) or any(
            port.source is not None for port in self.outputs.values()
        )


CellDoc = Scalar | Template
"""A cell of a row in the spec: as it was written, or with expressions in it."""


class ColumnDoc(NamedTuple):
    """What is declared of a table's column. `declared` has its type and limits, as those of a parameter.

    `files` is `file` or `directory` for a column of paths, `formats` what these hold.
    """

    declared: ParamDoc
    default: Named | None
    required: bool
    files: str = ""
    formats: tuple[str, ...] = ()


class SheetDoc(NamedTuple):
    """How a sheet is written, and which one of a workbook it is. `place` is that of the first key that says so.

    `first` is the line that names the columns.
    """

    delimiter: Named | None = None
    comment: Named | None = None
    encoding: Named | None = None
    header: bool = True
    place: Span | None = None
    sheet: Named | None = None
    first: int = 1


class TableDoc(NamedTuple):
    """A table; exactly one of `file`, `rows`, `glob`, `sql`, `params` and `source` is set in a valid one.

    `params` names the map that it is made of; what that declares of its columns stands in `columns`. `source` is an
    output of a step (`from`); with it, `glob` is a pattern of the names in that directory.

    `require` is `rows` (it is an error if there are none), `nothing` (it is none), or empty: as the source has it.
    `columns_at` is where columns are declared.
    """

    name: Named
    key: tuple[Named, ...]
    file: Template | None
    rows: tuple[tuple[tuple[Scalar, CellDoc], ...], ...] | None
    glob: Template | None
    row_spans: tuple[Span, ...]
    span: Span
    sql: Template | None = None
    require: str = ""
    description: str = ""
    columns: Mapping[str, ColumnDoc] = MappingProxyType({})
    columns_at: Span | None = None
    sheet: SheetDoc = SheetDoc()
    params: Named | None = None
    source: Template | None = None


class MapDoc(NamedTuple):
    """A parameter that is a mapping of keys to rows; `columns` is what is declared of these.

    `default` is what it holds where none is given; without one that is nothing, if it is `optional`.
    """

    name: Named
    columns: Mapping[str, ColumnDoc]
    optional: bool
    default: MapValue | None
    description: str


class InferDoc(NamedTuple):
    """A value that is read off tables: its query, and what must hold of what it finds.

    `declared` has its limits, and its type where `typed` says so; `broken` says that the schema found faults in it.
    """

    name: Named
    sql: Template | None
    holds: tuple[Template, ...]
    declared: ParamDoc
    typed: bool
    broken: bool


class StepOutputDoc(NamedTuple):
    """What a step says of an output of its module."""

    name: Named
    path: Value | None
    temp: bool
    protected: bool


class StepDoc(NamedTuple):
    """A step. `module` is a reference, or a module written in place. What a step does not say is as declared here."""

    name: Named
    broken: bool
    title: str = ""
    module: Named | ModuleDoc | None = None
    by: tuple[Named, ...] = ()
    over: Named | None = None
    where: Value | None = None
    bindings: Mapping[str, tuple[Named, Binding | None]] = MappingProxyType({})
    outputs: Mapping[str, StepOutputDoc] = MappingProxyType({})
    when: Value | None = None
    after: tuple[Named, ...] = ()
    resources: Mapping[str, Value] = MappingProxyType({})
    retries: int = 0
    priority: int = 0
    batch: int = 1
    container: ContainerDoc | None = None
    env: tuple[EnvDoc, ...] = ()
    local: bool = False
    tags: tuple[str, ...] = ()
    require_rows: bool = False
    override: tuple[OverrideDoc, ...] = ()
    sums: Mapping[str, Value] = MappingProxyType({})
    """What the files of inputs must hold: port → SHA-256."""


class FlowDoc(NamedTuple):
    """`kind` is `step`, `seq` or `parallel`."""

    kind: str
    step: Named | None
    items: tuple[FlowDoc, ...]
    span: Span


class MovedDoc(NamedTuple):
    """That a step was called otherwise before; either name may lead into a nested pipeline (`prepare.align`)."""

    old: Named
    new: Named


class PipelineDoc(NamedTuple):
    """A pipeline document."""

    source: Source
    name: Named
    about: About
    data: dict[str, tuple[Named, Template]]
    inputs: dict[str, PortDoc]
    params: dict[str, ParamDoc]
    tables: dict[str, TableDoc]
    modules: dict[str, tuple[Named, Named]]
    steps: dict[str, StepDoc]
    flow: FlowDoc | None
    outputs: dict[str, tuple[Named, Template]] | None
    broken: bool
    span: Span
    infer: dict[str, InferDoc]
    moved: tuple[MovedDoc, ...] = ()
    let: Mapping[str, tuple[Named, Value]] = MappingProxyType({})
    checks: tuple[CheckDoc, ...] = ()
    maps: Mapping[str, MapDoc] = MappingProxyType({})


Document = ModuleDoc | PipelineDoc
