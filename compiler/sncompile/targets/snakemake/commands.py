"""Commands and scripts → `shell:`, with the `params:` and `input:` entries that they need.

A word that is known at compile time is quoted here and written out; one that varies is named (`{input.image:q}`) and
quoted by Snakemake. Snakemake's `:q` drops empty texts, so where one may be empty it comes quoted from the sidecar.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart
from sncompile.ir.jobs.words import argument_words, as_arguments
from sncompile.ir.language.functions import to_text
from sncompile.ir.values.model import Cell, Const, Key, Local, Lookup, ModuleFile, Record, Related, Text, Value, walk
from sncompile.targets.snakemake.context import FamilyContext
from sncompile.targets.snakemake.inputs import cell_code, gathered_cells, list_code
from sncompile.targets.snakemake.model import Entry
from sncompile.targets.snakemake.names import RESOURCES, item_name, unique
from sncompile.targets.snakemake.patterns import Hole
from sncompile.targets.snakemake.python_code import Atom, Call, Code, string
from sncompile.targets.snakemake.records import record_code


def literal(text: str) -> str:
    """Text as it stands in a `shell:` string: Snakemake formats it, so braces are doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def quoted(text: str) -> str:
    """A constant word of the shell, in a `shell:` string."""
    return literal(shlex.quote(text))


