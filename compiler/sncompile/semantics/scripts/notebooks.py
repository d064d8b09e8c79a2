"""Looks at the notebook of a module without running it: whether papermill can run it, and hand it what it is given.

Papermill puts a cell with the values after the first cell that is tagged `parameters`, whose own values they replace.
Without such a cell it puts them before all others, where whatever the notebook sets itself wins in silence.

Decision 0052.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Span, nearest
from sncompile.diagnostics import Related as Place
from sncompile.faults import names as faults
from sncompile.ir.graph.files import read_settled
from sncompile.lazy_regex import regex

MAX_BYTES = 64 * 2**20
"""Larger notebooks are refused; what makes them large is the output of an earlier run."""

FORM = 4
"""The version of the form of notebooks that papermill and today's Jupyter write."""

_TAG = "parameters"
_INJECTED = "injected-parameters"
_HOW = "in Jupyter: select the cell that sets them, and add the tag `parameters` (View → Right Sidebar → Cell Tags)"
_SAVE = "open it in Jupyter, choose a kernel (Kernel → Change Kernel), and save it"

# What IPython takes beside Python: a line for a magic or the shell, alone or as a value, and a question.
_MAGIC = regex(r"(?m)^([ \t]*)[%!?].*$|^([ \t]*[^\n#=]+=[ \t]*)[%!].*$|^([ \t]*)[\w.]+\?\??[ \t]*$")


class Notebook(NamedTuple):
    """What a notebook says of itself: its kernel, its language, and its cells in order."""

    kernel: str
    language: str
    cells: tuple[Mapping[str, Any], ...]


