"""A module document → a typed module: every template typed once, however many steps use it (decision 0022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span, did_you_mean
from sncompile.faults import documents as document_faults
from sncompile.faults import names as name_faults
from sncompile.faults import values as faults
from sncompile.ir.graph.commands import Argument, ShellPart, Success, Variable
from sncompile.ir.graph.own_names import PARTS, SCRATCH
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.language.types import INTEGER, STRING, UNKNOWN, Type
from sncompile.ir.values.model import Const, Value
from sncompile.semantics.actions import link_action
from sncompile.semantics.checking.silent_slips import warn_of_texts
from sncompile.semantics.checking.stated import type_checks
from sncompile.semantics.checking.unused import warn_of_module
from sncompile.semantics.companions import check_companions
from sncompile.semantics.declared_names import check_members
from sncompile.semantics.linking.binding import param_type, port_type
from sncompile.semantics.linking.conventions import RootNames, may_be_decided
from sncompile.semantics.linking.default_link import Defaults, link_defaults
from sncompile.semantics.list_files import ListFiles, TypedList
from sncompile.semantics.modules.library import Library
from sncompile.semantics.parts import check_parts
from sncompile.semantics.program import TypedCheck
from sncompile.semantics.resources import link_resources
from sncompile.semantics.scope import LocalMembers, Scope, Space
from sncompile.semantics.scratch import Scratch, check_paths_in_texts, inside_of, link_scratch, values_of
from sncompile.semantics.scripts.values import Script
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import EnvDoc, ModuleDoc, Named, PortDoc
from sncompile.syntax.document import Value as DocValue


class TypedOutput(NamedTuple):
    """An output: the type that others see, that of its file, and what that is called where the path is derived."""

    type: Type
    of_file: Type
    file: str
    span: Span


@dataclass(frozen=True, slots=True)
class TypedModule:
    """A module with its templates typed; names of the module stand as local values in them.

    In `defaults` and `paths` the data roots do so too: they are those of the pipeline that uses the module.
    """

    doc: ModuleDoc
    defaults: Defaults
    paths: Mapping[str, Value]
    command: tuple[Argument, ...] | None
    script: Script | None
    shell: tuple[ShellPart, ...] | None
    """The script with the module's own environment; a step may have variables of other names."""
    lists: Mapping[str, TypedList]
    container: Value | None
    conda: str | None
    env: tuple[Variable, ...]
    resources: Mapping[str, Value]
    success: Success
    files: tuple[str, ...]
    undecided: bool
    """Whether a step's values may settle something in the command: a choice, a condition, or what is computed."""
    outputs: Mapping[str, TypedOutput]
    scratch: Scratch | None = None
    checks: tuple[TypedCheck, ...] = ()


_RESOURCE_TYPES = dict.fromkeys(RESOURCES, INTEGER)


def link_module(doc: ModuleDoc, library: Library, report: Report) -> TypedModule:
    """The typed module of a document; its faults are told."""
    check_members(doc, report)
    _check_kinds(doc, report)
    check_companions(doc, report)
    check_parts(doc, report)
    if any(port.inside is not None or (port.optional and port.companions) for port in doc.outputs.values()):
        library.claim_support(PARTS)
    files: list[str] = []

    def claim(name: str, span: object) -> str | None:
        emitted = library.claim(name, span, doc.source)  # type: ignore[arg-type]
        if emitted is not None and emitted not in files:
            files.append(emitted)
        return emitted

    container = doc.container
    used: set[str] = set()
    written: set[str] = set()
    spaces = _local_spaces(doc, used, written)
    lists = ListFiles()
    typer = Typer(Scope(spaces, lets=doc.let), report, claim)
    action = link_action(doc, Typer(Scope(spaces, lets=doc.let), report, claim, lists), library, report, claim)
    env = link_env(container.env if container else (), typer, report)
    scratch = _link_scratch(doc, spaces, library, report)
    if scratch is not None:
        texts = [*values_of(action.command or ()), *(action.shell.values if action.shell is not None else ())]
        texts += values_of(action.shell.args) if action.shell is not None else ()
        check_paths_in_texts(texts, env, lists.found.values(), report)
    typed = TypedModule(
        doc,
        defaults=link_defaults(doc, {"data": RootNames()}, used, report),
        paths=_link_paths(doc, {**spaces, "data": RootNames()}, report),
        command=action.command,
        script=action.shell,
        shell=action.shell.parts({v.name for v in env}, inside_of(scratch)) if action.shell is not None else None,
        lists=lists.found,
        container=link_image(container.image, typer, report) if container and container.image is not None else None,
        conda=claim(doc.conda.name, doc.conda.span) if doc.conda is not None else None,
        env=env,
        resources=link_resources(doc.resources, Scope(spaces, run_time=True), report),
        success=_link_success(doc, report),
        files=tuple(files),
        undecided=any(map(may_be_decided, action.command or ())),
        outputs={
            name: TypedOutput(
                Type(port.value) if port.value else _output_type(port)._replace(optional=port.optional),
                _output_type(port),
                f"{name}{_suffix(port)}",
                port.name.span,
            )
            for name, port in doc.outputs.items()
        },
        scratch=scratch,
        checks=_link_checks(doc, spaces, report),
    )
    if action.uses_all or doc.broken or report.failed:
        return typed
    if not warn_of_texts(doc, values_of(action.command or ()), report):
        warn_of_module(doc, used, written, report)
    return typed


