"""Checks a located document against its JSON Schema and tells every fault at its place.

The fast validator says whether there is anything to tell; only then the thorough one, which is slow to import and to
run, is asked what.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from sncompile.diagnostics import Diagnostic, Edit, Fix, Span, did_you_mean, meaning, nearest
from sncompile.faults import documents as faults
from sncompile.lazy_regex import regex
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence, is_nothing, kind_of, to_plain
from sncompile.syntax.quoting import as_list, quoted, word
from sncompile.syntax.templates import UNESCAPED
from sncompile.syntax.type_names import ALIASES, TYPES, forms_of, type_meant

Path = tuple[str | int, ...]

MAX_ERRORS = 500
"""Faults that are told of one document; whoever mends these will see the rest."""

KINDS = ("module", "pipeline", "override")

_TYPES = {
    "string": "text", "number": "a number", "integer": "an integer", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip


@cache
def load_schema(kind: str) -> dict[str, Any]:
    """The schema of a document kind (one of `KINDS`) as plain data."""
    text = files("sncompile.schemas").joinpath(f"{kind}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _fast(kind: str) -> Any:
    import jsonschema_rs

    resources = [(load_schema(name)["$id"], load_schema(name)) for name in KINDS]
    registry = jsonschema_rs.Registry(resources)
    return jsonschema_rs.Draft202012Validator(load_schema(kind), registry=registry)


@cache
def _thorough(kind: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry, Resource

    def whole(_: Any, pattern: str, instance: Any, schema: Any) -> Any:
        # Python's `$` lets a line break pass after the text, the standard's does not.
        if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
            yield ValidationError("the pattern does not match")

    registry: Any = Registry().with_resources(
        [(load_schema(n)["$id"], Resource.from_contents(load_schema(n))) for n in KINDS]
    )
    strict: Any = extend(Draft202012Validator, {"pattern": whole})  # type: ignore[no-untyped-call]
    return strict(load_schema(kind), registry=registry)


CUT = ""
"""Beside the path of a text of which a part is missing, where others have the name that a key is a slip of."""


def check_schema(node: Mapping, kind: str) -> tuple[list[Diagnostic], set[Path]]:
    """The faults of a document by its schema, and the paths of the nodes that are not as they should be."""
    plain = to_plain(node)
    if _fast(kind).is_valid(plain):
        return [], set()
    found: list[Diagnostic] = []
    broken: set[Path] = set()
    slips: set[tuple[Path, str]] = set()
    errors = list(islice(_thorough(kind).iter_errors(plain), MAX_ERRORS))
    # Unknown keys first: a key that is a slip of a required one explains why that one is missing.
    for error in sorted(errors, key=lambda e: e.validator != "additionalProperties"):
        path: Path = tuple(error.absolute_path)
        found += _tell(node, path, error, slips)
        # A strange key at the top leaves the rest as it is, unless it stands for one that is needed.
        if path or error.validator != "additionalProperties" or any(not p for p, _ in slips):
            broken.add(path)
    return found, broken | {path for path, name in slips if name == CUT}


def _at(node: Node, path: Path) -> Node:
    for step in path:
        if isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
        elif isinstance(node, Mapping):
            node = node.get(str(step)) or node
    return node


def _of_its_kind(root: Mapping, node: Node, error: Any, slips: set[tuple[Path, str]]) -> list[Diagnostic]:
    """What is wrong with something by that of its forms which is of its kind: a text, or a mapping."""
    kind = "object" if isinstance(node, Mapping) else "array" if isinstance(node, Sequence) else "string"
    form = next((number for number, each in enumerate(error.validator_value) if each.get("type") == kind), 0)
    found = [each for each in error.context if each.relative_schema_path[0] == form]
    return [told for each in found for told in _tell(root, tuple(each.absolute_path), each, slips)]


def _tell(root: Mapping, path: Path, error: Any, slips: set[tuple[Path, str]]) -> list[Diagnostic]:
    node = _at(root, path)
    where = _where(path)
    if error.validator == "type" and path in _COMMANDS and isinstance(node, Scalar):
        return [_command_as_text(root, node, str(path[0]))]
    if (
        isinstance(error.instance, str)
        and error.validator in ("not", "pattern", "type")
        and UNESCAPED.search(error.instance)
        and not (error.validator_value == "object" and isinstance(node, Scalar) and _mapping_meant(node, error.schema))
    ):
        return [_no_expression(node, path, error)]
    if error.validator == "additionalProperties":
        return _unknown_keys(node, path, error, slips)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [
            faults.MISSING_KEY.at(
                _head(root, path, node),
                f"{where} needs `{name}`",
                help=_keys_of_glob(error.instance, name) or _describe(error.schema, name),
            )
            for name in missing
            if (path, name) not in slips and f"'{name}' is" in error.message
        ]
    if "propertyNames" in error.absolute_schema_path:
        return [_bad_name(node, str(error.instance))]
    if error.validator == "type":
        return [_wrong_type(node, error, where)]
    if error.validator == "const":
        expected = json.dumps(error.validator_value)
        return [faults.NOT_ONE_OF.at(node.span, f"{where} must be {expected}", help=f"write {expected}")]
    if error.validator == "pattern":
        return [_bad_pattern(node, error, where)]
    if error.validator == "anyOf" and not all("required" in each and len(each) == 1 for each in error.validator_value):
        return _of_its_kind(root, node, error, slips)
    if error.validator == "anyOf":
        if (path, "type") in slips or (path, "enum") in slips:
            return []
        return [
            faults.MISSING_KEY.at(
                _head(root, path, node),
                f"{where} needs `type` or `enum`",
                help="add `type: string`, or the `params` of a group",
            )
        ]
    text = {
        "minItems": "must not be empty",
        "minProperties": "must not be empty",
        "uniqueItems": "names something twice",
        "minimum": f"must be at least {error.validator_value}",
    }.get(str(error.validator), "is not as it should be")
    return [faults.BAD_VALUE.at(node.span, f"{where} {text}", help=_meaning(error))]


def _where(path: Path) -> str:
    """What stands at a path, in words: `steps.apply.by`."""
    shown = ""
    for step in path:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if shown else str(step)
    return f"`{shown}`" if shown else "the document"


def _head(root: Mapping, path: Path, node: Node) -> Span:
    """The key of the node at a path where it has one, else the node's start."""
    if path and isinstance(path[-1], str):
        parent = _at(root, path[:-1])
        if isinstance(parent, Mapping) and (key := parent.key(path[-1])) is not None:
            return key.span
    if not path and isinstance(node, Mapping) and node.entries:
        return node.entries[0][0].span
    return node.span