class NotebookError(ValueError):
    """A file that is no notebook; `line` and `column` are where, from 1."""

    def __init__(self, message: str, help: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.help, self.line, self.column = help, line, column


def read_notebook(path: Path) -> Notebook:
    """The notebook in a file, by its path without links. Raises `NotebookError`, and `OSError`."""
    if path.stat().st_size > MAX_BYTES:
        hint = f"clear its outputs: `jupyter nbconvert --clear-output --inplace {path.name}`"
        raise NotebookError(f"it is larger than {MAX_BYTES // 2**20} MB", hint)
    found = _json(read_settled(path))
    cells = found.get("cells") if isinstance(found, dict) else None
    form = found.get("nbformat") if isinstance(found, dict) else None
    if isinstance(form, int) and form < FORM:
        hint = f"bring it up to date: `jupyter nbconvert --to notebook --inplace {path.name}`, and tag its parameters"
        raise NotebookError(f"it has version {form} of the form of notebooks, not {FORM}", hint)
    if form != FORM or not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError("it is no notebook, which has `nbformat: 4` and a list of `cells`", "save it in Jupyter")
    about = _mapping(found, "metadata")
    kernel, language = _mapping(about, "kernelspec"), _mapping(about, "language_info")
    return Notebook(_text(kernel, "name"), _text(language, "name") or _text(kernel, "language"), tuple(cells))


def _json(data: bytes) -> Any:
    hint = "open it in Jupyter, and save it again"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotebookError("it is not UTF-8", hint, data.count(b"\n", 0, error.start) + 1) from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(f"it is not JSON: {error.msg}", hint, error.lineno, error.colno) from None
    except (ValueError, RecursionError):
        raise NotebookError("it holds a number, or a depth, that no notebook has", hint) from None


def _mapping(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _text(holder: Mapping[str, Any], name: str) -> str:
    found = holder.get(name)
    return found if isinstance(found, str) else ""


def check_notebook(path: Path, shown: str, given: Collection[str], span: Span, report: Report) -> None:
    """Tell why a notebook cannot run, or would not heed what it is `given` by name. `span` is where a module names it,
    `shown` what it is called in messages."""
    related = (Place("the notebook is named here", span),)
    try:
        notebook = read_notebook(path)
    except NotebookError as error:
        at = Span(shown, error.line, error.column, error.line, error.column)
        report.add(
            faults.BAD_NOTEBOOK.at(at, f"`{path.name}` cannot be used: {error}", help=error.help, related=related)
        )
        return
    except OSError as error:
        message = f"`{path.name}` cannot be read: {error.strerror}"
        report.add(faults.BAD_NOTEBOOK.at(span, message, help="see who may read it"))
        return
    for lacking, what in ((notebook.kernel, "kernel"), (notebook.language if given else "-", "language")):
        if not lacking:
            report.add(faults.NO_KERNEL.at(span, f"`{path.name}` names no {what} to run it", help=_SAVE))
            break
    if given:
        report.extend(_of_parameters(notebook, path.name, given, span))


def _of_parameters(notebook: Notebook, name: str, given: Collection[str], span: Span) -> Iterator[Diagnostic]:
    tags = [_tags(cell) for cell in notebook.cells]
    start = next((n for n, found in enumerate(tags) if _TAG in found), None)
    injected = next((n for n, found in enumerate(tags) if _INJECTED in found), None)
    if start is None and injected is None:
        told = ", ".join(f"`{n}`" for n in sorted(given)[:3]) + (", …" if len(given) > 3 else "")
        message = f"`{name}` has no cell with the tag `parameters`, so what it sets itself may win over {told}"
        yield faults.NO_PARAMETERS_CELL.at(span, message, help=_HOW)
        return
    if notebook.language.lower() != "python":
        return  # What other languages set is not seen.
    for what, names, hint in _unheeded(notebook, start, injected, given):
        many = ", ".join(f"`{n}`" for n in names)
        yield faults.UNHEEDED_PARAMETER.at(
            span, f"the cell with the tag `parameters` of `{name}` {what} {many}", help=hint
        )


def _unheeded(
    notebook: Notebook, start: int | None, injected: int | None, given: Collection[str]
) -> Iterator[tuple[str, list[str], str]]:
    """What the tagged cell does not set; and what a later one sets anew, by itself and not from what it was."""
    if start is not None:
        tagged = _set_by(notebook.cells[start])
        lacking = sorted(set(given) - tagged) if tagged is not None else []
        if lacking:
            near = nearest(lacking[0], (tagged or set()) - set(given))
            hint = f"did you mean `{near}`? " if near is not None else ""
            hint += f"set each to a value that serves while the notebook is written: `{lacking[0]} = None`"
            yield "does not set", lacking, hint
    place = injected if injected is not None else start
    later = notebook.cells[place + 1 :] if place is not None else ()
    again = {name for cell in later for name in (_constants_of(cell) & set(given))}
    if again:
        hint = "set them in that cell alone, whose values papermill replaces"
        yield "comes before a cell that sets again", sorted(again), hint


def _tags(cell: Mapping[str, Any]) -> Collection[str]:
    tags = _mapping(cell, "metadata").get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _tree(cell: Mapping[str, Any]) -> ast.Module | None:
    """The code of a cell, parsed and never run; None for one that is no Python."""
    source = cell.get("source")
    text = "".join(map(str, source)) if isinstance(source, list) else source
    if cell.get("cell_type") != "code" or not isinstance(text, str) or text.lstrip().startswith("%%"):
        return None
    for code in (text, _MAGIC.sub(_without_magic, text)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Such as of a backslash in a text: they are the notebook's matter.
                return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _without_magic(match: re.Match[str]) -> str:
    return f"{match[2]}None" if match[2] is not None else f"{match[1] or match[3] or ''}pass"


def _set_by(cell: Mapping[str, Any]) -> set[str] | None:
    """The names that a cell sets, or brings in; None where that cannot be seen."""
    tree = _tree(cell)
    if tree is None:
        return None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                return None
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def _constants_of(cell: Mapping[str, Any]) -> set[str]:
    """The names that a cell sets at its top to what is written there, whatever they were."""
    tree = _tree(cell)
    found: set[str] = set()
    for node in tree.body if tree is not None else ():
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if value is None or any(isinstance(inner, ast.Name) for inner in ast.walk(value)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]
        names = [inner for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]
        found |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return found
