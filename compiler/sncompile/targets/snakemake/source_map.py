"""The source map: from every rule and line of the Snakefile to its place in the YAML."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sncompile.diagnostics import Span
from sncompile.lowering.model import Lowered
from sncompile.targets.snakemake.model import Workflow
from sncompile.targets.snakemake.python_code import layout
from sncompile.targets.snakemake.render import INLINE, directive_lines

NAME = "Snakefile.map.json"


def source_map(workflow: Workflow, text: str, place: Callable[[Span], dict[str, Any]]) -> str:
    """The source map of a rendered Snakefile as JSON; `place` gives a span's file, line and column."""
    starts = {
        line.partition(" ")[2].removesuffix(":"): n
        for n, line in enumerate(text.split("\n"), 1)
        if line.startswith(("rule ", "checkpoint "))
    }
    rules: dict[str, Any] = {}
    lines: list[dict[str, Any]] = []
    for rule in workflow.rules:
        number = starts[rule.name]
        first = number
        lines.append({"line": number, **place(rule.span)})
        for directive in rule.directives:
            at, length = number + 1, len(directive_lines(directive))
            if not length:
                continue
            number += length
            if directive.name in INLINE:
                lines.append({"line": at, **place(directive.entries[0].span)})
                continue
            lines.append({"line": at, **place(rule.span)})
            for entry in directive.entries:
                at += 1
                lines.append({"line": at, "entry": f"{directive.name}.{entry.name}".rstrip("."), **place(entry.span)})
                at += len(layout(entry.code, 8, prefix=f"{entry.name}=" if entry.name else "")) - 1
        rules[rule.name] = {
            "step": rule.step,
            "lines": [first, number],
            **place(rule.span),
            "module": place(rule.module_span) if rule.module_span is not None else None,
            "marked": rule.step in workflow.marked,
        }
    told = {"version": 1, "spec": workflow.spec, "secrets": list(workflow.secrets), "rules": rules, "lines": []}
    head = json.dumps(told, indent=1, ensure_ascii=False).removesuffix("[]\n}")
    return f"{head}{_laid_out(lines)}\n}}\n"


def _laid_out(lines: list[dict[str, Any]]) -> str:
    """Flat objects as the last member of an object, with a line for each of their members: by `json`'s own `indent` it
    takes ten times as long, and there are a dozen of them for each rule."""
    text = json.dumps(lines, ensure_ascii=False, separators=(",\n   ", ": "))
    # No text in JSON has a line break in it: where one stands, an object or a member ends.
    members = text.removeprefix("[{").removesuffix("}]").replace("},\n   {", "\n  },\n  {\n   ")
    return f"[\n  {{\n   {members}\n  }}\n ]"


def place_from(lowered: Lowered, here: Path) -> Callable[[Span], dict[str, Any]]:
    """A function that names a span's file as seen from the working folder; what is not the project's own by what it is
    called everywhere."""
    names = dict(lowered.origins)

    def place(span: Span) -> dict[str, Any]:
        if span.file not in names:
            names[span.file] = os.path.relpath(os.path.abspath(here / span.file), lowered.folder)
        return {"file": names[span.file], "source_line": span.line, "column": span.column}

    return place