# What other languages call the keys of a step.
_ELSEWHERE = {
    "inputs": "with", "input": "with", "params": "with", "args": "with", "output": "outputs", "uses": "module",
    "run": "module", "needs": "after", "depends_on": "after", "foreach": "by", "for_each": "by", "scatter": "by",
    "matrix": "by", "if": "when", "condition": "when", "threads": "resources", "memory": "resources",
    "image": "container", "environment": "env", "retry": "retries", "temp": "outputs", "protected": "outputs",
}  # fmt: skip


# What they call the steps of a pipeline, what a module runs, and what a job needs.
_OF_A_PIPELINE = dict.fromkeys(
    ("rules", "rule", "jobs", "job", "process", "processes", "tasks", "stages", "workflow"), "steps"
)
_OF_A_MODULE = dict.fromkeys(("run", "exec", "cmd", "baseCommand", "base_command", "entrypoint"), "command")
_OF_RESOURCES = {
    "mem_mb": "memory", "mem_gb": "memory", "mem": "memory", "ram": "memory", "threads": "cpus", "cores": "cpus",
    "runtime": "time", "walltime": "time", "timeout": "time", "disk_mb": "disk", "gpu": "gpus", "accelerator": "gpus",
}  # fmt: skip
_WORDS = {"by": _ELSEWHERE, "steps": _OF_A_PIPELINE, "notebook": _OF_A_MODULE, "cpus": _OF_RESOURCES}
"""By a key that only one kind of mapping has: what other languages call its keys."""


