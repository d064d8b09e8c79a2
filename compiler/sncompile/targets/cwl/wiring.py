"""Which sources give an input of a step its files: the object that the workflow is run with, other steps, or both.

Decision 0034.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from sncompile.lowering.model import JobRef, Written
from sncompile.targets.cwl.files import Port
from sncompile.targets.cwl.model import Expression, Input, Json, Link, Output, Step, array, optional
from sncompile.targets.cwl.names import ascii_name, file_name, unique
from sncompile.targets.cwl.plan import Plan, Source
from sncompile.targets.cwl.tools import Lowered

Sources = tuple[Source, ...]


class Wired(NamedTuple):
    """An input of a step, and whether every job has one item of what it is given."""

    link: Link
    scatter: bool


class Wiring:
    """Collects what the workflow and its steps are given. `folder` leads from the object to the working folder."""

    def __init__(self, plan: Plan, tools: Mapping[str, Lowered], folder: str, used: set[str]) -> None:
        self._plan, self._tools, self._folder, self._used = plan, tools, folder, used
        self.inputs: list[Input] = []
        self.job: dict[str, Json] = {}
        self.picks: list[Step] = []
        self.expressions: dict[str, Expression] = {}

    # --- The object ---------------------------------------------------------------------------------------------

    def given(self, hint: str, kind: Json, value: Json) -> str:
        """An input of the workflow with its value; gives its name."""
        name = unique(ascii_name(hint), self._used)
        self.inputs.append(Input(name, kind))
        self.job[name] = value
        return name

    def _file(self, source: Source, base: str) -> Json:
        place = source.original if source.original.startswith("/") else f"{self._folder}/{source.original}"
        location = quote(place.encode("utf-8", "surrogateescape"))
        location = f"file://{location}" if place.startswith("/") else location
        return {"class": base, "location": location, "basename": file_name(place)}

    def _outside(self, port: Port, hint: str, *, scattered: bool) -> Wired:
        """Files that no step makes."""
        several = [[self._file(source, port.base) for source in taken] for taken in port.taken]
        values = several if port.many else [files[0] if files else None for files in several]
        if scattered and any(value != values[0] for value in values):
            return Wired(Link(port.name, (self.given(hint, array(port.type), values),)), True)
        return Wired(Link(port.name, (self.given(hint, port.type, values[0]),)), False)

    # --- Other steps --------------------------------------------------------------------------------------------

    def whole(self, task: str, port: str) -> list[Written]:
        """All files of an output, in the order in which its step gives them."""
        written = self._plan.lowered.tasks[task].outputs[port].paths
        numbers = self._plan.numbers[task]
        return [Written(JobRef(task, n), port, k) for n in numbers for k in range(len(written[n]))]

    def source(self, task: str, port: str) -> str:
        """An output of a step, as a source."""
        lowered = self._tools[task]
        place = list(lowered.task.outputs).index(port)
        return f"{lowered.tool.id}/{lowered.tool.outputs[place].name}"

    def _shape(self, task: str, port: str) -> int:
        """How deep the lists are in which a step gives an output: 0 for a single file."""
        lowered = self._tools[task]
        return int(lowered.scattered) + int(lowered.task.outputs[port].many)

    def wire(self, lowered: Lowered, port: Port) -> Wired:
        """Where the files of an input come from."""
        hint = f"{lowered.tool.id}_{port.name}"
        if not any(source.made for taken in port.taken for source in taken):
            return self._outside(port, hint, scattered=lowered.scattered)
        if lowered.scattered and (found := self._one_each(lowered, port)) is not None:
            return Wired(Link(port.name, (found,)), True)
        if all(taken == port.taken[0] for taken in port.taken):
            sources = self._in_whole(port, port.taken[0], hint)
            if sources is not None:
                return Wired(Link(port.name, tuple(sources), self._merged(port, sources)), False)
        return self._picked(lowered, port, hint)

    def _one_each(self, lowered: Lowered, port: Port) -> str | None:
        """The source of which every job takes what the job of another step with the same number gives."""
        first = port.taken[0][0].made if port.taken[0] else None
        if first is None or not self._tools[first.job.task].scattered:
            return None
        name = first.job.task
        numbers, output = self._plan.numbers[name], self._tools[name].task.outputs[first.port]
        if len(numbers) != len(port.taken) or output.many != port.many:
            return None
        for number, taken in zip(numbers, port.taken, strict=True):
            made = [Written(JobRef(name, number), first.port, k) for k in range(len(output.paths[number]))]
            if [s.made for s in taken] != made:
                return None
        return self.source(name, first.port)

    def _in_whole(self, port: Port, taken: Sources, hint: str) -> list[str] | None:
        """The sources that joined are just the files of all jobs, where there are such."""
        found: list[str] = []
        left = list(taken)
        if not port.many and (left[0].made is None or self._shape(*_output(left[0].made))):
            return None
        while left:
            made = left[0].made
            if made is None:
                run = list(_while_outside(left))
                value = [self._file(source, port.base) for source in run]
                found.append(self.given(f"{hint}_files", array(port.base), value))
                left = left[len(run) :]
                continue
            whole = self.whole(*_output(made))
            if self._shape(*_output(made)) > 1 or [s.made for s in left[: len(whole)]] != whole:
                return None
            found.append(self.source(*_output(made)))
            left = left[len(whole) :]
        return found

    def _merged(self, port: Port, sources: list[str]) -> bool:
        """Whether sources must be joined to a list: several, or a single file that gives none by itself."""
        first = port.taken[0][0].made
        return len(sources) > 1 or (port.many and first is not None and not self._shape(*_output(first)))

    def _picked(self, lowered: Lowered, port: Port, hint: str) -> Wired:
        """A step of its own that hands to every job its own files out of all that there are."""
        everything = dict.fromkeys(source for taken in port.taken for source in taken)
        outputs = dict.fromkeys(_output(s.made) for s in everything if s.made is not None)
        order: list[Written | Source] = [made for task, name in outputs for made in self.whole(task, name)]
        outside = [source for source in everything if source.made is None]
        order += outside
        sources = [self.source(task, name) for task, name in outputs]
        if outside:
            value = [self._file(source, port.base) for source in outside]
            sources.append(self.given(f"{hint}_files", array(port.base), value))
        place = {item: number for number, item in enumerate(order)}
        several = [[place[s.made or s] for s in taken] for taken in port.taken]
        at: list[Json] = list(several) if port.many else [found[0] if found else None for found in several]
        kind: Json = array("int") if port.many else optional("int") if port.optional else "int"
        scatter = lowered.scattered and any(value != at[0] for value in at)
        tool = self._pick_tool(port.base, port.type, kind, scattered=scatter)
        name = self.given(f"{hint}_at", array(kind) if scatter else kind, at if scatter else at[0])
        step = unique(hint, self._used)
        links = (Link("files", tuple(sources), True), Link("at", (name,)))
        self.picks.append(Step(step, tool, links, (), ("picked",)))
        return Wired(Link(port.name, (f"{step}/picked",)), scatter)

    def _pick_tool(self, base: str, kind: Json, at: Json, *, scattered: bool) -> str:
        result, places = (array(kind), array(at)) if scattered else (kind, at)
        known = f"{base} {result!r}"
        if known not in self.expressions:
            listed = array([base, array(base)])
            self.expressions[known] = Expression(
                id=unique("pick", self._used),
                comments=("Hands every job its files: `at` holds their places in the list of all.",),
                inputs=(Input("files", listed), Input("at", places)),
                outputs=(Output("picked", result),),
                script="pick.js",
            )
        return self.expressions[known].id


def _output(made: Written) -> tuple[str, str]:
    """The task and the port that a file is of."""
    return made.job.task, made.port


def _while_outside(sources: Sequence[Source]) -> Iterator[Source]:
    for source in sources:
        if source.made is not None:
            return
        yield source
