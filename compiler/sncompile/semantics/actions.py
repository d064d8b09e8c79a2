"""What a module runs: `command` and `shell` as they are; `python`, `script` and `notebook` become commands.

Decision 0004.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple

from sncompile.diagnostics import Report, Span
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, Flag, Option
from sncompile.ir.graph.own_names import CALLER, FILE_CALLER, SCRATCH_CALLER
from sncompile.ir.language.types import BOOLEAN, NULL, PATH, STRING, Type
from sncompile.ir.values.model import Apply, Choice, Const, Local, ModuleFile, Record, Text, Value
from sncompile.semantics.linking.binding import param_type, port_type
from sncompile.semantics.list_files import BY_VALUE, may_be_empty
from sncompile.semantics.modules.library import Library
from sncompile.semantics.scripts.notebooks import check_notebook
from sncompile.semantics.scripts.snakemake_object import OBJECTS, member_words
from sncompile.semantics.scripts.values import Script, link_script
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Argument as DocArgument
from sncompile.syntax.document import FlagArgument, ListArgument, ModuleDoc, Named, OptionArgument
from sncompile.syntax.document import Value as DocValue
from sncompile.syntax.expressions import Template

Claim = Callable[[str, Span], str | None]

_INTERPRETERS = {".py": "python", ".r": "Rscript", ".jl": "julia", ".sh": "bash", ".bash": "bash"}


class Action(NamedTuple):
    """A command or a shell script; `uses_all`: every port and parameter is handed over."""

    command: tuple[Argument, ...] | None
    shell: Script | None
    uses_all: bool


def link_action(doc: ModuleDoc, typer: Typer, library: Library, report: Report, claim: Claim) -> Action:
    """What a module runs, typed."""
    if doc.action == "command":
        return Action(tuple(_argument(a, typer, report) for a in doc.command), None, False)
    if doc.script is None:
        return Action((), None, True)
    if isinstance(doc.script, Template):
        args = None if doc.args is None else tuple(_argument(a, typer, report) for a in doc.args)
        return Action(None, link_script(doc.script, typer, report, args, named=doc.in_scratch), False)
    if not doc.object:
        _check_one_name(doc, report)
    make = {"python": _python, "script": _script, "notebook": _notebook}[doc.action]
    return Action(make(doc, doc.script, library, report, claim), None, True)


def _condition(when: DocValue | None, typer: Typer, report: Report) -> Value | None:
    if when is None:
        return None
    value = typer.read(when)
    if value.type.base not in ("boolean", "unknown") and not value.type.many and not value.type.optional:
        report.add(
            faults.WRONG_TYPE.at(
                value.span,
                f"`when` takes true or false, not {value.type}",
                help="compare it: `${params.mode == 'fast'}`",
            )
        )
    return value


def _argument(argument: DocArgument, typer: Typer, report: Report) -> Argument:
    if isinstance(argument, OptionArgument):
        when = _condition(argument.when, typer, report)
        if argument.joined:
            return _joined(argument, typer.text(argument.value), when, report)
        return Option(argument.option, typer.text(argument.value), argument.repeat, when, argument.span)
    if isinstance(argument, FlagArgument):
        return Flag(argument.flag, _condition(argument.when, typer, report), argument.span)
    if isinstance(argument, ListArgument):
        return _list_argument(argument, typer, report)
    value = typer.text(argument)
    if value.type.base == "null":
        report.add(faults.ABSENT.at(value.span, "an argument that is nothing", help='write "" for an empty argument'))
    return value


def _joined(argument: OptionArgument, value: Value, when: Value | None, report: Report) -> Argument:
    """An option that is one word with its value (`INPUT=a.bam`): a text before the value, or before each of a list."""
    span, start = argument.span, Const(argument.option, STRING, argument.span)
    if value.type.base in ("unknown", "null"):
        return value
    if value.type.many:
        if not argument.repeat:
            message, hint = (
                f"`{argument.option}` is joined to a list",
                "write `repeat: true`: it stands before each item",
            )
            report.add(faults.WRONG_TYPE.at(value.span, message, help=hint))
        kind = STRING._replace(many=True, optional=value.type.optional)
        word: Value = Apply("@prefixed", (value, start), kind, span)
    else:
        word = Text((start, value), STRING, span)
    if value.type.optional:
        there = Apply("!=", (value, Const(None, NULL, span)), BOOLEAN, span)
        when = there if when is None else Apply("and", (when, there), BOOLEAN, span)
    if when is None:
        return word
    return Choice(when, word, Const(None, NULL, span), word.type._replace(optional=True), span)


def _list_argument(argument: ListArgument, typer: Typer, report: Report) -> Argument:
    """The path of a list file, with what stands before it; no words at all where the list has no items."""
    span = argument.span
    items = typer.text(argument.value)
    word = typer.list_file(items, argument.separator, span)
    when = _condition(argument.when, typer, report)
    if word.type.base == "unknown":
        return word
    if may_be_empty(items):
        filled = Apply("@filled", (items,), BOOLEAN, items.span)
        when = filled if when is None else Apply("and", (when, filled), BOOLEAN, span)
    if argument.prefix:
        word = Text((Const(argument.prefix, STRING, span), word), STRING, span)
    if argument.option:
        return Option(argument.option, word, False, when, span)
    if when is None:
        return word
    return Choice(when, word, Const(None, NULL, span), STRING._replace(optional=True), span)


def _check_one_name(doc: ModuleDoc, report: Report) -> None:
    for name, param in doc.params.items():
        plain = keyword_of(name)
        if plain != name and doc.action != "script" and (plain in doc.params or plain in doc.inputs):
            report.add(
                name_faults.AMBIGUOUS_NAME.at(
                    param.name.span,
                    f"`{name}` is handed over as `{plain}`, which is another input or parameter of `{doc.name.name}`",
                    help="rename one",
                )
            )
    for name, port in doc.outputs.items():
        if name in doc.inputs or name in doc.params:
            report.add(
                name_faults.AMBIGUOUS_NAME.at(
                    port.name.span,
                    f"`{name}` is an output and also an input or parameter of `{doc.name.name}`",
                    help=f"rename one: `{doc.action}` hands all of them over by name",
                )
            )


def keyword_of(name: str) -> str:
    """What functions and notebooks have for a parameter of a group: `ref_species` for `ref.species`."""
    return name.replace(".", "_")


def _keywords(doc: ModuleDoc, leave_out: str = "") -> tuple[tuple[str, Local], ...]:
    """As `_members`, by the names that functions and notebooks know."""
    return tuple((keyword_of(name), local) for name, local in _members(doc, leave_out))


def _members(doc: ModuleDoc, leave_out: str = "") -> list[tuple[str, Local]]:
    """Every port and parameter of a module, by name; what is taken from a scratch folder the tool itself has named."""
    found = [(n, Local("inputs", n, port_type(p), p.name.span)) for n, p in doc.inputs.items()]
    found += [
        (n, Local("outputs", n, Type(p.base, p.many, False, p.formats), p.name.span))
        for n, p in doc.outputs.items()
        if p.source is None
    ]
    found += [(n, Local("params", n, param_type(p), p.name.span)) for n, p in doc.params.items()]
    return [(name, local) for name, local in found if name != leave_out]


def _python(doc: ModuleDoc, function: Named, library: Library, report: Report, claim: Claim) -> tuple[Argument, ...]:
    span = function.span
    if function.name.rpartition(":")[0].endswith(".py"):
        return _function_of_file(doc, function, library, claim)
    caller = ModuleFile(library.claim_support(SCRATCH_CALLER if doc.in_scratch else CALLER), Type("file"), span)
    record = Record(_keywords(doc), STRING, span)
    return (
        Const("python", STRING, span),
        caller,
        Const(function.name, STRING, span),
        *_from_scratch(doc, span),
        record,
    )


def _from_scratch(doc: ModuleDoc, span: Span) -> tuple[Argument, ...]:
    """What tells the caller of functions which of their arguments are paths, and from where; those in the folder itself
    have a sign before their names."""
    if not doc.in_scratch:
        return ()
    linked = {name for name, port in doc.inputs.items() if port.link is not None}
    names = [f"@{name}" if name in linked else name for name, member in _keywords(doc) if member.type.of_paths]
    return (Const("--home", STRING, span), Const(".", PATH, span), Const(",".join(names), STRING, span))


def _function_of_file(doc: ModuleDoc, function: Named, library: Library, claim: Claim) -> tuple[Argument, ...]:
    """A function of a file that stands beside the module: `tools.py:count`."""
    span = function.span
    name, _, called = function.name.rpartition(":")
    emitted = claim(name, span)
    if emitted is None:
        return ()
    caller = ModuleFile(library.claim_support(FILE_CALLER), Type("file"), span)
    record = Record(_keywords(doc), STRING, span)
    return (
        Const("python", STRING, span), caller, ModuleFile(emitted, Type("file"), span),
        Const(called, STRING, span), record,
    )  # fmt: skip


def _script(doc: ModuleDoc, script: Named, library: Library, report: Report, claim: Claim) -> tuple[Argument, ...]:
    span = script.span
    interpreter = _INTERPRETERS.get(PurePosixPath(script.name).suffix.lower())
    if interpreter is None:
        report.add(
            faults.BAD_SCRIPT.at(
                span, f"no interpreter for `{script.name}`", help="the suffixes are .py, .R, .jl and .sh"
            )
        )
    emitted = claim(script.name, span)
    if emitted is None or interpreter is None:
        return ()
    if doc.object:
        return _with_object(doc, interpreter, ModuleFile(emitted, Type("file"), span), library, report)
    arguments: list[Argument] = [Const(interpreter, STRING, span), ModuleFile(emitted, Type("file"), span)]
    for name, local in _members(doc):
        if local.type.base == "boolean" and not local.type.many:
            arguments.append(Flag(f"--{name}", local, span))
        else:
            arguments.append(Option(f"--{name}", local, False, None, span))
    return tuple(arguments)


def _with_object(
    doc: ModuleDoc, interpreter: str, script: ModuleFile, library: Library, report: Report
) -> tuple[Argument, ...]:
    """A script with Snakemake's object; what a step adds to it stands behind (`StepLinker`)."""
    runner = OBJECTS.get(interpreter)
    if runner is None:
        hint = "such scripts are Python (`.py`) or R (`.R`)"
        report.add(faults.BAD_SCRIPT.at(script.span, f"no object `{doc.object}` for `{interpreter}`", help=hint))
        return ()
    runs = ModuleFile(library.claim_support(runner), Type("file"), script.span)
    return (Const(interpreter, STRING, script.span), runs, script, *member_words(_members(doc)))


