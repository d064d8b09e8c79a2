"""Families → rules."""

from __future__ import annotations

import textwrap

from sncompile.diagnostics import Span
from sncompile.faults import targets as faults
from sncompile.ir.feeds import waited_for
from sncompile.ir.graph import Edge, Family, Relation
from sncompile.semantics.program import Waits
from sncompile.semantics.types import STRING
from sncompile.semantics.values import Key, Output, Related, Text, Value, text
from sncompile.targets.snakemake.commands import CommandLowering, literal, quoted
from sncompile.targets.snakemake.context import FamilyContext, Surroundings
from sncompile.targets.snakemake.inputs import input_code
from sncompile.targets.snakemake.model import Directive, Entry, Rule
from sncompile.targets.snakemake.names import item_name, unique
from sncompile.targets.snakemake.outputs import MARKER, OutputPatterns
from sncompile.targets.snakemake.python_code import WIDTH, Atom, Call, Code, flat, string
from sncompile.targets.snakemake.resources import resource_entries, thread_entry

# Pieces of a `shell:` string are filled up to here; with indent, quotes and a comma they stay within the line.
_SHELL_WIDTH = 74


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
        shell = self._shell(commands)
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
            tighter = [Entry(n, Atom(f'r"{c}"'), family.span) for n, c in sorted(self.outputs.constraints.items())]
            directives.append(Directive("wildcard_constraints", tuple(tighter)))
        directives += self._settings()
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
        return [line for text in (head, kind) for line in textwrap.wrap(text, 86)]

    def _inputs(self) -> list[Entry]:
        entries = []
        for name, port in self._family.inputs.items():
            code = input_code(port.value, name, self.context)
            if code is not None:
                entries.append(Entry(item_name(name), code, port.value.span))
        used = {entry.name for entry in entries}
        entries += self._hidden_inputs(used)
        return entries

    def _hidden_inputs(self, used: set[str]) -> list[Entry]:
        """Jobs that must be done first although no port reads from them."""
        family = self._family
        entries = []
        for edge in self._around.graph.into(family.name):
            if not any(port in family.inputs for port in edge.ports):
                entries += self._hidden_input(edge, used)
        return entries

    def _hidden_input(self, edge: Edge, used: set[str]) -> list[Entry]:
        graph, family = self._around.graph, self._family
        source = graph.families[edge.source]
        waits = [w for w in family.after if w.step == source.name]
        if edge.ports:
            # A parameter or setting is made from one of its paths.
            waits = [Waits(source.name, source.keys, family.keys)]
        entries = []
        for each in waits:
            value = self._marked(waited_for(each, graph), source)
            name = unique(f"after_{item_name(source.name.replace('.', '_'))}", used)
            code = input_code(value, name, self.context)
            if code is not None:
                # Order alone: a newer file is no reason to run again.
                entries.append(Entry(name, code if edge.ports else _ancient(code), family.span))
        return entries

    def _marked(self, value: Value, source: Family) -> Value:
        """The value with the mark of a step that writes nothing in the place of its output."""
        if source.outputs or not isinstance(value, Related):
            return value
        if isinstance(value.value, Output):
            return value._replace(value=self._marker(source))
        return value._replace(value=self._marked(value.value, source))

    def _marker(self, source: Family) -> Value:
        """The path of the mark that a step without outputs leaves."""
        parts: list[Value] = [text(f"{self._around.graph.workspace}/{source.name}", source.span)]
        for key in source.keys.by:
            parts += [text("/", source.span), Key(source.keys, key, True, STRING, source.span)]
        return Text((*parts, text(MARKER, source.span)), STRING, source.span)

    def _settings(self) -> list[Directive]:
        family, context = self._family, self.context
        found: list[Directive] = []
        if family.retries:
            found.append(Directive("retries", (Entry("", Atom(str(family.retries)), family.span),)))
        if family.local_rule:
            found.append(Directive("localrule", (Entry("", Atom("True"), family.span),)))
        if family.conda is not None:
            found.append(Directive("conda", (Entry("", string(f"files/{family.conda}"), family.module_span),)))
        if family.container is not None:
            image = self._image(family.container)
            found.append(Directive("container", (Entry("", string(image), family.container.span),)))
        threads = thread_entry(context)
        if threads is not None:
            found.append(Directive("threads", (threads,)))
        found.append(Directive("resources", tuple(resource_entries(context))))
        return found

    def _image(self, value: Value) -> str:
        images = set(self.context.column(value))
        if len(images) > 1:
            self._around.tell(
                faults.WILDCARDS_DIFFER.at(
                    value.span, f"the container of `{self._family.name}` differs between its jobs",
                    help="a rule has one container: make a step for each image, chosen with `where`",
                )
            )  # fmt: skip
        image = str(images.pop())
        return image if "://" in image or image.endswith((".sif", ".simg")) else f"docker://{image}"

    # --- Shell --------------------------------------------------------------------------------------------------

    def _shell(self, commands: CommandLowering) -> list[Entry]:
        family = self._family
        checks = self._checks()
        span = family.module_span
        if family.command is not None:
            words = [*self._exports(commands, join=" "), *commands.command()]
            if not checks:
                return _strings(_filled([*words, "&> {log:q}"]), span)
            return _strings(["exec &> {log:q}\n", *_with_breaks(_filled(words)), *checks], span)
        script = commands.script()
        if checks and script and not script[-1].endswith("\n"):
            script[-1] += "\n"
        return _strings(["exec &> {log:q}\n", *self._exports(commands, join="\n"), *script, *checks], span)

    def _exports(self, commands: CommandLowering, *, join: str) -> list[str]:
        found = []
        for variable in self._family.env:
            if variable.secret or variable.value is None:
                continue  # It is in the environment already.
            word = "".join(commands.words(variable.value, variable.name)) or "''"
            found.append(f"export {variable.name}={word}" + (";" if join == " " else "\n"))
        return found

    def _checks(self) -> list[str]:
        """What Snakemake itself does not look at: how many files a directory holds."""
        found = []
        for name, count in self._family.success.min_files.items():
            place = f"{{output.{item_name(name)}:q}}"
            told = quoted(f"{self._family.name}: the output {name} holds fewer than {count} files")
            otherwise = literal("{") + f" echo {told}; exit 1; " + literal("}")
            found.append(f'test "$(find {place} -type f | wc -l)" -ge {count} || {otherwise}\n')
        return found


