"""`data`: the named places that paths start from."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path

from sncompile.diagnostics import Report
from sncompile.faults import graph as faults
from sncompile.ir.language.encoding import no_option
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import STRING, UNKNOWN
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const, Value, is_constant
from sncompile.semantics.paths.ups import settled
from sncompile.semantics.scope import Members, Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import PipelineDoc


def root_values(
    doc: PipelineDoc, given: Mapping[str, str], folder: Path, working: Path, report: Report
) -> dict[str, Value]:
    """The data roots of a pipeline as seen from `folder`, that of the spec which is compiled; `given` replaces them.

    Relative ones start at the document's own folder, so that they move with the working folder as all paths do; each
    may use those declared before it. `working` is the folder that they are seen from in the end.
    """
    found: dict[str, Value] = {}
    source = doc.source
    prefix = os.path.relpath(source.folder, folder) if source.path is not None else "."
    for name, (named, template) in doc.data.items():
        if name in given:
            found[name] = Const(given[name], STRING, named.span)
            continue
        scope = Scope({"data": Members("the data roots before", dict(found), set())})
        value = Typer(scope, report).template(template)
        text = _constant_text(value)
        if text:
            relative = bool(template.parts) and isinstance(template.parts[0], str)
            found[name] = Const(clean_root(text, prefix if relative else ".", working), STRING, named.span)
            continue
        found[name] = Const(None, UNKNOWN, named.span)
        if value.type.base != "unknown":
            message = f"the data root `{name}` is no path"
            report.add(faults.BAD_ROOT.at(template.span, message, help="give a path, as one text"))
    return found


def _constant_text(value: Value) -> str | None:
    if value.type.base == "unknown" or not is_constant(value):
        return None
    try:
        text = Evaluator({}).constant(value)
    except ValueFault:
        return None
    return text if isinstance(text, str) and text and "\x00" not in text else None


def clean_root(text: str, prefix: str, working: Path) -> str:
    """A root as a plain path: no `./`, no double or final slash. A URL stays as it is but for its final slash."""
    if is_url(text):
        return text.rstrip("/")
    return no_option(settled(posixpath.join(prefix, text), working))


def workspace_of(data: Mapping[str, Value]) -> str:
    """The root that derived paths start from."""
    root = data.get("workspace")
    return root.value if isinstance(root, Const) and isinstance(root.value, str) else "results"