# What stands in `resources`, and in other languages beside it.
_RESOURCES = {
    "threads": "cpus", "cpus": "cpus", "cores": "cpus", "memory": "memory", "mem": "memory", "time": "time",
    "walltime": "time", "disk": "disk", "gpus": "gpus",
}  # fmt: skip


def _unknown_keys(node: Node, path: Path, error: Any, slips: set[tuple[Path, str]]) -> list[Diagnostic]:
    if not isinstance(node, Mapping):
        return []
    known = list(error.schema.get("properties", {}))
    free = [name for name in known if node.key(name) is None]
    found: list[Diagnostic] = []
    for key, value in node.entries:
        if key.text in known or len(found) >= MAX_ERRORS:
            continue
        elsewhere = next((words.get(key.text) for mark, words in _WORDS.items() if mark in known), None)
        if elsewhere == "command" and isinstance(value, Scalar):
            elsewhere = "shell"  # A command is a list of words, and a script is a text.
        guess = elsewhere if elsewhere in free else nearest(key.text, free)
        if guess is not None:
            slips.add((path, guess))
        inside = f" in {_where(path)}" if path else ""
        hint = did_you_mean(key.text, known, what="known keys")
        if guess is not None:
            # What stands for a key elsewhere may be of another form than it.
            hint = meaning(key.text, guess, free, safe=False if elsewhere == guess else None)
        elif "by" in known and key.text in load_schema("module")["properties"]:
            hint = f"a module says that, and a step names it; or write it in place: `module: {{{key.text}: …}}`"
            slips.add((path, "module"))
        if key.text in _RESOURCES and "resources" in known and isinstance(value, Scalar):
            hint = f"write `resources: {{{_RESOURCES[key.text]}: {value.text}}}`"
        torn = _torn(node, key.text)
        if torn is not None:
            text, hint = torn
            slips.add(((*path, text), CUT))
        found.append(faults.UNKNOWN_KEY.at(key.span, f"unknown key `{key.text}`{inside}", help=hint))
    return found


def _torn(node: Mapping, name: str) -> tuple[str, str] | None:
    """The key of a text that a comma has torn into a value and keys without any (`{a: f(x, y)}`), and the mend."""
    entries = node.entries
    at = next(number for number, (key, _) in enumerate(entries) if key.text == name)
    first, last = at, at
    while first > 0 and is_nothing(entries[first][1]):
        first -= 1
    while last + 1 < len(entries) and is_nothing(entries[last + 1][1]):
        last += 1
    start, value = entries[first]
    if (
        first == at
        or entries[at][0].span.line != value.span.end_line
        or not isinstance(value, Scalar)
        or not value.text
        or not value.plain
    ):
        return None
    whole = ", ".join((value.text, *(key.text for key, _ in entries[first + 1 : last + 1])))
    written = f"'{whole}'" if "'" not in whole else quoted(whole)
    mend = f"a comma ends a value inside of `{{…}}`; is the value `{whole}`? Then quote it: `{start.text}: {written}`"
    return start.text, mend


def _no_expression(node: Node, path: Path, error: Any) -> Diagnostic:
    """An expression where the schema takes plain text alone."""
    span = node.span
    if isinstance(node, Mapping) and (key := node.key(error.instance)) is not None:
        span = key.span
    where = _where(path)
    message = f"an expression in a key of {where}" if isinstance(node, Mapping) else f"{where} takes no expression"
    help = "write out what it stands for; a literal `${` is written `$${`"
    return faults.NO_EXPRESSION.at(span, message, help=help)