def _link_checks(doc: ModuleDoc, spaces: Mapping[str, Space], report: Report) -> tuple[TypedCheck, ...]:
    known = {name: spaces[name] for name in ("params", "inputs")}
    return type_checks(doc.checks, Typer(Scope(known), report)) if doc.checks else ()


def _local_spaces(doc: ModuleDoc, used: set[str], written: set[str]) -> dict[str, Space]:
    """What a module's expressions see; `used` and `written` take in the parameters and outputs that they name."""
    inputs = {name: port_type(port) for name, port in doc.inputs.items()}
    outputs = {name: _output_type(port) for name, port in doc.outputs.items()}
    params = {name: param_type(param) for name, param in doc.params.items()}
    env = {e.name.name: STRING for e in (doc.container.env if doc.container else ())}
    return {
        "inputs": LocalMembers("the inputs", "inputs", inputs, set()),
        "outputs": LocalMembers("the outputs", "outputs", outputs, written),
        "params": LocalMembers("the parameters", "params", params, used),
        "resources": LocalMembers("the resources", "resources", _RESOURCE_TYPES, set()),
        "env": LocalMembers("the environment", "env", env, set()),
    }


def _link_scratch(doc: ModuleDoc, spaces: Mapping[str, Space], library: Library, report: Report) -> Scratch | None:
    """The scratch folder of a module, where it has one."""
    said = doc.scratch
    named = [port for port in doc.inputs.values() if port.link is not None]
    named += [port for port in doc.outputs.values() if port.source is not None]
    if not doc.in_scratch:
        for port in named:
            message = f"`{port.name.name}` has a name in the scratch folder of `{doc.name.name}`, which has none"
            place = (Place("it is said here", said.span),) if said is not None else ()
            hint = "take out `scratch: false`"
            report.add(name_faults.SCRATCH_MISUSE.at(port.name.span, message, help=hint, related=place))
        return None
    for port in named:
        if port.create is not None:
            message = f"`{port.name.name}` is made before the command runs, and taken from the scratch folder after it"
            report.add(name_faults.SCRATCH_MISUSE.at(port.create.span, message, help="take out `create` or `from`"))
    _check_action_in_scratch(doc, report)
    runner = library.claim_support(SCRATCH)
    return link_scratch(
        doc, Typer(Scope({name: spaces[name] for name in ("inputs", "params")}), report), runner, report
    )


def _check_action_in_scratch(doc: ModuleDoc, report: Report) -> None:
    wrong = None
    if doc.object:
        wrong = f"`object: {doc.object}`", "take the values from the script's arguments"
    elif isinstance(doc.script, Named) and doc.action == "python" and ".py:" in doc.script.name:
        wrong = "a function of a file beside the module", "name a function of a package: `package.module:function`"
    if wrong is not None:
        what, hint = wrong
        report.add(
            faults.NOT_IN_SCRATCH.at(doc.name.span, f"{what} in the scratch folder of `{doc.name.name}`", help=hint)
        )


