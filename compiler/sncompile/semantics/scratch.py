"""Commands that run in a scratch folder: what files are called there, and how the command is told.

The command becomes one of `scratch.sh` (`templates/support/scratch.sh`), which makes the folder, links inputs into it,
runs the command there and takes outputs out of it:

    scratch: true                                  bash scratch.sh run b results/a/out.csv
    inputs: {image: {type: file, as: in.tif}}           a raw/a.tif  n in.tif
    outputs: {out: {type: file, from: "*.csv"}}    =>   g *.csv  d results/a/out.csv  tfile
    command: [count, --max, "${params.max}",            =count =--max w 12
              "${inputs.image}"]                        s in.tif

A letter before each word says whether it is a path, so that paths become absolute as late as the job starts, and no
text is ever taken for one. So every target runs it as any other command. In a script the same is done by functions of
that file, before and after it.

Decision 0072.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, NamedTuple

from sncompile.diagnostics import Report, Span
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, Flag, ListFile, Option, ShellPart, Variable
from sncompile.ir.graph.own_names import OWN_FOLDER, PARTS, SCRATCH, SCRATCH_CALLER
from sncompile.ir.graph.rewrite import map_children
from sncompile.ir.language.encoding import below
from sncompile.ir.language.types import BOOLEAN, READ, STRING, Type
from sncompile.ir.values.model import (
    Apply,
    Choice,
    Const,
    Items,
    Local,
    ModuleFile,
    Record,
    Text,
    Value,
    children,
    walk,
)
from sncompile.lazy_regex import regex
from sncompile.semantics.list_files import TypedList, named_lists
from sncompile.semantics.path_text import join_text
from sncompile.semantics.scripts.values import Inside
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import ModuleDoc, PortDoc
from sncompile.syntax.document import Value as DocValue

if TYPE_CHECKING:
    from sncompile.semantics.program import Step


class Scratch(NamedTuple):
    """What a module says of its scratch folder: the names that inputs have there, and patterns of what is taken.

    `runner` is the emitted file that sees to it. A name is a text or, for a list, the list of its files' names. Of an
    output there is one pattern of bash, or one for each of its paths.
    """

    runner: str
    links: Mapping[str, Value]
    takes: Mapping[str, tuple[Value, ...]]


def link_scratch(doc: ModuleDoc, typer: Typer, runner: str, report: Report) -> Scratch:
    """The scratch folder of a module, whose names may be made of inputs and parameters."""
    links = {n: _name(port, port.link, typer, report) for n, port in doc.inputs.items() if port.link is not None}
    takes = {
        n: _patterns(port, port.source, typer, report) for n, port in doc.outputs.items() if port.source is not None
    }
    return Scratch(runner, links, takes)


def inside_of(scratch: Scratch | None) -> Inside | None:
    """What a script has to know of its scratch folder.

    Its arguments keep their inputs as they are: what these are called is a step's matter (`in_scratch`).
    """
    return None if scratch is None else Inside(scratch.links.keys(), _Signs(scratch.links.keys()).argument)


# --- Names ----------------------------------------------------------------------------------------------------------

_SIGN = regex(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")


def _name(port: PortDoc, said: DocValue, typer: Typer, report: Report) -> Value:
    """The name of an input, or the names of its files."""
    value = typer.text(said)
    local = Local("inputs", port.name.name, Type(port.base, port.many, port.optional), port.name.span)
    pieces: list[Value | str] = []
    for part in value.parts if isinstance(value, Text) else (value,):
        pieces += _signs(part, report) if isinstance(part, Const) else [part]
    signs = [piece for piece in pieces if isinstance(piece, str)]
    if value.type.many or value.type.optional or value.type.base == "unknown":
        if value.type.base != "unknown":
            message = f"the name of `{port.name.name}` is {value.type}, and not one text"
            report.add(faults.WRONG_TYPE.at(value.span, message, help="give one text, such as `${params.name}.bam`"))
        return Const(None, STRING._replace(optional=True), value.span)
    if port.many and not signs:
        message = f"the files of `{port.name.name}` would all have one name"
        hint = "write `{index}` for the number of a file, or `{name}` for its own name"
        report.add(name_faults.SCRATCH_MISUSE.at(value.span, message, help=hint))
        return Const(None, STRING._replace(optional=True), value.span)
    if not port.many and "index" in signs:
        message = f"`{{index}}` in the name of `{port.name.name}`, which is one file"
        report.add(name_faults.SCRATCH_MISUSE.at(value.span, message, help="take it out"))
    if port.many:
        form = "".join(piece[0] if isinstance(piece, str) else "t" for piece in pieces)
        texts = [piece for piece in pieces if not isinstance(piece, str)]
        kind = STRING._replace(many=True, optional=port.optional)
        return Apply("@names", (local, Const(form, STRING, value.span), *texts), kind, value.span)
    return join_text(_values(pieces, local), value.span)


def _signs(part: Const, report: Report) -> Iterator[Value | str]:
    """A text, and the names of what stands for something in it."""
    for piece in _SIGN.split(str(part.value)):
        if piece in ("{name}", "{index}"):
            yield piece[1:-1]
        elif piece in ("{{", "}}"):
            yield part._replace(value=piece[0])
        elif piece and piece[0] in "{}":
            message = f"`{piece}` in a name stands for nothing"
            hint = "`{name}` and `{index}` stand for something; a brace is written `{{` and `}}`"
            report.add(name_faults.SCRATCH_MISUSE.at(part.span, message, help=hint))
        elif piece:
            yield part._replace(value=piece, type=STRING)


def _values(pieces: Iterable[Value | str], local: Local) -> list[Value]:
    """The pieces of a name, with the base name of the input where it is meant."""
    base = Apply("basename", (local,), STRING, local.span)
    return [base if isinstance(piece, str) else piece for piece in pieces]


def _patterns(port: PortDoc, said: DocValue, typer: Typer, report: Report) -> tuple[Value, ...]:
    """The patterns of what is taken for an output: `*` in the text of the spec is a sign, and in a value it is none."""
    value = typer.text(said)
    if value.type.many and not port.many:
        message = f"`{port.name.name}` is one {port.base}, and is taken from a list"
        report.add(faults.WRONG_TYPE.at(value.span, message, help="give one name or pattern"))
    if isinstance(value, Const) and isinstance(value.value, tuple):
        return tuple(_pattern(value._replace(value=item, type=STRING)) for item in value.value)
    if isinstance(value, Items):
        return tuple(map(_pattern, value.items))
    return (_pattern(value),)


def _pattern(value: Value) -> Value:
    parts = value.parts if isinstance(value, Text) else (value,)
    return join_text([_literal(part) for part in parts], value.span)


def _literal(part: Value) -> Value:
    if isinstance(part, Const):
        text = re.sub(r"[?\[\\]", lambda sign: r"[\\]" if sign[0] == "\\" else f"[{sign[0]}]", str(part.value))
        return part._replace(value=text, type=STRING)
    return Apply("@literal", (part,), STRING, part.span)


# --- What cannot be made absolute -------------------------------------------------------------------------------------

_OF_NAMES = frozenset(("basename", "stem", "suffix", "len", "@filled"))
"""Functions of paths whose results are none."""


def check_paths_in_texts(
    values: Iterable[Value], env: Iterable[Variable], lists: Iterable[TypedList], report: Report
) -> None:
    """Tell of texts that are computed from paths, and of variables and list files with paths in them.

    These would have to be absolute already.
    """

    def tell(what: str, span: Span, hint: str) -> None:
        report.add(faults.PATH_IN_TEXT.at(span, f"the command runs in a scratch folder, and {what}", help=hint))

    for value in values:
        found = _path_in_text(value)
        if found is not None:
            hint = "let the path stand by itself (`${inputs.image}`), or take its name (`basename`)"
            tell("this text is computed from a path", found.span, hint)
    for variable in env:
        if variable.value is not None and _holds_path(variable.value):
            hint = "hand it to the command as an argument, or set the variable in a script (`export X=${inputs.x}`)"
            tell(f"the variable `{variable.name}` holds a path", variable.value.span, hint)
    for listed in lists:
        if _holds_path(listed.value):
            hint = "name the list itself (`${inputs.images}`), or give its files names (`as`)"
            tell("this list file holds paths", listed.span, hint)


def _holds_path(value: Value) -> bool:
    return not _is_name(value) and any(leaf.type.of_paths for leaf in walk(value))


def _is_name(value: Value) -> bool:
    return isinstance(value, Apply) and value.function in _OF_NAMES


def _path_in_text(value: Value) -> Value | None:
    # What is asked of a path, such as whether it is there, is no text.
    asked = value.type.base in READ
    if value.type.of_paths or isinstance(value, Record) or _is_name(value) or asked:
        return None
    if isinstance(value, Text):
        return next((found for part in value.parts if (found := _path_in_text(part)) is not None), None)
    return value if any(child.type.of_paths or _path_in_text(child) is not None for child in children(value)) else None


def values_of(arguments: Iterable[Argument]) -> Iterator[Value]:
    """The values that a command's words are made of."""
    for argument in arguments:
        if isinstance(argument, Option):
            yield argument.value
        elif not isinstance(argument, Flag):
            yield argument