def _bad_name(node: Node, name: str) -> Diagnostic:
    key = node.key(name) if isinstance(node, Mapping) else None
    torn = _torn(node, name) if isinstance(node, Mapping) and key else None
    return faults.BAD_NAME.at(
        key.span if key else node.span,
        f"`{name}` is not a name",
        help=torn[1] if torn else "a name holds letters, digits and `_`, and does not start with a digit",
    )


def _wrong_type(node: Node, error: Any, where: str) -> Diagnostic:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    words = [_TYPES[name] for name in names]
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    hint, new = _meaning(error), ""
    if isinstance(node, Scalar) and node.value is not None and names == ["string"]:
        new = quoted(node.text)
        hint = f"quote it: {new}"
    elif isinstance(node, Scalar) and names == ["array"]:
        new = as_list(node.text)
        hint = f"write a list: {new}"
    elif isinstance(node, Scalar) and names == ["object"] and (new := _mapping_meant(node, error.schema)):
        hint = f"write a mapping: {new}"
    elif (
        isinstance(node, Scalar)
        and names == ["object"]
        and {"file", "glob"} <= error.schema.get("properties", {}).keys()
    ):
        hint = f"write a mapping, with the columns that tell rows apart: {{file: {word(node.text)}, key: …}}"
    elif isinstance(node, Sequence) and names == ["object"] and (first := _name_in_list(node)):
        hint = f"names are keys here, and stand without `-`: `{first}: …`"
    elif isinstance(node, Sequence) and "string" in names and len(node.items) == 1:
        (item,) = node.items
        new = word(item.text) if isinstance(item, Scalar) else ""
        hint = f"write the one item without brackets: {new}" if new else hint
    # A list in block style has no place that an edit could replace.
    one_line = node.span.line == node.span.end_line and node.span.end_column > node.span.column + 1
    fixes = (Fix(hint, (Edit(node.span, new),)),) if new and (one_line or isinstance(node, Scalar)) else ()
    return faults.WRONG_TYPE.at(node.span, f"{where} is {kind_of(node)}, not {text}", help=hint, fixes=fixes)


def _name_in_list(node: Sequence) -> str:
    """The first name of a list whose items were meant to be keys: `- light: …`, or `- name: light`; else none."""
    item = node.items[0] if node.items else None
    if not isinstance(item, Mapping) or not item.entries:
        return ""
    key, value = item.entries[0]
    is_told = key.text in ("name", "id") and isinstance(value, Scalar) and bool(value.text)
    return value.text if is_told and isinstance(value, Scalar) else key.text


