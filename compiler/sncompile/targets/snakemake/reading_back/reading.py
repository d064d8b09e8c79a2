"""An emitted Snakefile → its rules as Python's parser sees them, without running any of it.

Only what the template can write is read. Anything else is `Unreadable`, which says the line.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from sncompile.lazy_regex import regex

_RULE = regex(r"(?:rule|checkpoint) (\w+):")
_BLOCK = regex(r"(envvars|wildcard_constraints|storage):")
_DIRECTIVE = regex(r"    (\w+):(?: (.*))?")


class Unreadable(Exception):
    """Text that is no Snakefile of ours; the message says where."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What stands under a directive: values without a name, and with one."""

    plain: tuple[ast.expr, ...] = ()
    named: Mapping[str, ast.expr] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule with its directives by name."""

    name: str
    directives: Mapping[str, Arguments]

    def directive(self, name: str) -> Arguments:
        """What stands under a directive; nothing where the rule has none."""
        return self.directives.get(name, Arguments())


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A Snakefile: its rules in order, its tables (variable → file name and key columns), constraints of wildcards."""

    rules: Mapping[str, ReadRule]
    tables: Mapping[str, tuple[str, tuple[str, ...]]]
    constraints: Mapping[str, str]
    late: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of tables that a checkpoint writes: their columns, and what these are called in the spec."""
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of tables whose rows are those of others put together: the variables of these."""
    checkpoints: frozenset[str] = frozenset()


def read_snakefile(text: str) -> ReadFile:
    """Raises `Unreadable`."""
    header: list[str] = []
    found: list[tuple[str, str, list[str]]] = []
    """Of each directive the rule (empty for a block of its own), its name and its lines."""
    rules: list[str] = []
    checkpoints: set[str] = set()
    rule, lines = "", header
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.startswith((" ", "#")):
            rule, lines = "", header
            if match := _RULE.fullmatch(line):
                rule = match[1]
                rules.append(rule)
                if line.startswith("checkpoint "):
                    checkpoints.add(rule)
                lines = []
                continue
            if match := _BLOCK.fullmatch(line):
                lines = []
                found.append(("", match[1], lines))
                continue
        elif rule and (match := _DIRECTIVE.fullmatch(line)):
            lines = [match[2] or ""]
            found.append((rule, match[1], lines))
            continue
        elif rule and line.startswith("    ") and not line.startswith("     "):
            raise Unreadable(f"line {number} is no part of a rule")
        lines.append(line)
    if len(set(rules)) != len(rules):
        raise Unreadable("two rules have one name")
    directives: dict[str, dict[str, Arguments]] = {name: {} for name in rules}
    blocks: dict[str, Arguments] = {}
    calls = _parsed("".join(f"_(\n{chr(10).join(own)}\n)\n" for _, _, own in found)).body
    if len(calls) != len(found):
        raise Unreadable("a directive is more than its values")
    for (owner, name, _), statement in zip(found, calls, strict=True):
        arguments = _arguments(statement)
        target = directives[owner] if owner else blocks
        if name in target:
            raise Unreadable(f"`{name}` stands twice in `{owner}`")
        target[name] = arguments
    constraints = {name: _text(value) for name, value in blocks.get("wildcard_constraints", Arguments()).named.items()}
    top = _parsed("\n".join(header))
    return ReadFile(
        {name: ReadRule(name, found) for name, found in directives.items()},
        dict(_tables(top)),
        constraints,
        dict(_late(top)),
        dict(_joined(top)),
        frozenset(checkpoints),
    )


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        shown = (getattr(error, "text", None) or "").strip()
        raise Unreadable(f"no Python: {shown[:200] or error}") from None


def _arguments(statement: ast.stmt) -> Arguments:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        raise Unreadable("a directive without values")
    call = statement.value
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    if len(named) != len(call.keywords):
        raise Unreadable("a name stands twice, or is spread out")
    return Arguments(tuple(call.args), named)


def _text(value: ast.expr) -> str:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    raise Unreadable("no text where one should stand")


_KINDS = ("Table", "LateTable", "JoinedTable")


def _late(header: ast.Module) -> list[tuple[str, dict[str, str]]]:
    """The tables that checkpoints write, with their columns."""
    found = []
    for statement in header.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="LateTable")) as call):
                columns = next(k.value for k in call.keywords if k.arg == "columns")
                pairs = columns.elts if isinstance(columns, ast.List) else []
                if not isinstance(columns, ast.List) or not all(isinstance(pair, ast.List) for pair in pairs):
                    raise Unreadable("no columns where they should stand")
                told = [[_text(text) for text in pair.elts] for pair in pairs if isinstance(pair, ast.List)]
                found.append((name, dict(told)))
    return found


def _joined(header: ast.Module) -> list[tuple[str, tuple[str, ...]]]:
    """The tables that are put together, with their parts."""
    found = []
    for statement in header.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="JoinedTable")) as call):
                parts = next((k.value for k in call.keywords if k.arg == "parts"), None)
                names = (
                    [each.id for each in parts.elts if isinstance(each, ast.Name)]
                    if isinstance(parts, ast.List)
                    else []
                )
                found.append((name, tuple(names)))
    return found


def _tables(header: ast.Module) -> list[tuple[str, tuple[str, tuple[str, ...]]]]:
    found = []
    for statement in header.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            call, target = statement.value, statement.targets[0]
            if isinstance(call.func, ast.Name) and call.func.id in _KINDS and isinstance(target, ast.Name):
                key = next((k.value for k in call.keywords if k.arg == "key"), None)
                names = tuple(_text(name) for name in key.elts) if isinstance(key, ast.List) else ()
                found.append((target.id, (_text(call.args[0]), names)))
    return found