# --- Words ----------------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What a step runs: a command or a script, and the list files that it names."""

    command: tuple[Argument, ...] | None
    shell: tuple[ShellPart, ...] | None
    lists: Mapping[str, ListFile]


def in_scratch(step: Step, workspace: str) -> Run:
    """What a step runs: its command or script as it is, or in its scratch folder."""
    scratch, lists = step.scratch, named_lists(step)
    if scratch is None:
        return Run(step.command, step.shell, lists)
    words = _Words(step, scratch)
    runner = ModuleFile(scratch.runner, Type("file"), step.span)
    said = [*words.beside(workspace), *words.links(), *words.takes()]
    if step.command is not None:
        start = [_const("bash", step.span), runner, _const("run", step.span), *said, _const("x", step.span)]
        # The arguments of a function may stand in a file.
        lists = {name: file._replace(value=words.named(file.value)) for name, file in lists.items()}
        return Run((*start, *words.command(step.command)), None, lists)
    parts = [ShellPart(". ", None), ShellPart("", runner), ShellPart(" open", None)]
    for argument in said:
        parts += [ShellPart(" ", None), ShellPart("", argument)]
    parts.append(ShellPart("\n(\n", None))
    for part in step.shell or ():
        # Arguments have their signs already.
        parts.append(part if part.value is None else part._replace(value=words.with_names(part.value)))
    return Run(None, (*parts, ShellPart("\n)\nsncompile_close\n", None)), lists)


