"""What is told of the thing under the cursor, as Markdown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.graph.model import Edge, Relation
from sncompile.ir.jobs.expansion import Job
from sncompile.ir.keys.table import Table, show
from sncompile.ir.values.model import Const
from sncompile.lsp import names as scope
from sncompile.lsp.completion import kind_at
from sncompile.lsp.functions import FUNCTIONS
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.place import Role, place_at
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.schemas import key_help
from sncompile.lsp.symbols import Kind, Occurrence
from sncompile.lsp.texts import Text
from sncompile.syntax.document import Document, ModuleDoc, PipelineDoc

MAX_FILES = 5
"""Files of a port that are named."""
MAX_ROWS = 5
"""Rows of a table that are shown."""
MAX_COMMAND = 1_200
"""Characters of a command that are shown."""


class Hover(NamedTuple):
    """What is told, and of which stretch of the text."""

    markdown: str
    span: Span


class _About(NamedTuple):
    """What is known where a name stands."""

    snapshot: Snapshot
    outcome: Outcome | None
    found: Occurrence

    @property
    def name(self) -> str:
        return self.found.symbol.name

    def owner(self) -> tuple[str, Document] | None:
        """The document that the symbol belongs to, with the step through which it is seen here."""
        home = self.found.symbol.home
        if home.path == str(self.snapshot.path) and not home.step:
            return ("", self.snapshot.document) if self.snapshot.document is not None else None
        step = self.found.step
        before = _before(self.snapshot, self.found)
        if before is not None and before.symbol.kind is Kind.STEP:
            step = before.symbol.name
        for inner, document in self.snapshot.modules.values():
            if inner == home:
                return step, document
        return None


def _before(snapshot: Snapshot, found: Occurrence) -> Occurrence | None:
    """The name that stands before a dot and this one: `calc` of `calc.function`."""
    for each in snapshot.names.lines.get(found.span.line, ()):
        if each.span.end_column == found.span.column - 1 and each.span.line == found.span.line:
            return each
    return None


def hover(snapshot: Snapshot, outcome: Outcome | None, text: Text, line: int, column: int) -> Hover | None:
    """What is told at a cursor of a text; None where there is nothing to tell."""
    found = snapshot.names.at(line, column)
    if found is not None and text.written(found.span) == found.symbol.name.rpartition(".")[2]:
        told = _TOLD[found.symbol.kind](_About(snapshot, outcome, found))
        if told:
            return Hover(told, found.span)
    if found is not None and found.symbol.kind is Kind.MODULE:
        return Hover(_module(_About(snapshot, outcome, found)), found.span)
    place = place_at(text, line, column)
    if place.role is Role.KEY:
        word = text.written(place.span)
        help = key_help(kind_at(snapshot, place, text), (*place.path, word))
        if help is not None:
            required = ", required" if help.required else ""
            kinds = f" ({' or '.join(help.types)}{required})" if help.types else ""
            return Hover(f"**{word}**{kinds}\n\n{help.description}", place.span)
    return None


def _step(about: _About) -> str:
    name, outcome = about.name, about.outcome
    pipeline = about.snapshot.pipeline
    step = pipeline.steps.get(name) if pipeline is not None else None
    if step is None:
        return ""
    module = about.snapshot.module_of(name)
    keys = f" by {', '.join(f'`{key.name}`' for key in step.by)}" if step.by else ""
    count = outcome.count(name) if outcome is not None else None
    jobs = "" if count is None else f" · {jobs_text(count)}"
    lines = [f"**{name}** · step{jobs}{keys}"]
    title = step.title or (module[1].about.title if module is not None else "")
    lines += [title] if title else []
    job = outcome.first_job(name) if outcome is not None else None
    if job is not None:
        lines.append("\n".join(_job(job)))
    return "\n\n".join(lines)


def jobs_text(count: int) -> str:
    """How many jobs, in words."""
    return "1 job" if count == 1 else f"{count:,} jobs"


def _job(job: Job) -> Iterator[str]:
    yield f"The first job, `{job.id}`:"
    yield "```sh"
    command = job.shell.strip() if job.shell is not None else shlex.join(job.command or ())
    yield command if len(command) <= MAX_COMMAND else f"{command[:MAX_COMMAND]} …"
    yield "```"
    for title, held in (("reads", job.inputs), ("writes", job.outputs)):
        for port, files in held.items():
            if files:
                yield f"- {title} `{port}`: {_files(files)}"


def _files(files: str | Sequence[str] | None) -> str:
    listed = [files] if isinstance(files, str) else list(files or ())
    shown = ", ".join(f"`{file}`" for file in listed[:MAX_FILES])
    return shown + (f" and {len(listed) - MAX_FILES:,} more" if len(listed) > MAX_FILES else "")


def _input(about: _About) -> str:
    owner = about.owner()
    if owner is None:
        return ""
    step, document = owner
    port = document.inputs.get(about.name)
    if port is None:
        return ""
    lines = [f"**{about.name}** · input · {scope.port_text(port)}"]
    lines += [port.description] if port.description else []
    graph = about.outcome.graph if about.outcome is not None and step else None
    if graph is not None and about.outcome is not None and step in graph.families:
        fed = [_fed(edge) for edge in graph.into(step) if about.name in edge.ports]
        lines += [f"From {', '.join(fed)}"] if fed else []
        job = about.outcome.first_job(step)
        files = job.inputs.get(about.name) if job is not None else None
        lines += [f"Of the first job: {_files(files)}"] if files else []
    return "\n\n".join(lines)


def _fed(edge: Edge) -> str:
    how = {Relation.MAP: "map", Relation.BROADCAST: "broadcast", Relation.GATHER: "gather"}.get(edge.relation, "link")
    return f"`{edge.source}` ({how})"


def _output(about: _About) -> str:
    owner = about.owner()
    if owner is None:
        return ""
    step, document = owner
    if isinstance(document, PipelineDoc):
        return f"**{about.name}** · output of the pipeline `{document.name.name}`"
    port = document.outputs.get(about.name)
    if port is None:
        return ""
    lines = [f"**{about.name}** · output · {scope.port_text(port)}"]
    lines += [port.description] if port.description else []
    graph = about.outcome.graph if about.outcome is not None and step else None
    if graph is not None and about.outcome is not None:
        readers = dict.fromkeys(edge.target for edge in graph.edges if edge.source == step)
        lines += (
            [f"Goes to steps {', '.join(f'`{reader}`' for reader in islice(readers, MAX_FILES))}"] if readers else []
        )
        job = about.outcome.first_job(step)
        files = job.outputs.get(about.name) if job is not None else None
        lines += [f"Of the first job: {_files(files)}"] if files else []
    return "\n\n".join(lines)


def _param(about: _About) -> str:
    owner = about.owner()
    if owner is None:
        return ""
    step, document = owner
    param = document.params.get(about.name)
    if param is None:
        return _group(about.name, document)
    lines = [f"**{about.name}** · parameter · {scope.param_text(param)}"]
    limits = [
        f"{what} {limit}"
        for what, limit in (("at least", param.minimum), ("at most", param.maximum))
        if limit is not None
    ]
    lines += [", ".join(limits)] if limits else []
    lines += [param.description] if param.description else []
    program = about.outcome.program if about.outcome is not None else None
    value = program.params.get(about.name) if program is not None and not step else None
    if isinstance(value, Const) and value.value is not None:
        lines.append(f"Here: `{value.value}`")
    return "\n\n".join(lines)


def _group(name: str, document: Document) -> str:
    """A parameter that is a map, or a group of parameters."""
    if isinstance(document, PipelineDoc) and name in document.maps:
        held = document.maps[name]
        lines = [f"**{name}** · parameter · map", *([held.description] if held.description else [])]
        return "\n\n".join((*lines, "\n".join(f"- `{column}`" for column in held.columns)))
    members = scope.params(document, f"{name}.")
    lines = [f"- `{each.name}` {each.detail}" for each in members]
    return "\n\n".join((f"**{name}** · group of parameters", "\n".join(lines))) if members else ""


def _table(about: _About) -> str:
    pipeline, outcome = about.snapshot.pipeline, about.outcome
    declared = pipeline.tables.get(about.name) if pipeline is not None else None
    if pipeline is None or declared is None:
        return ""
    table = outcome.tables.get(about.name) if outcome is not None else None
    key = ", ".join(f"`{each.name}`" for each in declared.key)
    rows = "" if table is None else f" · {len(table):,} row{'' if len(table) == 1 else 's'}"
    lines = [f"**{about.name}** · table{rows} · key {key}"]
    lines += [declared.description] if declared.description else []
    if table is not None and len(table) and (table.late is None or table.late.known):
        lines.append("\n".join(_rows(table)))
    else:
        lines.append("\n".join(f"- `{c.name}` {c.detail}" for c in scope.columns(pipeline, outcome, about.name)))
    return "\n\n".join(lines)


def _rows(table: Table) -> Iterator[str]:
    names = list(table.columns)
    yield f"| {' | '.join(map(_cell, names))} |"
    yield f"|{'---|' * len(names)}"
    for number in range(min(len(table), MAX_ROWS)):
        yield f"| {' | '.join(_cell(show(table.columns[name][number])) for name in names)} |"


def _cell(text: str) -> str:
    shown = re.sub(r"([|\\`*_<>\[\]])", r"\\\1", text.replace("\n", " "))
    return shown if len(shown) <= 80 else f"{shown[:77]}…"


def _column(about: _About) -> str:
    name = about.name.rpartition(".")[2]
    told = [f"**{name}** · {about.found.symbol.kind.value}"]
    pipeline, outcome = about.snapshot.pipeline, about.outcome
    wanted = about.name.rpartition(".")[0]
    for table in pipeline.tables if pipeline is not None else ():
        if wanted and table != wanted:
            continue
        for column in scope.columns(pipeline, outcome, table) if pipeline is not None else ():
            if column.name != name:
                continue
            line = f"- of the table `{table}`" + (f", {column.detail}" if column.detail else "")
            known = outcome.tables.get(table) if outcome is not None else None
            if known is not None and name in known.columns and len(known):
                values = dict.fromkeys(islice(known.columns[name], 10_000))
                line += f": {', '.join(f'`{show(value)}`' for value in islice(values, MAX_FILES))}"
                line += " …" if len(values) > MAX_FILES else ""
            told += [line, *([column.description] if column.description else [])]
    return "\n\n".join((told[0], "\n".join(told[1:]))) if len(told) > 1 else told[0]


def _module(about: _About) -> str:
    held = about.snapshot.modules.get(about.name)
    if held is None:
        return f"**{about.name}** · module"
    home, document = held
    kind = "module" if isinstance(document, ModuleDoc) else "pipeline"
    lines = [f"**{document.name.name}** · {kind}"]
    lines += [text for text in (document.about.title, document.about.description) if text]
    for title, offered in (
        ("Inputs", scope.ports(document.inputs.values(), Kind.INPUT)),
        ("Parameters", scope.params(document)),
        ("Outputs", scope.outputs_of(document)),
    ):
        if offered:
            lines.append("\n".join((f"{title}:", *(f"- `{o.name}` {o.detail}" for o in offered))))
    lines.append(f"`{home.path}`")
    return "\n\n".join(lines)


def _data(about: _About) -> str:
    program = about.outcome.program if about.outcome is not None else None
    value = program.data.get(about.name) if program is not None else None
    path = f" · `{value.value}`" if isinstance(value, Const) else ""
    return f"**{about.name}** · data root{path}"


def _inferred(about: _About) -> str:
    found = about.outcome.checked.inferred.get(about.name) if about.outcome is not None else None
    shown = f" · `{show(found.value)}`" if found is not None and found.settled else ""
    return f"**{about.name}** · inferred value{shown}"


def _function(about: _About) -> str:
    told = FUNCTIONS.get(about.name)
    return "" if told is None else f"`{told.call}`\n\n{told.gives}"


def _plain(about: _About) -> str:
    return f"**{about.name}** · {about.found.symbol.kind.value}"


_TOLD: Mapping[Kind, Callable[[_About], str]] = {
    Kind.STEP: _step,
    Kind.INPUT: _input,
    Kind.OUTPUT: _output,
    Kind.PARAM: _param,
    Kind.DATA: _data,
    Kind.LET: _plain,
    Kind.TABLE: _table,
    Kind.COLUMN: _column,
    Kind.KEY: _column,
    Kind.INFER: _inferred,
    Kind.SHORT: _plain,
    Kind.MODULE: _module,
    Kind.ENV: _plain,
    Kind.RESOURCE: _plain,
    Kind.FUNCTION: _function,
    Kind.WORD: _plain,
    Kind.VALUE: _plain,
}