class CommandLowering:
    """Lowers the command or script of one family; gathers `params` and the module files among the inputs."""

    def __init__(self, context: FamilyContext, taken_inputs: set[str]) -> None:
        self._context = context
        self._family = context.family
        self.params: list[Entry] = []
        self.file_inputs: list[Entry] = []
        self._param_names: set[str] = set()
        self._input_names = set(taken_inputs)
        self._known: dict[tuple[object, ...], str] = {}

    def command(self) -> list[str]:
        """The words of the command, as pieces of a `shell:` string."""
        return [word for argument in self._family.command or () for word in self._argument(argument)]

    def script(self) -> list[str]:
        """The lines of the script, as pieces of a `shell:` string, each with its line break."""
        text = "".join(self._part(part) for part in self._family.shell or ())
        return re.findall(r".*\n|.+$", text)

    def _part(self, part: ShellPart) -> str:
        if part.value is None:
            return literal(part.text)
        if isinstance(part.value, (Option, Flag)):
            return " ".join(self._argument(part.value))
        return " ".join(self.words(part.value, "value"))

    # --- Arguments ----------------------------------------------------------------------------------------------

    def _argument(self, argument: Argument) -> list[str]:
        if not isinstance(argument, (Flag, Option)):
            return self.words(argument, "argument")
        when = self.constant(argument.when) if argument.when is not None else (True,)
        if when is None:
            return self._by_instance(argument)
        if not when[0]:
            return []
        if isinstance(argument, Flag):
            return [quoted(argument.flag)]
        present = self.presence(argument.value)
        if len(present) > 1:
            return self._by_instance(argument)
        if present == {False}:
            return []
        words = self.words(argument.value, argument.option)
        if not words:
            return []
        if argument.repeat and argument.value.type.many:
            return self._repeated(argument)
        return [quoted(argument.option), *words]

    def presence(self, value: Value) -> set[bool]:
        """Whether a value is there: for all instances, for none, or for some; what rows decide may be either."""
        if not (value.type.many or value.type.optional):
            return {True}
        if value.type.optional and self._reads_rows(value):
            return {True, False}
        return {bool(as_arguments(v)) for v in _different(self._context.column(value))}

    def _repeated(self, argument: Option) -> list[str]:
        constant = self.constant(argument.value)
        if constant is not None and not self._is_data(argument.value, constant[0]):
            return [w for item in as_arguments(constant[0]) for w in (quoted(argument.option), quoted(item))]
        bound = self._bound(argument.value)
        name = self._name(argument.option)
        code = self._repeated_code(argument, bound, name)
        self._add_param(name, code, argument.span)
        return [f"{{params.{name}}}"]

    def _bound(self, value: Value) -> Value:
        """What a parameter's name stands for."""
        while isinstance(value, Local) and value.space in ("params", "env"):
            value = self._family.local(value.space, value.name)
        return value

    def _repeated_code(self, argument: Option, bound: Value, name: str) -> Code:
        context = self._context
        context.around.functions.add("options")
        option = string(shlex.quote(argument.option))
        if isinstance(bound, Local):
            # Snakemake does not compare what is made of inputs or outputs; the option's name is, by itself.
            self._add_param(self._name(f"{name}_option"), Atom(f"lambda wildcards: {option.text}"), argument.span)
            port = Atom(f"{'input' if bound.space == 'inputs' else 'output'}.{item_name(bound.name)}")
            space = port.text.partition(".")[0]
            return Call(f"lambda wildcards, {space}: options", (option, port))
        code = self._param_code(bound, name)
        assert isinstance(code, Call)
        head = code.head.rpartition(": ")[2]
        return Call(f"{context.wildcards()}options", (option, Call(head, code.arguments)))

    def _is_data(self, value: Value, constant: object) -> bool:
        """Whether it is a list out of a table, which stays there: the rule's text must not grow with the data."""
        return isinstance(constant, tuple) and any(isinstance(leaf, Related) for leaf in walk(self._bound(value)))

    def _by_instance(self, argument: Argument) -> list[str]:
        """An argument whose very presence varies: its words, quoted, stand in the sidecar."""
        make = argument_words(argument, self._context.closure)
        cells = [" ".join(map(shlex.quote, make(i))) for i in range(len(self._context.keys))]
        if len(set(cells)) == 1 and not any(self._reads_rows(v) for v in _values(argument)):
            return [literal(cells[0])] if cells[0] else []
        hint = argument.option if isinstance(argument, Option) else argument.flag if isinstance(argument, Flag) else ""
        return [f"{{params.{self._cells(cells, hint or 'argument', argument.span)}}}"]

    def _cells(self, cells: list[str], hint: str, span: Span) -> str:
        """A parameter whose texts are written out in the sidecar; gives its name."""
        known = ("cells", tuple(cells))
        if known not in self._known:
            name = self._name(hint)
            context = self._context
            base = dict(context.cells)
            variable, column = context.around.sidecars.add_column(self._family.name, base, name, cells)
            arguments: list[Code] = [Atom(f'"{column}"')]
            if context.at:
                arguments.append(Atom(context.at))
            code = Call(f"{context.wildcards()}{variable}.value", tuple(arguments))
            self._add_param(name, code, span)
            self._known[known] = name
        return self._known[known]

    def note_promises(self) -> None:
        """Name what is promised of outputs: Snakemake looks for it, but does not run a job again when it is another."""
        family = self._family
        told = [f"{name}: not empty" for name in family.success.non_empty]
        told += [f"{name}: {total}" for name, total in family.success.sha256.items()]
        if told:
            self._add_param(self._name("success"), string(", ".join(told)), family.module_span)

    def _add_param(self, name: str, code: Code, span: Span) -> None:
        # Snakemake looks for wildcards in every text under `params:`, but not in what a function gives.
        if isinstance(code, Call) and not code.head.startswith("lambda "):
            code = Call(f"lambda wildcards: {code.head}", code.arguments)
        self.params.append(Entry(name, code, span))

    def _name(self, hint: str) -> str:
        name = re.sub(r"\W+", "_", hint.strip("-")) or "value"
        return unique(item_name(name if not name[0].isdigit() else f"value_{name}"), self._param_names)

    def constant(self, value: Value) -> tuple[object] | None:
        """The value in a tuple of one, where it is the same for every instance."""
        if isinstance(value, Const):
            return (value.value,)
        if self._mentions_paths(value) or self._reads_rows(value):
            return None
        closure = self._context.around.evaluator.over(value, self._context.keys, self._family)
        first = closure(0)
        if all(closure(i) == first for i in range(1, len(self._context.keys))):
            return (first,)
        return None

    def _reads_rows(self, value: Value) -> bool:
        """Whether a value is taken from the row of a job.

        Such a value stays out of the rule's text even where all rows agree: with one row more they may not, and a text
        that changed would have every job run again.
        """
        if not self._context.keys.by:
            return False
        for leaf in walk(value):
            if isinstance(leaf, Local) and leaf.space in ("params", "env"):
                if self._reads_rows(self._family.local(leaf.space, leaf.name)):
                    return True
            elif isinstance(leaf, (Key, Related, Lookup)):
                return True
        return False

    def _mentions_paths(self, value: Value) -> bool:
        """Whether a value names ports, which are better named than written out."""
        return isinstance(value, Local) and value.space in ("inputs", "outputs", "resources")

    def _has_ports(self, value: Value) -> bool:
        """Whether a port, a resource or a file is named somewhere inside a value."""
        return any(self._mentions_paths(leaf) or isinstance(leaf, ModuleFile) for leaf in walk(value))

    # --- Words --------------------------------------------------------------------------------------------------

    def words(self, value: Value, hint: str) -> list[str]:
        """A value as words of a `shell:` string; none where it is absent, one for a list that Snakemake spreads."""
        match value:
            case Const():
                return [quoted(a) for a in as_arguments(value.value)]
            case Local():
                return self._local(value)
            case Text() if not self._has_ports(value) and (constant := self.constant(value)) is not None:
                return [quoted(to_text(constant[0]))]
            case Text():
                return ["".join(w for part in value.parts for w in self.words(part, hint))]
            case ModuleFile():
                return [f"{{input.{self.module_file(value.emitted, value.span)}:q}}"]
            case Record():
                return [self._record(value)]
            case Key() if (wildcard := self._wildcard(value)) is not None:
                return [f"{{wildcards.{wildcard}:q}}"]
        return self._varying(value, hint)

    def _local(self, value: Local) -> list[str]:
        family = self._family
        if value.space == "inputs":
            there = self.presence(value) != {False}
            return [f"{{input.{item_name(value.name)}:q}}"] if there else []
        if value.space == "outputs":
            return [f"{{output.{item_name(value.name)}:q}}"]
        if value.space == "resources":
            word = "{threads}" if value.name == "cpus" else f"{{resources.{RESOURCES[value.name]}}}"
            return [word] if value.name in family.resources else []
        return self.words(family.local(value.space, value.name), value.name)

    def _wildcard(self, value: Key) -> str | None:
        """The wildcard that holds a key, where it holds it as it is."""
        context = self._context
        for encoded in (True, False):
            name = context.names.get(Hole(value.name, encoded))
            if name is not None and (not encoded or context.around.plainness.plain(value.keys, value.name)):
                return name
        return None

    def _varying(self, value: Value, hint: str) -> list[str]:
        constant = self.constant(value)
        if constant is not None and not self._is_data(value, constant[0]):
            return [quoted(a) for a in as_arguments(constant[0])]
        column = self._context.column(value)
        if any(v is None for v in column) or (value.type.optional and self._reads_rows(value)):
            return self._by_instance(value)
        each = _different(column)
        empty = any(item in ("", None) for v in each for item in (v if isinstance(v, tuple) else (v,)))
        if empty:
            return self._by_instance(value)
        if not value.type.many and not isinstance(value, Related):
            return [f"{{params.{self._cells([to_text(v) for v in column], hint, value.span)}:q}}"]
        known = (id(value),)
        if known not in self._known:
            name = self._name(hint)
            self._add_param(name, self._param_code(value, name), value.span)
            self._known[known] = name
        return [f"{{params.{self._known[known]}:q}}"]

    def _param_code(self, value: Value, name: str) -> Code:
        if isinstance(value, Related) and isinstance(value.value, Cell) and value.gathers:
            found = gathered_cells(value, self._context)
            if found is not None:
                return found
        return (list_code if value.type.many else cell_code)(value, name, self._context)

    def module_file(self, emitted: str, span: Span) -> str:
        """The input of a module's file, so that a changed file makes its jobs run again; gives the input's name."""
        known = ("file", emitted)
        if known not in self._known:
            word = re.sub(r"\W+", "_", PurePosixPath(emitted).name, flags=re.ASCII)
            name = unique(item_name(word if word[:1].isalpha() else f"file_{word}"), self._input_names)
            self.file_inputs.append(Entry(name, Atom(f'f"{{FILES}}/{emitted}"'), span))
            self._context.around.uses_files = True
            self._known[known] = name
        return self._known[known]

    def _record(self, value: Record) -> str:
        """The one argument of `python` and `notebook` steps: a JSON object that is made when the job is."""
        entry = self._name("arguments")
        code = record_code(value, self._context, self.presence, self.constant)
        if code.values is not None:
            self._add_param(self._name("values"), code.values, value.span)
        self._add_param(entry, code.arguments, value.span)
        return f"{{params.{entry}:q}}"


def _values(argument: Argument) -> list[Value]:
    """The values of an argument."""
    if isinstance(argument, Option):
        return [argument.value, *([argument.when] if argument.when is not None else [])]
    if isinstance(argument, Flag):
        return [argument.when] if argument.when is not None else []
    return [argument]


def _different(column: Sequence[Any]) -> Iterable[Any]:
    """The values of a column, of one that several instances share only one: a list may be long."""
    return {id(value): value for value in column}.values()