def tool_of(command: Sequence[Argument]) -> tuple[Sequence[Argument], str]:
    """The words of a command that files of ours run, and the sign before each that is a constant."""
    sign = ""
    while len(command) > 1 and isinstance(file := command[1], ModuleFile) and file.emitted in (SCRATCH, PARTS):
        start = next(n for n, word in enumerate(command) if isinstance(word, Const) and word.value == "x")
        sign, command = "=" if file.emitted == SCRATCH else "", command[start + 1 :]
    return command, sign


def _const(text: str, span: Span) -> Const:
    return Const(text, STRING, span)


def _both(one: Value | None, other: Value | None, span: Span) -> Value | None:
    """A condition that holds where two do; nothing is no condition."""
    if one is None or other is None:
        return other if one is None else one
    return Apply("and", (one, other), BOOLEAN, span)


class _Words:
    """The words by which a step's command is handed to the runner."""

    def __init__(self, step: Step, scratch: Scratch) -> None:
        self._step, self._scratch, self._span = step, scratch, step.span

    def beside(self, workspace: str) -> list[Argument]:
        """Where the folder is: beside an output of the job, which no other job has."""
        for name, output in self._step.outputs.items():
            if output.port.inside is not None:
                continue  # Beside a part is in the directory.
            return [Option("b", Local("outputs", name, output.path.type, self._span), True, None, self._span)]
        return [Option("B", _const(below(workspace, f"{OWN_FOLDER}/scratch"), self._span), True, None, self._span)]

    def links(self) -> Iterator[Argument]:
        """Each file that has a name in the folder, and the name."""
        for port, name in self._scratch.links.items():
            value = self._input(port)
            yield Option("a", value, True, None, self._span)
            yield Option("n", name, True, self._given(port), self._span)

    def takes(self) -> Iterator[Argument]:
        """What is taken for each output."""
        for name, patterns in self._scratch.takes.items():
            output = self._step.outputs[name]
            for pattern in patterns:
                yield Option("g", pattern, True, None, self._span)
            yield Option("d", Local("outputs", name, output.path.type, self._span), True, None, self._span)
            yield _const(f"t{output.port.base}{'?' if output.port.optional else ''}", self._span)

    def _input(self, port: str) -> Local:
        return Local("inputs", port, self._step.inputs[port].type, self._span)

    def _given(self, port: str) -> Value | None:
        """Whether an input is there, where it may not be."""
        value = self._input(port)
        return Apply("@filled", (value,), BOOLEAN, self._span) if value.type.optional else None

    def named(self, value: Value) -> Value:
        """A value with the names that its inputs have in the folder."""
        if self._is_linked(value):
            return self._scratch.links[value.name]._replace(span=value.span)  # type: ignore[union-attr]
        return map_children(value, self.named)

    def _is_linked(self, value: Value) -> bool:
        return isinstance(value, Local) and value.space == "inputs" and value.name in self._scratch.links

    def there(self, option: Option) -> Value | None:
        """When an option is there: a name always is, even where its file may not be."""
        value = option.value
        given = self._given(value.name) if isinstance(value, Local) and self._is_linked(value) else None
        return _both(option.when, given, option.span)

    def with_names(self, word: Argument) -> Argument:
        """A word that has its sign, with the names that its inputs have in the folder."""
        if isinstance(word, Flag):
            return word
        if isinstance(word, Option):
            return word._replace(value=self.named(word.value), when=self.there(word))
        return self.named(word)

    def command(self, command: tuple[Argument, ...]) -> Iterator[Argument]:
        """All words of a command."""
        signs = _Signs(self._scratch.links.keys())
        rest = iter(command)
        for argument in rest:
            if isinstance(argument, ModuleFile) and argument.emitted == SCRATCH_CALLER:
                # What it calls stays right behind it, where others look for that.
                yield Option("P", argument, True, None, argument.span)
                yield next(rest)
            else:
                yield from map(self.with_names, signs.argument(argument))


