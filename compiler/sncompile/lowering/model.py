"""The lowered model: a graph as plain data, from which targets print.

A *task* is all jobs of a family. What is the same for all of them is written out; what differs is a column, and a word
that names a port stays the name of the port. Of a step over a table `t` of two rows,

    command: [blur, --sigma, "${t.sigma}", "${inputs.image}", "-o", "${outputs.blurred}"]

    word      blur        constant
    word      --sigma     constant
    word      [sigma]     the column `sigma`: 1.5, 2
    word      image       the file of the input `image`: raw/A.tif, raw/B.tif
    word      -o          constant
    word      blurred     the file of the output `blurred`

A task holds no value of the IR, and nothing has to be evaluated; a column that is one of a table names that table.
Columns and files are sequences with an item for each job, in the order of the family's instances; they are made when
they are first looked at, as a target that can say a path as a pattern never needs those of a million jobs. What such a
target says instead is in `files.py`, and what words are made of in `pieces.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from posixpath import dirname, normpath
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sncompile.ir.variant import Variant
from sncompile.lowering.pieces import Constant, Key, Piece, Plain, ScriptPart, Word

if TYPE_CHECKING:
    from sncompile.diagnostics import Span
    from sncompile.ir.graph.files import ModuleFile as Shipped
    from sncompile.ir.graph.shown import Shown
    from sncompile.ir.keys.key_set import KeySet
    from sncompile.ir.keys.table import Table
    from sncompile.lowering.features import Feature
    from sncompile.lowering.files import Files, PathPiece


class TableColumn(Variant):
    """That what jobs have is a column of a table of the spec: the cell of a job's row, or of its rows if it `gathers`.

    `seen` are the instances whose rows these are: the jobs' own, or coarser ones.
    """

    table: Table
    column: str
    seen: KeySet
    gathers: bool


RowPiece = Constant | Key | TableColumn
"""A part of a text that each row of tables has: a text, a key of the row, or what a column of a table has there."""


class RowTexts(NamedTuple):
    """A text for each instance of `source` that is seen from `target`, made of the instance's rows.

    With a `form`, `csv` or `tsv`, it is a line of such cells; without, the one cell as it is. Where each is there
    `once`, it is left out when it comes again. `task` is the one that writes what they name, if they are paths.
    """

    form: str
    cells: tuple[tuple[RowPiece, ...], ...]
    source: KeySet
    target: KeySet
    once: bool = False
    task: str | None = None


Texts = tuple[str | RowTexts, ...]
"""A list that is made of rows, with other texts between."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What differs between the jobs of a task; an item is a value, a list of values, or None where it is absent.

    `origin` says of which table it is a column, `texts` how a list is made of rows that are not known yet, with other
    texts between. `data` are lists that come out of tables, or from other jobs: they may be long, and are no part of a
    command's text even where all jobs have the same. `words` are lists of words, of an argument that is there for some
    jobs alone.
    """

    name: str
    cells: Sequence[Plain]
    span: Span
    origin: TableColumn | None = None
    data: bool = False
    words: bool = False
    texts: Texts | None = None


class JobRef(NamedTuple):
    """A job: the number of an instance of a task."""

    task: str
    number: int


class Written(NamedTuple):
    """That a job writes a path: by which port, and the place of the path among those of the port."""

    job: JobRef
    port: str
    place: int


class Outside(NamedTuple):
    """Paths of an input that no task writes: all of them, each once, and what each is made of, where that is told."""

    pieces: tuple[PathPiece, ...]
    paths: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """The files of an input port: for each job its paths, or None where it is absent.

    `path` is how each job's own path is made, where it is one path, made of constants and keys; `files` says of any how
    they come about, and `outside` which of them no task writes. It is `certain` where every job has it, whatever rows
    the tables get. `makers` are the tasks that its value is made from, and `sources` for each job those of their jobs.
    Where a path is `computed` from others, who writes it says nothing of whom the job needs. `data` as of a column.
    `required` says that a job without any is at fault, if rows that are not known yet leave it with none.
    Some paths of a `remote` port are URLs.
    `texts` are how its paths are made of rows that are not known yet, as of a column.
    `may_lack`: some of the files are optional outputs, which may not be there when the job is about to run; then they
    are left out, and words that name the port are `each`.
    """

    base: str
    many: bool
    paths: Sequence[tuple[str, ...] | None]
    files: Files
    outside: tuple[Outside, ...]
    certain: bool
    makers: tuple[str, ...]
    sources: Sequence[tuple[JobRef, ...]]
    computed: bool
    data: bool
    may_lack: bool
    span: Span
    required: bool = True
    remote: bool = False
    texts: Texts | None = None

    @property
    def path(self) -> tuple[Piece, ...] | None:
        """What each job's own path is made of."""
        return self.files.path


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """The files of an output port, as `Input`. What is set of it beside its paths is as in the spec.

    `words` are its paths as words, where the model spells them out (`Lowered.spelling_out`).
    """

    base: str
    many: bool
    paths: Sequence[tuple[str, ...]]
    files: Files
    optional: bool
    temp: bool
    protected: bool
    create: bool
    span: Span
    path_span: Span
    words: tuple[Word, ...] = ()
    remote: bool = False
    report: Shown | None = None
    """How it is shown to people; None where it is not."""

    @property
    def path(self) -> tuple[Piece, ...] | None:
        """What each job's own path is made of."""
        return self.files.path


