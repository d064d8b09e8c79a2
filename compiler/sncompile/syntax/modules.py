"""Located YAML → module document."""

from __future__ import annotations

import re

from sncompile.diagnostics import Diagnostic, Edit, Fix
from sncompile.faults import documents as faults
from sncompile.faults import slips as faults_of_slips
from sncompile.ir.language.scalars import is_plain_number, number_of
from sncompile.lazy_regex import regex
from sncompile.syntax.document import (
    About,
    Argument,
    ColumnDoc,
    ContainerDoc,
    FlagArgument,
    ListArgument,
    MapDoc,
    MapValue,
    ModuleDoc,
    Named,
    OptionArgument,
    ParamDoc,
    PortDoc,
    ProgramDoc,
    ReportDoc,
    SuccessDoc,
    Value,
)
from sncompile.syntax.expressions import Template
from sncompile.syntax.lets import without_let
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence
from sncompile.syntax.reader import Reader
from sncompile.syntax.templates import unescaped
from sncompile.syntax.type_names import OF_FILES, OF_PARAMS, OF_VALUES, type_meant

ACTIONS = ("command", "shell", "python", "script", "notebook")


def read_about(reader: Reader, node: Mapping) -> About:
    """Title, description, version, licence and citations."""
    get = node.by_name().get
    return About(
        reader.text(get("title")),
        reader.text(get("description")),
        reader.text(get("version")),
        reader.text(get("license")),
        reader.prose(get("citations")),
    )


def read_module(reader: Reader, node: Mapping, name: Named, path: tuple[str | int, ...] = ()) -> ModuleDoc:
    """The module document in `node`, which stands at `path` of its document (a step's inline module)."""
    actions = [(key, value) for key, value in node.entries if key.text in ACTIONS]
    broken = reader.broken_below(*path)
    if len(actions) != 1 and not broken:
        span = actions[1][0].span if actions else name.span
        told = " and ".join(f"`{key.text}`" for key, _ in actions) or "nothing to run"
        reader.found.append(
            faults.NO_ACTION.at(
                span,
                f"the module `{name.name}` has {told}",
                help="give exactly one of `command`, `shell`, `python`, `script` and `notebook`",
            )
        )
    action, body = (actions[0][0].text, actions[0][1]) if actions else ("command", None)
    script: Template | Named | None = None
    if action == "shell":
        script = reader.shell(body)
        reader.found += _folded(body, reader)
    elif action != "command":
        script = reader.named(body.get("file") if isinstance(body, Mapping) else body)
    get = node.by_name().get
    document = ModuleDoc(
        source=reader.source,
        name=name,
        about=read_about(reader, node),
        inputs=read_ports(reader, get("inputs")),
        outputs=read_ports(reader, get("outputs")),
        params=_module_params(reader, get("params")),
        action=action,
        command=_command(reader, body) if action == "command" else (),
        script=script,
        container=read_container(reader, get("container")),
        conda=reader.named(get("conda")),
        resources=reader.values(get("resources")),
        success=_success(reader, get("success")),
        annotations={name.name: (name, value) for name, value in reader.entries(get("annotations"))},
        broken=broken or len(actions) != 1,
        span=name.span,
        let=reader.lets(get("let")),
        scratch=reader.named(get("scratch")),
        checks=reader.checks(get("checks")),
        args=_args(reader, get("args"), action),
        object=reader.text(body.get("object")) if isinstance(body, Mapping) else "",
        programs=_programs(reader, get("requires")),
        version_command=tuple(reader.texts(get("version_command"))),
    )
    made, faults_of_let = without_let(document)
    reader.found += faults_of_let
    return made


_NEXT_COMMAND = regex(r"\s+([a-z][\w-]*) +[^=\s]")