def _check_kinds(doc: ModuleDoc, report: Report) -> None:
    for name, port in doc.outputs.items():
        if port.create is not None and port.base != "directory":
            message = f"`{name}` is a file, and `create` makes a directory"
            hint = "take it out: the folder of a file is always made"
            report.add(document_faults.BAD_VALUE.at(port.create.span, message, help=hint))
        if port.report is not None and (port.base == "directory" or port.inside is not None):
            what = "a directory" if port.inside is None else f"a part of `{port.inside.name}`"
            message, hint = f"`{name}` is {what}, and a report shows files", "show an output of the type `file`"
            report.add(document_faults.BAD_VALUE.at(port.report.span, message, help=hint))


def _output_type(port: PortDoc) -> Type:
    return Type(port.base, port.many, False, port.formats)


def _link_paths(doc: ModuleDoc, spaces: dict[str, Space], report: Report) -> dict[str, Value]:
    """The paths that the module itself gives to outputs; each may use those declared before it."""
    found: dict[str, Value] = {}
    known: dict[str, Type] = {}
    for name, port in doc.outputs.items():
        if port.path is not None:
            outputs = LocalMembers("the outputs declared before", "outputs", dict(known), set())
            value = Typer(Scope({**spaces, "outputs": outputs}), report).text(port.path)
            if (value.type != UNKNOWN and value.type.many != port.many) or (
                isinstance(value, Const) and value.value == ()
            ):
                kind = "a list of paths" if port.many else "one path"
                report.add(
                    faults.WRONG_TYPE.at(
                        value.span,
                        f"the output `{name}` is {_output_type(port)}, so its path is {kind}",
                        help=f"give {kind}",
                    )
                )
            found[name] = value
        known[name] = _output_type(port)
    return found


def link_image(image: DocValue, typer: Typer, report: Report) -> Value | None:
    """A container's image, which is one text; None where a value that is absent names it."""
    value = typer.text(image)
    return None if isinstance(value, Const) and value.type.base == "null" else _one_text(value, "an image", report)


def _one_text(value: Value, what: str, report: Report) -> Value:
    if value.type.many:
        hint = "join it (`join(list, ',')`), or take an item (`…[0]`)"
        report.add(faults.WRONG_TYPE.at(value.span, f"{what} is one text, and this is a list", help=hint))
        return Const(None, UNKNOWN, value.span)
    if value.type.base == "null":
        report.add(faults.ABSENT.at(value.span, f"{what} is one text, and this is nothing", help="give a text"))
        return Const(None, UNKNOWN, value.span)
    return value


def link_env(env: tuple[EnvDoc, ...], typer: Typer, report: Report) -> tuple[Variable, ...]:
    """Environment variables with typed values."""
    return tuple(
        Variable(
            e.name.name,
            _one_text(typer.text(e.value), f"the variable `{e.name.name}`", report) if e.value is not None else None,
            e.secret,
        )
        for e in env
    )


def _link_success(doc: ModuleDoc, report: Report) -> Success:
    success = doc.success
    for named in (
        *(success.non_empty or ()),
        *(n for n, _ in success.sha256),
        *(n for n, _ in success.min_files),
    ):
        if named.name not in doc.outputs:
            hint = did_you_mean(named.name, doc.outputs, what="outputs")
            report.add(faults.BAD_SUCCESS.at(named.span, f"`{doc.name.name}` has no output `{named.name}`", help=hint))
    for named, _ in success.min_files:
        port = doc.outputs.get(named.name)
        if port is not None and port.base != "directory":
            report.add(
                faults.BAD_SUCCESS.at(
                    named.span,
                    f"`{named.name}` is a file, and `min_files` counts those of a directory",
                    help="make it a directory, or use `non_empty`",
                )
            )
    names = list(doc.outputs) if success.non_empty is None else [n.name for n in success.non_empty]
    # In the order of the outputs: another order of the names says nothing else.
    non_empty = [name for name in doc.outputs if name in names]
    least = {n.name: c for n, c in success.min_files}
    # A directory is empty if it holds no file.
    least |= {n: max(1, least.get(n, 0)) for n in non_empty if doc.outputs[n].base == "directory"}
    return Success(
        tuple(n for n in non_empty if doc.outputs[n].base == "file"),
        {n.name: s for n, s in success.sha256},
        least,
    )


def _suffix(port: PortDoc) -> str:
    """The suffix of an output's derived path: its first format."""
    if port.base == "directory" or not port.formats:
        return ""
    name = port.formats[0]
    return "." + (PurePosixPath(name).name if "/" in name else name).lstrip(".")