def _mapping_meant(node: Scalar, schema: Any) -> str:
    """The mapping that a text or number was meant to be, which other languages take for it; empty where none is known.

    `i: file` stands for `i: {type: file}`, `n: 3` for `n: {type: integer, default: 3}`, `o: a.txt` for
    `o: {type: file, path: a.txt}`, and `step: ./a.yaml` for `step: {module: ./a.yaml}`.
    """
    properties = schema.get("properties", {})
    value, types = node.value, properties.get("type", {}).get("pattern", "")
    kinds = [kind for kind in TYPES if kind in types]
    meant = type_meant(value, kinds) if isinstance(value, str) and kinds else None
    if meant is not None and re.search(types, meant):
        return f"{{type: {word(meant)}}}"
    if isinstance(value, str) and "path" in properties and _PATH.search(value):
        return f"{{type: file, path: {word(value)}}}"
    if isinstance(value, str) and {"module", "with"} <= properties.keys() and _PATH.search(value):
        return f"{{module: {word(value)}}}"
    if value is None or not {"default", "enum"} <= properties.keys() or "required" in properties:
        return ""
    kind = {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")
    return f"{{type: {kind}, default: {word(value) if isinstance(value, str) else node.text}}}"


_PATH = regex(r"[/.]|\$\{")
_COMMANDS = (("command",), ("version_command",))


def _command_as_text(root: Mapping, node: Scalar, name: str) -> Diagnostic:
    """A command that is written as one text: a list of words, or a script where a shell is needed."""
    message = f"`{name}` is a string, not a list"
    key = root.key(name)
    if name == "command" and key is not None and _SHELL_SIGNS.search(node.text):
        help = "a shell is needed for `|`, `>` and the like: write `shell:`"
        fixes = (Fix("write `shell:`", (Edit(key.span, "shell"),)),)
        return faults.WRONG_TYPE.at(node.span, message, help=help, fixes=fixes)
    new = f"[{', '.join(map(word, _words(node.text)))}]"
    fixes = (Fix(f"write a list: {new}", (Edit(node.span, new),)),)
    return faults.WRONG_TYPE.at(node.span, message, help=f"write a list: {new}", fixes=fixes)


_SHELL_SIGNS = regex(r"[|<>;&`*]|\$\(|(?<!\$)\$[A-Za-z_]")
_WORD = regex(r"""(?:\$\{[^}]*\}|"[^"]*"|'[^']*'|[^\s"'])+""")


def _words(text: str) -> list[str]:
    """The words of a command, at its spaces outside of quotes and expressions."""
    return [re.sub(r"""^(["'])(.*)\1$""", r"\2", found) for found in _WORD.findall(text)]


def _bad_pattern(node: Node, error: Any, where: str) -> Diagnostic:
    value = str(error.instance)
    if error.schema.get("title") == "Type":
        return faults.NOT_ONE_OF.at(
            node.span, f"`{value}` is not a type", help=_type_meant(value, error.validator_value)
        )
    if "A-Za-z_" in error.validator_value and ":" not in error.validator_value:
        return faults.BAD_NAME.at(
            node.span, f"{where}: `{value}` is not a name", help="a name holds letters, digits and `_`"
        )
    bare = value.lstrip(".")
    if value != bare and re.fullmatch(error.validator_value, bare):
        return faults.BAD_FORM.at(node.span, f"{where}: `{value}` begins with a dot", help=f"write `{bare}`")
    return faults.BAD_FORM.at(node.span, f"{where}: `{value}` has the wrong form", help=_meaning(error))


def _type_meant(value: str, pattern: str) -> str:
    """The type that somebody meant, or those that there are."""
    kinds = [kind for kind in TYPES if kind in pattern]
    forms = forms_of(kinds)
    guess = type_meant(value, kinds)
    if guess == value:
        guess = nearest(value, forms)
    if guess is not None:
        alias = value.rstrip("?").removesuffix("[]").lower() in ALIASES
        return meaning(value, guess, forms, safe=True if alias else None)
    listed = ", ".join(f"`{kind}`" for kind in kinds)
    return f"types: {listed}; add `[]` for a list, `?` for optional"


def _meaning(error: Any) -> str:
    """What should stand there, as the schema describes it."""
    text: str = error.schema.get("description", "`sncompile schema pipeline` and `… module` print what may stand where")
    return text


def _describe(schema: Any, name: str) -> str | None:
    described = schema.get("properties", {}).get(name, {})
    if "const" in described:
        const = described["const"]
        return f"write `{name}: {word(const) if isinstance(const, str) else json.dumps(const)}`"
    text = described.get("description")
    return f"`{name}`: {text}" if text else f"add `{name}: …`"


_PART = regex(r"(?<!\$)\{(\w+)\}")


def _keys_of_glob(table: dict[str, Any], name: str) -> str | None:
    """What to write for the key that a table of files lacks: its pattern names it."""
    pattern = table.get("glob") if name == "key" else None
    parts = list(dict.fromkeys(_PART.findall(pattern))) if isinstance(pattern, str) else []
    if not parts:
        return None
    key = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
    return f"the pattern names it: write `key: {key}`"