def _folded(body: Node | None, reader: Reader) -> list[Diagnostic]:
    """The warning that the lines of a script become one, where a later one looks like a command of its own."""
    if not isinstance(body, Scalar) or not body.plain or body.span.end_line == body.span.line:
        return []
    span, lines = body.span, reader.source.text.split("\n")
    first = lines[span.line - 1][span.column - 1 :]
    rest = lines[span.line : span.end_line]
    before = [first, *rest[:-1]]
    joined = [re.search(r"[\\|&;({,]\s*$|\b(?:then|do|else)\s*$", line) for line in before]
    alone = [line for line, open_ in zip(rest, joined, strict=True) if open_ is None]
    if not any(_NEXT_COMMAND.match(line) for line in alone):
        return []
    key = lines[span.line - 1]
    indent = " " * (len(key) - len(key.lstrip(" ")) + 2)
    if not key.lstrip(" ").startswith("shell:"):
        fixes: tuple[Fix, ...] = ()
    else:
        kept = "".join(f"\n{indent}{line.strip()}" for line in (first, *rest))
        fixes = (Fix("keep the lines: `shell: |`", (Edit(span, f"|{kept}"),)),)
    return [faults_of_slips.FOLDED_SCRIPT.at(
        span._replace(end_line=span.line, end_column=span.column + len(first)),
        "the lines of the script become one", help="keep the lines: `shell: |`", fixes=fixes,
    )]  # fmt: skip


def read_ports(reader: Reader, node: Node | None) -> dict[str, PortDoc]:
    """Input or output ports."""
    ports = {}
    for name, body in reader.entries(node):
        if not isinstance(body, Mapping):
            continue
        get = body.by_name().get
        # A slip is told by the schema; what else is looked at goes by what was meant, so that it is told once.
        written = reader.text(get("type"))
        kind = type_meant(written, (*OF_FILES, *OF_VALUES)) or written
        base = "directory" if kind.startswith("directory") else "file"
        default, create = get("default"), get("create")
        ports[name.name] = PortDoc(
            name,
            base,
            "[]" in kind,
            kind.endswith("?"),
            reader.texts(get("format")),
            reader.text(get("description")),
            reader.value(get("path")),
            reader.value(default) if default is not None else None,
            reader.named(create) if reader.flag(create) else None,
            value=kind if kind in OF_VALUES else "",
            link=reader.value(get("as")),
            source=reader.value(get("from")),
            companions=reader.names(get("companions")),
            inside=reader.named(get("in")),
            report=_report(reader, get("report")),
        )
    return ports


def _report(reader: Reader, node: Node | None) -> ReportDoc | None:
    if not isinstance(node, Mapping):
        return None
    labels = [(name.name, reader.text(value)) for name, value in reader.entries(node.get("labels"))]
    caption = "".join(reader.prose(node.get("caption")))
    return ReportDoc(reader.text(node.get("category")), " ".join(caption.split()), tuple(labels), node.span)


def _module_params(reader: Reader, node: Node | None) -> dict[str, ParamDoc]:
    for name, map_ in read_maps(reader, node).items():
        message, hint = f"`{name}` is a map, which only a pipeline takes", "give the rows to a table of the pipeline"
        reader.found.append(faults.BAD_VALUE.at(map_.name.span, message, help=hint))
    return read_params(reader, node)


def read_params(reader: Reader, node: Node | None) -> dict[str, ParamDoc]:
    """Parameters; those of a group have its name before their own: `ref.species`."""
    params: dict[str, ParamDoc] = {}
    for name, body in reader.entries(node):
        if not isinstance(body, Mapping):
            continue
        if body.get("params") is not None:
            params |= _group(reader, name, body)
            continue
        if is_map(reader, body):
            continue
        enum = body.get("enum")
        values = [v for v in enum.items if isinstance(v, Scalar)] if isinstance(enum, Sequence) else []
        written = reader.text(body.get("type")) or _kind_of_all(values)
        kind = type_meant(written, OF_PARAMS) or written
        base = kind.rstrip("?").removesuffix("[]").rstrip("?")
        default = body.get("default")
        given = isinstance(default, Scalar) and default.value is None
        params[name.name] = ParamDoc(
            name,
            base if base in OF_PARAMS else "string",
            "[]" in kind,
            kind.endswith("?") or given,
            None if given else reader.value(default),
            tuple(_member(v, base) for v in values),
            reader.number(body.get("minimum")),
            reader.number(body.get("maximum")),
            reader.named(body.get("pattern")),
            reader.text(body.get("description")),
            gaps="?[]" in kind,
        )
    return params


def is_map(reader: Reader, body: Node) -> bool:
    """Whether what is said of a parameter makes it a map (`read_maps`)."""
    return isinstance(body, Mapping) and reader.text(body.get("type")).rstrip("?") == "map"