class _Signs:
    """Puts before each word what it is; `linked` are the inputs that have names in the folder."""

    def __init__(self, linked: Set[str]) -> None:
        self._linked = linked

    def argument(self, argument: Argument) -> list[Argument]:
        """An argument's words, each with what it is before it."""
        match argument:
            case Flag():
                return [argument._replace(flag=f"={argument.flag}")]
            case Option():
                return self._option(argument)
            case Items():
                return [word for item in argument.items for word in self.argument(item)]
            case Text() if _has_paths(argument):
                return self._joined(argument, None)
            case Choice(test=test, then=Text() as then, other=Const(value=None)) if _has_paths(then):
                return self._joined(then, test)
            case Const() if argument.type == STRING and isinstance(argument.value, str):
                return [argument._replace(value=f"={argument.value}")]
        return self._option(Option("", argument, True, None, argument.span))

    def _option(self, option: Option) -> list[Argument]:
        value = option.value
        if isinstance(value, Text) and _has_paths(value):
            return [Flag(f"={option.option}", option.when, option.span), *self._joined(value, option.when)]
        linked = isinstance(value, Local) and value.space == "inputs" and value.name in self._linked
        sign = "s" if linked else "p" if value.type.of_paths else "w"
        if option.repeat or not value.type.many:
            return [option._replace(option=sign + option.option, repeat=True)]
        when = _both(option.when, Apply("@filled", (value,), BOOLEAN, option.span), option.span)
        return [Flag(f"={option.option}", when, option.span), Option(sign, value, True, when, option.span)]

    def _joined(self, text: Text, when: Value | None) -> list[Argument]:
        """A word of texts and paths: piece by piece."""
        found: list[Argument] = []
        for part in text.parts:
            linked = isinstance(part, Local) and part.space == "inputs" and part.name in self._linked
            piece = Text((_const("", text.span), part), STRING, text.span)
            found.append(Option("m" if linked else "k" if part.type.of_paths else "j", piece, True, when, text.span))
        return [*found, Flag(".", when, text.span)]


def _has_paths(text: Text) -> bool:
    return any(part.type.of_paths for part in text.parts)
