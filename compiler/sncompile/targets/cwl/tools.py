"""Families → CommandLineTools, with the files and columns that their steps must be given."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from sncompile.ir.graph.model import Family, Relation
from sncompile.ir.jobs.expansion import job_id
from sncompile.targets.cwl.columns import Column, Columns
from sncompile.targets.cwl.context import Around
from sncompile.targets.cwl.files import FilesLowering, Port
from sncompile.targets.cwl.model import Input, Output, Tool, array
from sncompile.targets.cwl.settings import Settings
from sncompile.targets.cwl.words import Words

JOB = "job"
SCRIPT = "job_sh"
DONE = "done"
SHELL = ("bash", "-euo", "pipefail", "-c")


class Lowered(NamedTuple):
    """A family's tool; `ports` and `columns` are what its step takes, and `waits` what it waits for without data."""

    family: Family
    tool: Tool
    ports: tuple[Port, ...]
    columns: tuple[Column, ...]
    waits: tuple[str, ...]
    secrets: tuple[str, ...]

    @property
    def scattered(self) -> bool:
        """Whether there is a job for each of several instances, and not just one."""
        return bool(self.family.keys.by)


def lower_family(family: Family, around: Around, *, marked: bool) -> Lowered:
    """The tool of a family; `marked`: others wait for it, so it says when it is done."""
    numbers = around.plan.numbers[family.name]
    used = {JOB, SCRIPT, DONE}
    columns = Columns(len(numbers), used)
    ids = [job_id(family, number) for number in numbers]
    files = FilesLowering(family, around, columns, used)
    words = Words(family, around, columns)
    settings = Settings(family, around, columns, words)
    placed = files.inputs()
    words.ports.update(files.named)
    written = files.written()
    requirements = settings.requirements()
    secrets = settings.secrets()
    head = [f"$(inputs.{SCRIPT})", f"$(inputs.{JOB})", around.plan.places.gathered]
    arguments = [
        head, *placed, *written, *(["secret", name] for name in secrets), *settings.own_variables(), ["--"],
        _command(family, words),
    ]  # fmt: skip
    waits = _waits(family, around, files.ports)
    inputs = [Input(SCRIPT, "File", {"class": "File", "location": "job.sh"}), _job(family, ids)]
    inputs += [Input(port.name, port.type) for port in files.ports]
    inputs += [column.input for column in columns.columns]
    inputs += [*columns.defaults, *(_after(around.plan.graph.families[name], around) for name in waits)]
    outputs = list(files.outputs)
    if marked or not outputs:
        outputs.append(Output(DONE, "string", value=f"$(inputs.{JOB})"))
    tool = Tool(
        id=around.ids[family.name],
        label=_line(family.title) or family.name,
        comments=tuple(_comments(family, around)),
        requirements=tuple(requirements),
        hints=tuple(settings.hints()),
        inputs=tuple(inputs),
        arguments=tuple(map(tuple, arguments)),
        outputs=tuple(outputs),
    )
    jobs = (Column(Input(JOB, "string"), tuple(ids), False),) if family.keys.by else ()
    return Lowered(family, tool, tuple(files.ports), (*jobs, *columns.columns), waits, tuple(secrets))


def _after(source: Family, around: Around) -> Input:
    return Input(f"after_{around.ids[source.name]}", array("string") if source.keys.by else "string")


def _job(family: Family, ids: list[str]) -> Input:
    return Input(JOB, "string") if family.keys.by else Input(JOB, "string", ids[0])


def _command(family: Family, words: Words) -> list[str]:
    if family.command is not None:
        return words.command()
    return [*SHELL, words.script()]


def _waits(family: Family, around: Around, ports: list[Port]) -> tuple[str, ...]:
    """The families that must be done first although no file comes from them."""
    fed = {s.made.family for port in ports for taken in port.taken for s in taken if s.made is not None}
    found: dict[str, None] = {}
    for name, instances in around.plan.waits(family):
        if name not in fed and any(True for n in around.plan.numbers[family.name] for _ in instances(n)):
            found.setdefault(name)
    return tuple(found)


def _line(text: str) -> str:
    return " ".join(text.split())


def _comments(family: Family, around: Around) -> list[str]:
    title = _line(family.title)
    head = f"{family.name}: {title}" if title else family.name
    by = " and ".join(family.keys.by)
    kind = f"one job per {by}" if by else "one job"
    into = around.plan.graph.into(family.name)
    gathered = [e.source for e in into if e.relation is Relation.GATHER and e.ports]
    if gathered:
        kind += f"; gathers {', '.join(gathered)}"
    if family.retries:
        kind += f"; to be tried again {'once' if family.retries == 1 else f'{family.retries} times'} if it fails"
    if family.priority:
        kind += f"; its priority is {family.priority}, of which CWL knows nothing"
    return [line for text in (head, kind) for line in textwrap.wrap(text, 110)]