def _group(reader: Reader, name: Named, body: Mapping) -> dict[str, ParamDoc]:
    """The parameters of a group."""
    for key, _ in body.entries:
        if key.text not in ("params", "description"):
            message = f"`{name.name}` is a group of parameters, which has no `{key.text}`"
            reader.found.append(faults.BAD_VALUE.at(key.span, message, help="say it of the parameters in it"))
    inside = read_params(reader, body.get("params"))
    within = [(f"{name.name}.{inner}", param) for inner, param in inside.items()]
    return {full: param._replace(name=Named(full, param.name.span)) for full, param in within}


_OF_MAPS = ("type", "items", "default", "description")


def read_maps(reader: Reader, node: Node | None) -> dict[str, MapDoc]:
    """The parameters that are maps; those of a group have its name before their own."""
    found: dict[str, MapDoc] = {}
    for name, body in reader.entries(node):
        if isinstance(body, Mapping) and body.get("params") is not None:
            inside = read_maps(reader, body.get("params")).items()
            full = [(f"{name.name}.{inner}", map_) for inner, map_ in inside]
            found |= {n: map_._replace(name=Named(n, map_.name.span)) for n, map_ in full}
        elif isinstance(body, Mapping) and is_map(reader, body):
            found[name.name] = _map(reader, name, body)
    return found


def _map(reader: Reader, name: Named, body: Mapping) -> MapDoc:
    for key, _ in body.entries:
        if key.text not in _OF_MAPS:
            message = f"`{name.name}` is a map, which has no `{key.text}`"
            hint = "say it of a column: `items: {NAME: …}`"
            reader.found.append(faults.BAD_VALUE.at(key.span, message, help=hint))
    default = body.get("default")
    nothing = default is None or (isinstance(default, Scalar) and default.value is None)
    given = None if nothing else reader.binding(default)
    if given is not None and not isinstance(given, MapValue):
        message = f"`{name.name}` is a map, and its default is none"
        reader.found.append(faults.WRONG_TYPE.at(given.span, message, help="write a mapping of keys to rows"))
    optional = reader.text(body.get("type")).endswith("?") or isinstance(default, (Scalar, Sequence))
    default_map = given if isinstance(given, MapValue) else None
    return MapDoc(name, _items(reader, body), optional, default_map, reader.text(body.get("description")))


def _items(reader: Reader, body: Mapping) -> dict[str, ColumnDoc]:
    """The columns of a map's rows, which are declared as parameters are."""
    items = read_params(reader, body.get("items"))
    found = {}
    for name, inner in reader.entries(body.get("items")):
        param = items.get(name.name)
        if param is None or param.many:
            message = f"the column `{name.name}` holds single values"
            reader.found.append(faults.BAD_VALUE.at(name.span, message, help="such as `{type: string}`"))
            continue
        default = reader.named(inner.get("default")) if isinstance(inner, Mapping) else None
        found[name.name] = ColumnDoc(param, default, default is None and not param.optional)
    return found


def _member(value: Scalar, base: str) -> str | int | float | bool:
    """A member of an `enum`: text as it was written, or the number or boolean that it stands for."""
    if base in ("string", "path") or isinstance(value.value, str):
        return unescaped(value.text)
    return value.value if isinstance(value.value, bool) else number_of(value.text)


def _kind_of_all(values: list[Scalar]) -> str:
    """The type of a parameter that has an `enum` alone: text where a number would not look as it was written."""
    kinds = {type(value.value) for value in values}
    if kinds <= {int, float} and not all(is_plain_number(value.text) for value in values):
        return "string"
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "integer"
    return "number" if kinds and kinds <= {int, float} else "string"


def read_container(reader: Reader, node: Node | None) -> ContainerDoc | None:
    """A container, given as an image or as a mapping."""
    if isinstance(node, Mapping):
        network = node.get("network")
        asked = isinstance(network, Scalar) and network.value is True
        return ContainerDoc(reader.value(node.get("image")), reader.env(node.get("env")), node.span, asked)
    if isinstance(node, Scalar) and node.value is not None:
        return ContainerDoc(reader.value(node), (), node.span)
    return None


