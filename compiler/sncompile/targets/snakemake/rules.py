"""Families → rules."""

from __future__ import annotations

import textwrap

from sncompile.ir.graph.feeds import waited_for
from sncompile.ir.graph.model import Family, Relation
from sncompile.ir.values.model import Output, Related, Value
from sncompile.targets.snakemake.commands import CommandLowering
from sncompile.targets.snakemake.containers import apptainer_name
from sncompile.targets.snakemake.context import FamilyContext, Surroundings
from sncompile.targets.snakemake.inputs import input_code, port_code
from sncompile.targets.snakemake.marking import marker
from sncompile.targets.snakemake.model import Directive, Entry, Rule
from sncompile.targets.snakemake.names import item_name, unique
from sncompile.targets.snakemake.outputs import OutputPatterns
from sncompile.targets.snakemake.python_code import Atom, Call, Code, pattern, string
from sncompile.targets.snakemake.resources import resource_entries, thread_entry
from sncompile.targets.snakemake.shell_code import shell_entries
from sncompile.targets.snakemake.waits import computed_inputs, hidden_waits


class FamilyLowering:
    """Lowers one family to a rule."""

    def __init__(self, family: Family, name: str, around: Surroundings) -> None:
        self._family, self._name, self._around = family, name, around
        self.context = FamilyContext(family, around)
        self.outputs = OutputPatterns(self.context)

    def rule(self, *, benchmark: bool) -> Rule:
        """The rule of the family."""
        family = self._family
        inputs = self._inputs()
        commands = CommandLowering(self.context, {entry.name for entry in inputs})
        shell = shell_entries(self.context, commands)
        inputs += commands.file_inputs
        log = string(self.outputs.beside("logs", ".log"))
        directives = [
            Directive("input", tuple(inputs)),
            Directive("output", tuple(self.outputs.entries())),
            Directive("log", (Entry("", log, family.span),)),
        ]
        if benchmark:
            path = string(self.outputs.beside("benchmarks", ".tsv"))
            directives.append(Directive("benchmark", (Entry("", path, family.span),)))
        if self.outputs.constraints:
            tighter = [Entry(n, pattern(c), family.span) for n, c in sorted(self.outputs.constraints.items())]
            directives.append(Directive("wildcard_constraints", tuple(tighter)))
        directives += self._settings()
        if not self.outputs.marked:
            commands.note_promises()
        directives += [Directive("params", tuple(commands.params)), Directive("shell", tuple(shell))]
        return Rule(
            self._name,
            family.name,
            tuple(self._comments()),
            tuple(d for d in directives if d.entries),
            family.span,
            family.module_span,
        )

    def _comments(self) -> list[str]:
        family = self._family
        title = " ".join(family.title.split())
        head = f"{family.name}: {title}" if title else family.name
        by = " and ".join(family.keys.by)
        kind = f"one job per {by}" if by else "one job"
        gathered = [e.source for e in self._around.graph.into(family.name) if e.relation is Relation.GATHER and e.ports]
        if gathered:
            kind += f"; gathers {', '.join(gathered)}"
        found = [head, kind]
        if family.origins:
            steps = sorted(family.origins.values(), key=lambda origin: origin.span)
            found.append(f"made from {len(steps)} steps of the spec, {steps[0].step} to {steps[-1].step}")
        marks = self._around.marks
        if family.name in marks.families - marks.batched:
            found.append("its paths have no name in common: it is known by a mark")
        return [line for text in found for line in textwrap.wrap(text, 86)]

    def _inputs(self) -> list[Entry]:
        entries = []
        for name, port in self._family.inputs.items():
            code = port_code(port.value, name, self.context)
            if code is not None:
                entries.append(Entry(item_name(name), code, port.value.span))
        used = {entry.name for entry in entries}
        entries += self._hidden_inputs(used)
        return entries

    def _hidden_inputs(self, used: set[str]) -> list[Entry]:
        """Jobs that must be done first although no port reads from them."""
        graph, family = self._around.graph, self._family
        entries = []
        computed = computed_inputs(family)
        for edge in graph.into(family.name):
            source = graph.families[edge.source]
            for each in hidden_waits(edge, family, graph, self._around.evaluator, computed):
                name = unique(f"after_{item_name(source.name.replace('.', '_'))}", used)
                code = input_code(self._marked(waited_for(each, graph), source), name, self.context)
                if code is not None:
                    # Order alone: a newer file is no reason to run again.
                    entries.append(Entry(name, _ancient(code) if each in family.after else code, family.span))
        return entries

    def _marked(self, value: Value, source: Family) -> Value:
        """The value with the mark of a step that is known by one in the place of its output."""
        known = not source.outputs or source.name in self._around.marks.families
        if not known or not isinstance(value, Related):
            return value
        if isinstance(value.value, Output):
            return value._replace(value=marker(self._around.graph.workspace, source))
        return value._replace(value=self._marked(value.value, source))

    def _settings(self) -> list[Directive]:
        family, context = self._family, self.context
        found: list[Directive] = []
        priority = family.priority or int(family.urgent)
        if priority:
            found.append(Directive("priority", (Entry("", Atom(str(priority)), family.span),)))
        if family.retries:
            # On a node, too, Snakemake heeds what a rule says of itself, and would try again in what the scheduler gave
            # for the first attempt.
            code = f"{family.retries} if workflow.is_main_process else 0"
            found.append(Directive("retries", (Entry("", Atom(code), family.span),)))
        if family.local_rule:
            found.append(Directive("localrule", (Entry("", Atom("True"), family.span),)))
        if family.conda is not None:
            found.append(Directive("conda", (Entry("", string(f"files/{family.conda}"), family.module_span),)))
        if family.container is not None and self._around.containers is None:
            image = self.context.image(family.container.span)
            self.context.check_braces(image, family.container.span, "image")
            name = string(apptainer_name(image))
            found.append(Directive("container", (Entry("", name, family.container.span),)))
        threads = thread_entry(context)
        if threads is not None:
            found.append(Directive("threads", (threads,)))
        found.append(Directive("resources", tuple(resource_entries(context))))
        return found


def _ancient(code: Code) -> Code:
    """Inputs whose age does not matter; inside the function where they are given by one."""
    if isinstance(code, Call) and code.head.startswith("lambda "):
        head, _, inner = code.head.partition(": ")
        return Call(f"{head}: ancient", (Call(inner, code.arguments),))
    return Call("ancient", (code,))
