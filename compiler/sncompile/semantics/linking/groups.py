"""Groups of parameters: what is given to a group goes to the parameters in it.

    params: {ref: {params: {species: …, release: …}}}

A document knows the parameters of a group as `ref.species` and `ref.release` (`syntax/modules.py`), and so does whoever
binds them. Here a mapping that is given to the group as a whole is taken apart: that of a step's `with`, and that of a
file of parameters.

Decision 0078.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sncompile.diagnostics import Hint, Report, did_you_mean, meaning
from sncompile.faults.values import WRONG_TYPE
from sncompile.semantics.scope import Group, is_group
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Binding, Document, MapDoc, MapValue, Named, ParamDoc, PipelineDoc
from sncompile.syntax.expressions import Attribute, Expr, Template

Bindings = Mapping[str, tuple[Named, Binding | None]]


def parameters_of(document: Document) -> Mapping[str, ParamDoc | MapDoc]:
    """All parameters of a document, those that are maps too."""
    return {**document.params, **document.maps} if isinstance(document, PipelineDoc) else document.params


def group_names(params: Iterable[str]) -> set[str]:
    """The groups among the names of parameters, those inside of others too."""
    return {name[:at] for name in params for at, sign in enumerate(name) if sign == "."}


def ungrouped(bindings: Bindings, module: Document, typer: Typer, report: Report) -> Bindings:
    """What a step's `with` gives, by the names of single inputs and parameters.

    A group takes a mapping, or the group of another document (`${params.ref}`), of which it takes what it has itself.
    """
    params = parameters_of(module)
    if not any("." in name for name in params):
        return bindings
    found: dict[str, tuple[Named, Binding | None]] = {}
    for name, (named, value) in bindings.items():
        if not is_group(params, name):
            found[name] = (named, value)
            continue
        expr = value.whole if isinstance(value, Template) else None
        given = typer.space_of(expr) if expr is not None else None
        if isinstance(value, MapValue):
            inside = [(inner._replace(name=f"{name}.{inner.name}"), held) for inner, held in value.entries]
            found |= ungrouped({inner.name: (inner, held) for inner, held in inside}, module, typer, report)
        elif expr is not None and isinstance(given, Group):
            found |= _members(name, named, expr, given, module)
        else:
            first = next(n for n in params if n.startswith(f"{name}."))
            message = f"`{name}` of `{module.name.name}` is a group of parameters, and takes a mapping"
            hint = f"give a mapping (`{nested(first)}`), or another group"
            report.add(WRONG_TYPE.at(value.span if value is not None else named.span, message, help=hint))
            # What was meant for it is not missing as well.
            found |= {n: (named, None) for n in params if n.startswith(f"{name}.")}
    return found


def _members(
    name: str, named: Named, expr: Expr, given: Group, module: Document
) -> dict[str, tuple[Named, Binding | None]]:
    """What a group of another document gives to the parameters of one, by their names."""
    held = set(given.names())
    found: dict[str, tuple[Named, Binding | None]] = {}
    for param in parameters_of(module):
        inner = param.removeprefix(f"{name}.")
        if inner != param and inner in held:
            member = expr
            for part in inner.split("."):
                member = Attribute(member, part, expr.span, expr.span)
            value = Template((member,), named.span, (expr.span,))
            found[param] = (named._replace(name=param), value)
    return found


def nested(name: str, value: str = "…") -> str:
    """How what is called `ref.species` is given in a mapping: `{ref: {species: …}}`."""
    for part in reversed(name.split(".")):
        value = f"{{{part}: {value}}}"
    return value


class FromFile(NamedTuple):
    """Values of a file of parameters by the names of parameters; `unknown` are names that there are none of."""

    values: dict[str, object]
    unknown: list[str]
    no_mapping: list[str]
    """Groups that are given something else than a mapping."""


def without_dashes(name: str) -> str:
    """The name of the parameter that a name in a file of parameters means."""
    return name.replace("-", "_")


def from_file(given: Mapping[str, object], known: Iterable[str]) -> FromFile:
    """What a file of parameters, in which groups are mappings, gives to those that are `known`.

    Names of configurations may have dashes, which those of parameters cannot: `min-length` gives `min_length`.
    """
    names = set(known)
    groups = group_names(names)
    found = FromFile({}, [], [])

    def visit(prefix: str, mapping: Mapping[str, object]) -> None:
        for key, value in mapping.items():
            plain = without_dashes(key)
            name = f"{prefix}{key if plain in mapping else plain}"
            if name not in names and name not in groups:
                name = f"{prefix}{key}"
            if name in names:
                found.values[name] = value
            elif name not in groups:
                found.unknown.append(name)
            elif isinstance(value, Mapping):
                visit(f"{name}.", value)
            elif value is not None:
                found.no_mapping.append(name)

    visit("", given)
    return found


def meant_by(name: str, known: Iterable[str], kind: str, *, in_file: bool) -> str:
    """The help about a name that is not `known`; of a group it looks among what that has."""
    names, plain = list(known), without_dashes(name)
    if in_file and plain != name and plain in names:
        return f"it means `{plain}`, which stands there as well: remove one of the two"
    group = name.rpartition(".")[0]
    within = {n[len(group) + 1 :].partition(".")[0] for n in names if n.startswith(f"{group}.")} if group else set()
    hint = did_you_mean(name[len(group) + 1 :], within, what=f"`{group}` has") if within else None
    if hint is None:
        hint = did_you_mean(name, names, what=f"it has the {kind}s") or f"it has no {kind}"
    elif isinstance(hint, Hint):
        hint = meaning(name, f"{group}.{hint.meant}", names)
    if in_file and not isinstance(hint, Hint):
        return f"{hint}; `--params-extra ignore` lets a file have more"
    # As the file writes its names.
    return hint.replace("_", "-") if in_file and "-" in name else str(hint)
