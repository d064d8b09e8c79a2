"""Tasks → CommandLineTools, with the files and columns that their steps must be given."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from sncompile.lowering.model import Task
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
    """A task's tool; `ports` and `columns` are what its step takes, and `waits` what it waits for without data."""

    task: Task
    tool: Tool
    ports: tuple[Port, ...]
    columns: tuple[Column, ...]
    waits: tuple[str, ...]
    secrets: tuple[str, ...]

    @property
    def scattered(self) -> bool:
        """Whether there is a job for each of several instances, and not just one."""
        return bool(self.task.by)


def lower_task(task: Task, around: Around, *, marked: bool) -> Lowered:
    """The tool of a task; `marked`: others wait for it, so it says when it is done."""
    numbers = around.plan.numbers[task.name]
    used = {JOB, SCRIPT, DONE}
    columns = Columns(len(numbers), used)
    ids = [task.ids[number] for number in numbers]
    files = FilesLowering(task, around, columns, used)
    words = Words(task, around, columns)
    settings = Settings(task, around, columns, words)
    placed = files.inputs()
    words.ports.update(files.named)
    written = files.written()
    requirements = settings.requirements()
    secrets = settings.secrets()
    head = [f"$(inputs.{SCRIPT})", f"$(inputs.{JOB})", around.plan.places.gathered]
    arguments = [
        head, *placed, *written, *(["secret", name] for name in secrets), *settings.own_variables(), ["--"],
        _command(task, words),
    ]  # fmt: skip
    waits = _waits(task, around, files.ports)
    inputs = [Input(SCRIPT, "File", {"class": "File", "location": "job.sh"}), _job(task, ids)]
    inputs += [Input(port.name, port.type) for port in files.ports]
    inputs += [column.input for column in columns.columns]
    inputs += [*columns.defaults, *(_after(around.plan.lowered.tasks[name], around) for name in waits)]
    outputs = list(files.outputs)
    if marked or not outputs:
        outputs.append(Output(DONE, "string", value=f"$(inputs.{JOB})"))
    tool = Tool(
        id=around.ids[task.name],
        label=task.title or task.name,
        comments=tuple(_comments(task)),
        requirements=tuple(requirements),
        hints=tuple(settings.hints()),
        inputs=tuple(inputs),
        arguments=tuple(map(tuple, arguments)),
        outputs=tuple(outputs),
    )
    jobs = (Column(Input(JOB, "string"), tuple(ids), False),) if task.by else ()
    return Lowered(task, tool, tuple(files.ports), (*jobs, *columns.columns), waits, tuple(secrets))


def _after(source: Task, around: Around) -> Input:
    return Input(f"after_{around.ids[source.name]}", array("string") if source.by else "string")


def _job(task: Task, ids: list[str]) -> Input:
    return Input(JOB, "string") if task.by else Input(JOB, "string", ids[0])


def _command(task: Task, words: Words) -> list[str]:
    if task.command is not None:
        return words.command()
    return [*SHELL, words.script()]


def _waits(task: Task, around: Around, ports: list[Port]) -> tuple[str, ...]:
    """The tasks that must be done first although no file comes from them."""
    fed = {s.made.job.task for port in ports for taken in port.taken for s in taken if s.made is not None}
    waited = {job.task for n in around.plan.numbers[task.name] for job in around.plan.waits(task, n)}
    return tuple(name for name in around.plan.waited_for(task) if name in waited - fed)


def _comments(task: Task) -> list[str]:
    head = f"{task.name}: {task.title}" if task.title else task.name
    by = " and ".join(task.by)
    kind = f"one job per {by}" if by else "one job"
    if task.gathers:
        kind += f"; gathers {', '.join(task.gathers)}"
    if task.retries:
        kind += f"; to be tried again {'once' if task.retries == 1 else f'{task.retries} times'} if it fails"
    if task.priority:
        kind += f"; its priority is {task.priority}, of which CWL knows nothing"
    return [line for text in (head, kind) for line in textwrap.wrap(text, 110)]
