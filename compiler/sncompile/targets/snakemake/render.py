"""The workflow as text: code is laid out, and the template puts the pieces in their places."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING

from sncompile.ir.graph.model import BUILT
from sncompile.lazy_regex import regex
from sncompile.targets.snakemake.model import Directive, Rule, Sidecar, Workflow
from sncompile.targets.snakemake.python_code import Atom, Call, Code, Keyword, layout, listed, pattern, string
from sncompile.targets.snakemake.storage import PROVIDERS

if TYPE_CHECKING:
    from jinja2 import Environment

INLINE = frozenset(("threads", "retries", "priority", "localrule"))
"""Directives whose value stands on their own line."""
_NAMED = {"input", "output", "params", "resources", "wildcard_constraints"}
_METHODS = ("value", "values", "each")
"""Of the class `Table`, those that stand there only where somebody calls them."""


@cache
def environment() -> Environment:
    """The template environment. Nothing in a template is escaped: what it is given is code already."""
    from sncompile import template_files

    return template_files.environment("snakemake", keep_trailing_newline=True)


def directive_lines(directive: Directive) -> list[str]:
    """A directive with its entries, at the indent of a rule's body; none for what Snakemake does by itself."""
    if directive.name == "threads" and directive.entries[0].code == Atom("1"):
        return []
    if directive.name in INLINE:
        return layout(directive.entries[0].code, 4, prefix=f"{directive.name}: ", tail="")
    lines = [f"    {directive.name}:"]
    if directive.name in _NAMED:
        for entry in directive.entries:
            lines += layout(entry.code, 8, prefix=f"{entry.name}=" if entry.name else "")
        return lines
    # A single value, or for `shell` pieces of string that Python joins.
    for entry in directive.entries:
        lines += layout(entry.code, 8, tail="" if directive.name != "log" else ",")
    return lines


def rule_lines(rule: Rule) -> list[str]:
    """A rule with the comments above it."""
    lines = [f"# {line}".rstrip() for line in rule.comments]
    lines.append(f"{'checkpoint' if rule.checkpoint else 'rule'} {rule.name}:")
    for directive in rule.directives:
        lines += directive_lines(directive)
    if not rule.directives:
        lines.append("    input:")
        lines.append("        [],")
    return lines


def render_snakefile(workflow: Workflow, where: str) -> str:
    """The text of the Snakefile that is to stand at `where`, as seen from the folder that it is run from."""
    template = environment().get_template("Snakefile.j2")
    rules = ["\n".join(rule_lines(rule)) for rule in workflow.rules]
    late = any(sidecar.late is not None for sidecar in workflow.sidecars)
    return template.render(
        workflow=workflow,
        late=late,
        joined=any(sidecar.parts for sidecar in workflow.sidecars),
        methods=[name for name in _METHODS if late or any(f".{name}(" in rule for rule in rules)],
        tables=["\n".join(layout(_table(sidecar), 0, tail="")) for sidecar in workflow.sidecars],
        rules=rules,
        functions=set(workflow.functions),
        providers=_providers(workflow.providers),
        title=one_line(workflow.title),
        origin=_origin(workflow.spec),
        is_file=not workflow.spec.endswith(BUILT),
        beside_spec="/" not in workflow.spec,
        where=one_line(shlex.quote(where)),
    )


def _origin(spec: str) -> str:
    """What a pipeline was compiled from; one that was built in Python, or came by a pipe, stands in no file."""
    if not spec.endswith(BUILT):
        return one_line(spec)
    return "standard input" if spec == f"stdin{BUILT}" else "Python"


def _providers(used: Collection[str]) -> str:
    """The plugin of each scheme, as Python."""
    pairs = [f'"{scheme}": "{plugin}"' for scheme, plugin in PROVIDERS.items() if plugin in used]
    return "{" + ", ".join(pairs) + "}"


def _table(sidecar: Sidecar) -> Call:
    keys = listed([string(key) for key in sidecar.keys])
    chosen = (Keyword("key", keys),) if sidecar.keys else ()
    late = sidecar.late
    if sidecar.parts:
        parts = listed([Atom(variable) for variable in sidecar.parts])
        return Call(f"{sidecar.variable} = JoinedTable", (string(sidecar.name), *chosen, Keyword("parts", parts)))
    if late is None:
        return Call(f"{sidecar.variable} = Table", (string(sidecar.name), *chosen))
    more = [
        Keyword("source", string(late.checkpoint)),
        Keyword("port", string(late.output)),
        Keyword("own", listed([string(name) for name in late.own])),
        Keyword("pattern", pattern(late.pattern)),
        Keyword("columns", _mapping(late.columns)),
        Keyword("types", _mapping(late.types)),
        Keyword("within", listed([string(folder) for folder in late.within])),
    ]
    if late.names:
        more.append(Keyword("names", listed([string(name) for name in late.names])))
    if late.comment:
        more.append(Keyword("comment", string(late.comment)))
    return Call(f"{sidecar.variable} = LateTable", (string(sidecar.name), *chosen, *more))


def _mapping(names: Mapping[str, str]) -> Code:
    """Pairs of names: not every name of a column is one that Python takes for a keyword."""
    return listed([listed([string(name), string(value)]) for name, value in names.items()])


def one_line(text: str) -> str:
    """Text for a comment: on one line, without characters that would end it."""
    return "".join(c if c.isprintable() else " " for c in text)


def render_sidecar(sidecar: Sidecar) -> str:
    """A table as tab-separated text.

    Cells are quoted here and not by `csv`, whose writer leaves a lone carriage return bare that its reader then takes
    for the end of the row.
    """
    rows = (sidecar.columns, *sidecar.rows)
    text = "\n".join(map("\t".join, rows)) + "\n"
    # Nearly every table is plain: a sign within a cell would show as one more than those between the cells.
    plain = text.count("\n") == len(rows) and text.count("\t") == len(rows) * (len(sidecar.columns) - 1)
    if plain and '"' not in text and "\r" not in text and all(map(all, rows)):
        return text
    return "".join(map(_row, rows))


_SPECIAL = regex(r'[\t\n\r"]')


def _row(cells: tuple[str, ...]) -> str:
    return "\t".join(map(_cell, cells)) + "\n"


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if not text or _SPECIAL.search(text) else text