def _command(reader: Reader, node: Node | None) -> tuple[Argument, ...]:
    if not isinstance(node, Sequence):
        return ()
    found = (_argument(reader, item) for item in node.items)
    return tuple(argument for argument in found if argument is not None)


def _args(reader: Reader, node: Node | None, action: str) -> tuple[Argument, ...] | None:
    """What `${args}` stands for in the script of a module."""
    if node is None:
        return None
    if action != "shell":
        message, hint = f"`args` is for a `shell`, and this module has a `{action}`", "write them into the command"
        reader.found.append(
            faults.BAD_VALUE.at(node.span, message, help=hint if action == "command" else "take it out")
        )
    return _command(reader, node)


def _argument(reader: Reader, node: Node) -> Argument | None:
    if not isinstance(node, Mapping):
        return reader.value(node)
    when = reader.value(node.get("when"))
    # Words of a command are taken as they are, spaces and line ends with them.
    option, flag = ("".join(reader.texts(node.get(key))) for key in ("option", "flag"))
    value = node.get("value")
    if node.get("list_file") is not None:
        return _list_argument(reader, node, option, when)
    if bool(option) == bool(flag) or (option and value is None) or (flag and value is not None):
        reader.found.append(
            faults.BAD_ARGUMENT.at(
                node.span,
                "an argument is `{option: …, value: …}`, `{flag: …, when: …}` or `{list_file: …}`",
                help="give `option` with `value`, or `flag` alone, or `list_file`",
            )
        )
        return None
    if flag:
        return FlagArgument(flag, when, node.span)
    read = reader.value(value)
    if read is None:
        return None
    repeat, joined = reader.flag(node.get("repeat")), reader.flag(node.get("joined"))
    return OptionArgument(option, read, repeat, when, node.span, joined)


def _list_argument(reader: Reader, node: Mapping, option: str, when: Value | None) -> ListArgument | None:
    wrong = next((key for key, _ in node.entries if key.text in ("value", "flag", "repeat", "joined")), None)
    if wrong is not None:
        message = f"`{wrong.text}` does not go with `list_file`"
        hint = "a list file has `separator`, `option`, `prefix` and `when`"
        reader.found.append(faults.BAD_ARGUMENT.at(wrong.span, message, help=hint))
        return None
    read = reader.value(node.get("list_file"))
    if read is None:
        return None
    separator = reader.text(node.get("separator")) or "newline"
    prefix = "".join(reader.texts(node.get("prefix")))
    return ListArgument(read, separator, option, prefix, when, node.span)


def _success(reader: Reader, node: Node | None) -> SuccessDoc:
    if not isinstance(node, Mapping):
        return SuccessDoc()
    non_empty = node.get("non_empty")
    names = None if reader.flag(non_empty) else reader.names(non_empty)
    if isinstance(non_empty, Scalar):
        names = None if non_empty.value is True else ()
    sums = tuple((name, _checksum(reader, name, value)) for name, value in reader.entries(node.get("sha256")))
    counts = [(name, reader.integer(value)) for name, value in reader.entries(node.get("min_files"))]
    return SuccessDoc(names, sums, tuple((n, c) for n, c in counts if c is not None))


def _programs(reader: Reader, node: Node | None) -> tuple[ProgramDoc, ...]:
    """The programs that a module requires."""
    listed = node.get("programs") if isinstance(node, Mapping) else None
    found = []
    for item in listed.items if isinstance(listed, Sequence) else ():
        get = item.get if isinstance(item, Mapping) else {"name": item}.get
        name = reader.named(get("name"))
        if name is None:
            continue
        at_least, below = reader.text(get("at_least")), reader.text(get("below"))
        asked = tuple(reader.texts(get("ask"))) or (name.name, "--version")
        found.append(ProgramDoc(name, asked if at_least or below else (), at_least, below))
    return tuple(found)


def _checksum(reader: Reader, name: Named, node: Node) -> str:
    """A checksum as it was written: one of digits alone looks like a number."""
    text = reader.text(node).lower()
    if not isinstance(node, Scalar) or isinstance(node.value, str) or re.fullmatch("[0-9a-f]{64}", text):
        return text
    message = f"`success.sha256.{name.name}`: `{text}` has the wrong form"
    reader.found.append(faults.BAD_FORM.at(node.span, message, help="Output → the SHA-256 sum that it must have."))
    return text