class Parameter(NamedTuple):
    """A parameter that is a path, or several, and no port: for each job its paths."""

    paths: Sequence[tuple[str, ...]]
    span: Span


class Wait(NamedTuple):
    """That the jobs of a task wait for those of another, which its inputs do not say.

    `files` stand for these jobs: what each writes by its first port, if it writes anything. Where the wait is `ordered`
    the spec says it, and nothing of the other is read.
    """

    task: str
    files: Files
    ordered: bool


class Made(NamedTuple):
    """The output of a job."""

    job: JobRef
    port: str


class ListFile(NamedTuple):
    """A file that has to be written right before the command runs, with the words in it, `ended_by` behind each."""

    path: Word
    words: tuple[Word, ...]
    ended_by: str
    span: Span


class Variable(NamedTuple):
    """An environment variable: its text, or None for a secret one, which has its value from the run's environment."""

    name: str
    value: Word | None


class Check(NamedTuple):
    """What must hold of an output when the command has ended: `non_empty`, `sha256` or `min_files`."""

    kind: str
    port: str
    wanted: str = ""


def ports_paths(inputs: Mapping[str, Input], outputs: Mapping[str, Output]) -> Iterator[str]:
    """The paths of some ports."""
    columns: list[Sequence[tuple[str, ...] | None]] = [port.paths for port in inputs.values()]
    for column in (*columns, *(port.paths for port in outputs.values())):
        for paths in column:
            yield from paths or ()


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """All jobs of a family. Exactly one of `command` and `script` is set; `lists` are files that it reads, by name.

    `keys` are the keys of each job, by the names `by`, and `key_set` the same with how they relate to those of others;
    `ids` the names of the jobs. `made_of` are the steps of the spec that a pass made it of; none for a step itself.
    `after` has the jobs that each job waits for, without those that they wait for themselves; `ordered` those that the
    spec says it waits for whatever it reads; `waits` are the waits that no input says, task by task; `gathers` are the
    tasks of which a job reads from several jobs; `turns` are the jobs by their numbers, each after those of the same
    task that it waits for. `taken` are outputs that are read by no port: their paths are in
    parameters or settings. `settings` is all else that is said of the jobs (`ir/graph/settings.py`). `module_span` is
    where its module is, and `spans` where its container and its resources are, by their names.
    """

    name: str
    title: str
    by: tuple[str, ...]
    key_set: KeySet
    made_of: tuple[str, ...]
    keys: Sequence[tuple[str, ...]]
    ids: Sequence[str]
    columns: Mapping[str, Column]
    command: tuple[Word, ...] | None
    script: tuple[ScriptPart, ...] | None
    lists: Mapping[str, ListFile]
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    parameters: Mapping[str, Parameter]
    taken: Sequence[tuple[Made, ...]]
    after: Sequence[tuple[JobRef, ...]]
    ordered: Sequence[tuple[JobRef, ...]]
    waits: tuple[Wait, ...]
    gathers: tuple[str, ...]
    turns: Sequence[int]
    resources: Mapping[str, Piece]
    variables: tuple[Variable, ...]
    image: Piece | None
    conda: str | None
    network: bool
    checks: tuple[Check, ...]
    retries: int
    priority: int
    urgent: bool
    local: bool
    batches: tuple[int, ...]
    tags: tuple[str, ...]
    files: tuple[str, ...]
    digests: Sequence[str]
    span: Span
    module_span: Span
    spans: Mapping[str, Span]
    _settings: Callable[[], Mapping[str, Any]]

    @property
    def settings(self) -> Mapping[str, Any]:
        """What else is said of the jobs."""
        return self._settings()

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def reads_itself(self) -> bool:
        """Whether jobs of it wait for others of it."""
        made = {name for port in self.inputs.values() for name in port.makers}
        return self.name in made or any(each.task == self.name for each in self.waits)

    def longest_chain(self) -> int:
        """How many jobs of it wait for each other at most, one for the next."""
        if not self.reads_itself:
            return 1
        length: dict[int, int] = {}
        for number in self.turns:
            before = [length[job.number] for job in self.after[number] if job.task == self.name]
            length[number] = 1 + max(before, default=0)
        return max(length.values(), default=1)

    def all_paths(self) -> Iterator[str]:
        """The paths of all ports of all jobs."""
        yield from ports_paths(self.inputs, self.outputs)