def _notebook(doc: ModuleDoc, notebook: Named, library: Library, report: Report, claim: Claim) -> tuple[Argument, ...]:
    span = notebook.span
    emitted = claim(notebook.name, span)
    if emitted is None:
        return ()
    # The executed notebook is an output where the module has one of that format.
    executed = next((n for n, p in doc.outputs.items() if "ipynb" in p.formats and not p.many), "")
    place: Value = Const("/dev/null", STRING, span)
    if executed:
        place = Local("outputs", executed, Type("file"), span)
    members = _keywords(doc, executed)
    source = library.claimed[emitted].source
    check_notebook(source, library.name_of(source), [name for name, _ in members], span, report)
    record = Record(members, STRING, span)
    if doc.in_scratch:
        caller = ModuleFile(library.claim_support(SCRATCH_CALLER), Type("file"), span)
        return (
            Const("python", STRING, span), caller, Const("papermill:execute_notebook", STRING, span),
            *_from_scratch(doc, span), Const("--notebook", STRING, span), ModuleFile(emitted, Type("file"), span),
            place._replace(type=PATH), record,
        )  # fmt: skip
    return (
        Const("papermill", STRING, span), ModuleFile(emitted, Type("file"), span), place,
        Const(BY_VALUE, STRING, span), record,
    )  # fmt: skip
