"""Another name for a step, a parameter, a key or a port, wherever it stands, in all documents at hand.

Whether a new name serves is not guessed: the documents are checked as they would be, and a name with which they have
more errors than before is refused. Where a step has results already, `moved` says what it was called, so that they are
not made again.

Decision 0089.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic, Severity, Span
from sncompile.lazy_regex import regex
from sncompile.lsp.navigation import Spot, places
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import Kind, Occurrence
from sncompile.lsp.texts import Text
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.scope import RESERVED, UNREADABLE
from sncompile.syntax.document import ModuleDoc
from sncompile.syntax.nodes import Mapping as MappingNode
from sncompile.syntax.nodes import Scalar
from sncompile.syntax.nodes import Sequence as ListNode

RENAMED = frozenset(
    (Kind.STEP, Kind.PARAM, Kind.KEY, Kind.COLUMN, Kind.TABLE, Kind.INPUT, Kind.OUTPUT, Kind.LET, Kind.INFER)
)

_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_BY_KEYWORD = frozenset(("python", "script", "notebook"))


class CannotRename(Exception):
    """A name cannot be another one; says why."""


class Change(NamedTuple):
    """A stretch of a document that is replaced."""

    path: Path
    span: Span
    text: str


Check = Callable[[Path, Mapping[Path, str]], Sequence[Diagnostic]]
"""Checks a document, with texts in the place of files."""


def renamable(snapshot: Snapshot, line: int, column: int) -> Occurrence:
    """The name at a cursor. Raises `CannotRename` where there is none that could be another one."""
    if not snapshot.is_current:
        raise CannotRename("the text cannot be read as it is: mend it first")
    found = snapshot.names.at(line, column)
    if found is None or found.symbol.kind not in RENAMED:
        raise CannotRename("steps, parameters, keys, columns, tables, ports and values of `let` can be renamed")
    table, _, member = found.symbol.name.rpartition(".")
    declared = snapshot.pipeline.tables.get(table) if snapshot.pipeline is not None else None
    if found.symbol.kind is Kind.COLUMN and member == "path" and declared is not None and declared.glob is not None:
        raise CannotRename("`path` is the column of the files that a `glob` finds: it has no other name")
    if not snapshot.names.by_symbol[found.symbol] or not found.symbol.home.path:
        raise CannotRename("it is not known what this name belongs to")
    return found


def renamed(
    snapshot: Snapshot,
    others: Iterable[Snapshot],
    outcome: Outcome | None,
    found: Occurrence,
    name: str,
    check: Check,
) -> list[Change]:
    """What has to change so that the name at an occurrence is another one. Raises `CannotRename`."""
    if not _NAME.fullmatch(name) or name in UNREADABLE or (found.symbol.kind is not Kind.PARAM and name in RESERVED):
        raise CannotRename(f"`{name}` is no name: letters, digits and `_`, and no word of the language")
    others = list(others)
    by_path = {each.path: each for each in (snapshot, *others)}
    spots = [spot for spot, _ in places(found.symbol, by_path.values())]
    old = found.symbol.name.rpartition(".")[2]
    _check_homes(snapshot, found, by_path)
    moves = _moves(snapshot, outcome, found, old, name)
    changes = [*_changes(spots, by_path, old, name, keep=_former(snapshot) if moves else frozenset()), *moves]
    _check_result(by_path, changes, check, old, name)
    return changes


def _check_homes(snapshot: Snapshot, found: Occurrence, by_path: Mapping[Path, Snapshot]) -> None:
    home = found.symbol.home
    root = project_root(snapshot.path.parent)
    if not Path(home.path).is_relative_to(root):
        raise CannotRename(f"it belongs to `{home.path}`, which is no file of this project")
    owner = by_path.get(Path(home.path))
    if owner is None:
        raise CannotRename(f"`{home.path}` cannot be read")
    document = owner.document
    if home.step and owner.pipeline is not None:
        held = owner.module_of(home.step)
        document = held[1] if held is not None else None
    if (
        found.symbol.kind in (Kind.PARAM, Kind.INPUT, Kind.OUTPUT)
        and isinstance(document, ModuleDoc)
        and document.action in _BY_KEYWORD
    ):
        raise CannotRename(f"the code of the module takes it by this name (`{document.action}`): rename it there first")


def _changes(
    spots: Iterable[Spot], by_path: Mapping[Path, Snapshot], old: str, name: str, *, keep: frozenset[Span]
) -> list[Change]:
    found = []
    for spot in spots:
        if spot.span in keep:
            continue
        if by_path[spot.path].text.written(spot.span) != old:
            line = f"{spot.path.name}:{spot.span.line}"
            raise CannotRename(f"`{old}` is written in another way at {line}: write it plainly there first")
        found.append(Change(spot.path, spot.span, name))
    return found


def _former(snapshot: Snapshot) -> frozenset[Span]:
    """Where `moved` names steps: what they were called then stays as it is."""
    tree = snapshot.reading.tree
    moved = tree.get("moved") if isinstance(tree, MappingNode) else None
    items = moved.items if isinstance(moved, ListNode) else ()
    named = [item.get("to") for item in items if isinstance(item, MappingNode)]
    path = str(snapshot.path)
    spans = [each.span._replace(file=path) for each in named if isinstance(each, Scalar)]
    return frozenset(spans)


def _moves(snapshot: Snapshot, outcome: Outcome | None, found: Occurrence, old: str, name: str) -> list[Change]:
    """What `moved` has to say of a step whose results are there."""
    if found.symbol.kind is not Kind.STEP or outcome is None or not _has_results(outcome, old):
        return []
    tree = snapshot.reading.tree
    assert isinstance(tree, MappingNode)
    entry = f"{{from: {old}, to: {name}}}"
    span = _place_of_moves(snapshot.text, tree)
    if span is None:
        raise CannotRename(f"add `moved: [{entry}]` first: the step has results")
    moved = tree.get("moved")
    if isinstance(moved, ListNode):
        if span.column > 1 and snapshot.text.line(span.line)[span.column - 1 : span.column] == "]":
            return [Change(snapshot.path, span, f", {entry}" if moved.items else entry)]
        return [Change(snapshot.path, span, f"\n{' ' * (moved.span.column - 1)}- {entry}")]
    return [Change(snapshot.path, span, f"\nmoved:\n  - {entry}")]


def _place_of_moves(text: Text, tree: MappingNode) -> Span | None:
    """Where another entry of `moved` goes: before a closing bracket, or behind the last line of its section."""
    if text.line(tree.span.line)[tree.span.column - 1 : tree.span.column] == "{":
        return None
    moved = tree.get("moved")
    if moved is not None and not isinstance(moved, ListNode):
        return None
    if isinstance(moved, ListNode) and text.line(moved.span.line)[moved.span.column - 1 : moved.span.column] == "[":
        line, column = moved.span.end_line, moved.span.end_column - 1
        return Span("", line, column, line, column)
    section = "steps" if moved is None else "moved"
    keys = [key for key, _ in tree.entries]
    number = next((n for n, key in enumerate(keys) if key.text == section), len(keys) - 1)
    line = (keys[number + 1].span.line if number + 1 < len(keys) else len(text.lines) + 1) - 1
    while line > keys[number].span.line and (not text.line(line).strip() or text.line(line).startswith("#")):
        line -= 1
    column = len(text.line(line)) + 1
    return Span("", line, column, line, column)


def _has_results(outcome: Outcome, step: str) -> bool:
    """Whether something that a step writes is there."""
    program = outcome.program
    if program is None:
        return False
    if os.path.isdir(os.path.join(program.folder, program.workspace, step)):
        return True
    job = outcome.first_job(step)
    files = [file for held in (job.outputs.values() if job is not None else ()) for file in _listed(held)]
    return any(os.path.lexists(os.path.join(program.folder, file)) for file in files)


def _listed(files: str | Sequence[str]) -> Sequence[str]:
    return [files] if isinstance(files, str) else files


def applied(text: str, changes: Iterable[Change]) -> str:
    """A text with some changes, which do not overlap."""
    lines = text.split("\n")
    for change in sorted(changes, key=lambda each: each.span[1:], reverse=True):
        first, last = change.span.line - 1, change.span.end_line - 1
        before, after = lines[first][: change.span.column - 1], lines[last][change.span.end_column - 1 :]
        lines[first : last + 1] = (before + change.text + after).split("\n")
    return "\n".join(lines)


def _check_result(
    by_path: Mapping[Path, Snapshot], changes: Sequence[Change], check: Check, old: str, name: str
) -> None:
    """Refuse a name with which a document has errors that it has not now."""
    touched: dict[Path, list[Change]] = {}
    for change in changes:
        touched.setdefault(change.path, []).append(change)
    texts = {path: applied(by_path[path].text.text, found) for path, found in touched.items()}
    for path, snapshot in by_path.items():
        concerned = path in touched or any(Path(home.path) in touched for home, _ in snapshot.modules.values())
        if not concerned or snapshot.document is None:
            continue
        before = Counter(each.code for each in _errors(check(path, {})))
        for each in _errors(check(path, texts)):
            before[each.code] -= 1
            if before[each.code] < 0:
                where = f" ({path.name}:{each.span.line})" if each.span is not None else ""
                raise CannotRename(f"with `{name}` instead of `{old}`: {each.message}{where}")


def _errors(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [each for each in found if each.severity is Severity.ERROR]