@dataclass(frozen=True, slots=True, eq=False)
class Promised:
    """An output of the pipeline, whose files are seen from outside, where there are no keys."""

    files: Files
    many: bool
    span: Span

    @property
    def paths(self) -> tuple[str, ...] | None:
        """Its paths, None where it is absent."""
        return paths_in(self.files.cells[0])


def paths_in(value: object) -> tuple[str, ...] | None:
    """The paths of a port's value; None where it is absent. What is absent in a list is no file."""
    if value is None:
        return None
    return tuple([str(v) for v in value if v is not None]) if isinstance(value, tuple) else (str(value),)


class NamedPort(NamedTuple):
    """A port of a task; `space` is `inputs` or `outputs`."""

    task: str
    space: str
    name: str


class Parts(Protocol):
    """What of a lowered model takes time to make, and is made when it is first looked at."""

    @property
    def staged(self) -> Callable[[str], str]: ...
    @property
    def tasks(self) -> Mapping[str, Task]: ...
    @property
    def outputs(self) -> Mapping[str, Promised]: ...
    @property
    def wanted(self) -> Mapping[str, Sequence[int]]: ...
    def spelling_out(self, ports: Collection[NamedPort]) -> Parts: ...


@dataclass(frozen=True, eq=False)
class Lowered:
    """A pipeline as plain data.

    `tasks` are each after those that they need; `written` has their names in the spec's order. `outputs` are those of
    the pipeline; `wanted` are the jobs that these need, by task and in order, with those that write nothing and are
    there for what they do; `effects` are the tasks of such that nobody waits for. `files` are the modules' files.
    `features` are what an engine must be able to do, and `resources` what jobs ask for, each with what asks for it.
    `folder` is the jobs' working folder and is never written into a file; `roots` are the data roots by their names,
    `workspace` that of the results; `origins` has what documents from outside of the project are called on every
    machine. `row_sources` are the tasks that write the rows of tables which are not known yet, `sums` what files of
    inputs must hold, as SHA-256. `place` is where jobs find module files, and `staged` leads from the path of an input
    to where they find that.
    """

    name: str
    title: str
    spec: str
    digest: str
    folder: str
    workspace: str
    roots: Mapping[str, str]
    origins: Mapping[str, str]
    place: str
    written: tuple[str, ...]
    files: Mapping[str, Shipped]
    features: Mapping[Feature, tuple[Use, ...]]
    resources: Mapping[str, tuple[Use, ...]]
    effects: tuple[str, ...]
    sums: Mapping[str, str]
    span: Span
    _parts: Parts
    row_sources: frozenset[str] = frozenset()

    @property
    def staged(self) -> Callable[[str], str]:
        return self._parts.staged

    @property
    def tasks(self) -> Mapping[str, Task]:
        return self._parts.tasks

    @property
    def outputs(self) -> Mapping[str, Promised]:
        return self._parts.outputs

    @property
    def wanted(self) -> Mapping[str, Sequence[int]]:
        return self._parts.wanted

    @cached_property
    def _writers(self) -> dict[str, Written]:
        found = {}
        for task in self.tasks.values():
            for port, output in task.outputs.items():
                for number, paths in enumerate(output.paths):
                    for place, each in enumerate(paths):
                        found[normpath(each)] = Written(JobRef(task.name, number), port, place)
        return found

    @cached_property
    def _around(self) -> set[str]:
        return {folder for path in self._writers for folder in above(path)}

    def writer(self, path: str) -> Written | None:
        """The job that writes a path, however it is spelled; None for what comes from outside."""
        return self._writers.get(normpath(path))

    def holds_outputs(self, path: str) -> bool:
        """Whether a path is one that a job writes, or a folder with such."""
        return normpath(path) in self._around

    def lies_about(self, path: str) -> bool:
        """Whether a path that no job writes as it is lies inside or around one that a job does."""
        path = normpath(path)
        return path in self._around or any(folder in self._writers for folder in above(path))

    def spelling_out(self, ports: Collection[NamedPort]) -> Lowered:
        """The same with the paths of some ports written out wherever words name the port, by texts and columns.

        It is for an engine that does not know a port's files as such.
        """
        return replace(self, _parts=self._parts.spelling_out(ports)) if ports else self

    def job_count(self) -> int:
        """How many jobs there are in all."""
        return sum(map(len, self.tasks.values()))


def above(path: str) -> Iterator[str]:
    """A path and the folders that it lies in.

    >>> list(above("a/b/c"))
    ['a/b/c', 'a/b', 'a']
    """
    while path not in ("", "/"):
        yield path
        path = dirname(path)


class Use(NamedTuple):
    """What of a task needs a feature: the name of a port, resource or key, or the secrets by their names."""

    task: str
    what: str
    span: Span