def _ancient(code: Code) -> Code:
    """Inputs whose age does not matter; inside the function where they are given by one."""
    if isinstance(code, Call) and code.head.startswith("lambda "):
        head, _, inner = code.head.partition(": ")
        return Call(f"{head}: ancient", (Call(inner, code.arguments),))
    return Call("ancient", (code,))


def _strings(pieces: list[str], span: Span) -> list[Entry]:
    """Pieces of a string, each on a line of its own; as one where they fit a line together, as a formatter has it."""
    together = " ".join(flat(string(piece)) for piece in pieces)
    if len(together) + 8 <= WIDTH:
        pieces = ["".join(pieces)]
    return [Entry("", string(piece), span) for piece in pieces]


def _filled(words: list[str]) -> list[str]:
    """Words as pieces of a string, filled up to a line's width, each word after the first with a space before it."""
    pieces: list[str] = []
    for number, word in enumerate(words):
        text = word if number == 0 else f" {word}"
        if pieces and len(pieces[-1]) + len(text) <= _SHELL_WIDTH and "\n" not in pieces[-1]:
            pieces[-1] += text
        else:
            pieces.append(text)
    return pieces


def _with_breaks(pieces: list[str]) -> list[str]:
    return [*pieces[:-1], pieces[-1] + "\n"] if pieces else []
