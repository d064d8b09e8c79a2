"""Tasks → rules."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from sncompile.diagnostics import Span
from sncompile.lowering.contents import contents_of, read_by
from sncompile.lowering.model import Task
from sncompile.targets.snakemake.commands import CommandLowering
from sncompile.targets.snakemake.containers import apptainer_name
from sncompile.targets.snakemake.context import Surroundings, TaskContext
from sncompile.targets.snakemake.inputs import input_code, own_cell, port_code
from sncompile.targets.snakemake.late import wanting_some
from sncompile.targets.snakemake.marking import Waiting
from sncompile.targets.snakemake.model import Directive, Entry, Rule
from sncompile.targets.snakemake.names import item_name, unique
from sncompile.targets.snakemake.outputs import OutputPatterns
from sncompile.targets.snakemake.python_code import Atom, Call, Code, flat, pattern, string
from sncompile.targets.snakemake.resources import resource_entries, thread_entry
from sncompile.targets.snakemake.run_time import paths_code
from sncompile.targets.snakemake.shell_code import shell_entries
from sncompile.targets.snakemake.storage import FETCHED, fetched, providers_of

_COMMENT = 86
"""The width of a comment, without its sign."""


class RulePrinter:
    """Prints one task as a rule."""

    def __init__(self, task: Task, name: str, around: Surroundings) -> None:
        self._task, self._name, self._around = task, name, around
        self.context = TaskContext(task, around)
        self.outputs = OutputPatterns(self.context)

    def rule(self, *, benchmark: bool) -> Rule:
        """The rule of the task."""
        task = self._task
        inputs = self._inputs()
        commands = CommandLowering(self.context, {entry.name for entry in inputs})
        shell = shell_entries(self.context, commands)
        inputs = [_alone(entry, commands.params) for entry in inputs] + commands.file_inputs
        log = string(self.outputs.beside("logs", ".log"))
        directives = [
            Directive("input", tuple(inputs)),
            Directive("output", tuple(self.outputs.entries())),
            Directive("log", (Entry("", log, task.span),)),
        ]
        if benchmark:
            path = string(self.outputs.beside("benchmarks", ".tsv"))
            directives.append(Directive("benchmark", (Entry("", path, task.span),)))
        if self.outputs.constraints:
            tighter = [Entry(n, pattern(c), task.span) for n, c in sorted(self.outputs.constraints.items())]
            directives.append(Directive("wildcard_constraints", tuple(tighter)))
        directives += self._settings()
        directives += [Directive("params", tuple(commands.params)), Directive("shell", tuple(shell))]
        return Rule(
            self._name,
            task.name,
            tuple(self._comments()),
            tuple(d for d in directives if d.entries),
            task.span,
            task.module_span,
        )

    def _comments(self) -> list[str]:
        task = self._task
        # The rule says its step by itself, where it is called so.
        named = [] if task.name == self._name else [task.name]
        head = ": ".join([*named, *([task.title] if task.title else [])])
        by = " and ".join([", ".join(task.by[:-1]), *task.by[-1:]]).removeprefix(" and ")
        kind = f"one job per {by}" if by else "one job"
        if task.gathers:
            kind += f"; gathers {', '.join(task.gathers)}"
        together = "; ".join([*([head] if head else []), kind])
        found = [together] if len(together) <= _COMMENT else [head, kind]
        if task.made_of:
            found.append(f"made from {len(task.made_of)} steps of the spec, {task.made_of[0]} to {task.made_of[-1]}")
        marks = self._around.marks
        if task.name in marks.tasks - marks.batched:
            optional = any(output.optional for output in task.outputs.values())
            why = "it need not write all of its files" if optional else "its paths have no name in common"
            found.append(f"{why}: it is known by a mark")
        return [line for text in found for line in textwrap.wrap(text, _COMMENT)]

    def _inputs(self) -> list[Entry]:
        entries = []
        for name, port in self._task.inputs.items():
            code = port_code(port.files, name, self.context, port.texts)
            if code is not None and port.remote:
                self._around.providers |= providers_of((port,))
                code = self._fetched(code)
            if code is not None:
                code = wanting_some(code, name, self.context) if port.required else code
                entries.append(Entry(item_name(name), code, port.span))
        used = {entry.name for entry in entries}
        entries += self._hidden_inputs(used)
        entries += self._values(used)
        return entries

    def _fetched(self, code: Code) -> Code:
        found, by_function = fetched(code)
        if by_function:
            self._around.functions.add(FETCHED)
        return found

    def _values(self, used: set[str]) -> list[Entry]:
        """The files that hold what the job takes: each is there until it has been read."""
        entries: dict[Code, Entry] = {}
        for content in contents_of(self._task):
            lowered = self._around.lowered
            makers = {writer.job.task for path in read_by(content, self._task) if (writer := lowered.writer(path))}
            code = paths_code(content, self.context)
            if code not in entries and makers.isdisjoint(self._around.marks.tasks):
                entries[code] = Entry(unique("value", used), code, content.span)
        return list(entries.values())

    def _hidden_inputs(self, used: set[str]) -> list[Entry]:
        """Jobs that must be done first although no port reads from them."""
        task = self._task
        entries = []
        waiting = Waiting(self._around.lowered, self._around.marks)
        rows = self._rows_read_from()
        for source, row in rows.items():
            name = unique(f"after_{item_name(source.replace('.', '_'))}", used)
            entries.append(Entry(name, row, task.span))
        for wait in task.waits:
            if wait.task in rows:
                continue
            name = unique(f"after_{item_name(wait.task.replace('.', '_'))}", used)
            code = input_code(waiting.standing_for(wait.files, task.key_set), name, self.context)
            if code is not None and any(o.remote for o in self._around.lowered.tasks[wait.task].outputs.values()):
                code = self._fetched(code)
            if code is not None:
                # Order alone: a newer file is no reason to run again, but for rows that a job takes columns of.
                ordered = wait.ordered and wait.task not in self._around.lowered.row_sources
                entries.append(Entry(name, _ancient(code) if ordered else code, task.span))
        return entries

    def _rows_read_from(self) -> dict[str, Code]:
        """What a job's rows are read from, by the steps that write them: a job that no row has is refused there."""
        found: dict[str, Code] = {}
        sidecars = self._around.sidecars
        for table in self._task.key_set.rows.tables:
            if table.late is not None and table.awaited:
                variable = sidecars.variable(sidecars.table(table))
                found.setdefault(table.late.step, Call(f"lambda wildcards: {variable}.source", (Atom("wildcards"),)))
        return found

    def _settings(self) -> list[Directive]:
        task, context = self._task, self.context
        found: list[Directive] = []
        priority = task.priority or int(task.urgent)
        if priority:
            found.append(Directive("priority", (Entry("", Atom(str(priority)), task.span),)))
        if task.retries:
            # On a node, too, Snakemake heeds what a rule says of itself, and would try again in what the scheduler gave
            # for the first attempt.
            code = f"{task.retries} if workflow.is_main_process else 0"
            found.append(Directive("retries", (Entry("", Atom(code), task.span),)))
        if task.local:
            found.append(Directive("localrule", (Entry("", Atom("True"), task.span),)))
        if task.conda is not None:
            found.append(Directive("conda", (Entry("", string(f"files/{task.conda}"), task.module_span),)))
        if task.image is not None and self._around.containers is None:
            found.append(self._image(task.spans["container"]))
        threads = thread_entry(context)
        if threads is not None:
            found.append(Directive("threads", (threads,)))
        found.append(Directive("resources", tuple(resource_entries(context))))
        return found

    def _image(self, span: Span) -> Directive:
        """The image of the jobs, by their wildcards where it differs between them."""
        images = self.context.images()
        for image in dict.fromkeys(images):
            self.context.check_braces(image, span, "image")
        names = list(map(apptainer_name, images))
        code = string(names[0]) if len(names) == 1 else own_cell(names, "container", self.context)
        return Directive("container", (Entry("", code, span),))


def _alone(entry: Entry, params: Sequence[Entry]) -> Entry:
    """A list of one path without its brackets, where all that takes it takes a path as well: words, and sizes."""
    code = entry.code
    if not (isinstance(code, Call) and code.head == "[" and len(code.arguments) == 1):
        return entry
    taken = any(f"input.{entry.name}" in flat(param.code) for param in params)
    return entry if taken or not isinstance(code.arguments[0], Atom) else entry._replace(code=code.arguments[0])


def _ancient(code: Code) -> Code:
    """Inputs whose age does not matter; inside the function where they are given by one."""
    if isinstance(code, Call) and code.head.startswith("lambda "):
        head, _, inner = code.head.partition(": ")
        return Call(f"{head}: ancient", (Call(inner, code.arguments),))
    return Call("ancient", (code,))
