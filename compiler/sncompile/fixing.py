"""Makes the fixes of diagnostics in the specs that somebody names, and in no other file.

A fix may uncover another fault, and fixes may overlap: so the specs are checked, what fits together is made, and the
specs are checked again, until nothing is left to make. All of it happens to texts; `write` puts them into their files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sncompile.api import Checked, check, check_opened
from sncompile.diagnostics import Diagnostic, Fix
from sncompile.diagnostics.fixes import compatible, edited
from sncompile.semantics.places import Places
from sncompile.semantics.program import Options

MOST_ROUNDS = 25
"""Fixes that uncover faults with fixes: nobody has that many layers of them."""


class Made(NamedTuple):
    """A fix that was made, of the diagnostic that told the fault."""

    diagnostic: Diagnostic
    fix: Fix


@dataclass(frozen=True)
class Fixed:
    """What fixing some specs comes to: the new texts of those that change, what was made, and what is left.

    `checked` is what the last check found of each spec, by the texts as they are now.
    """

    old: Mapping[Path, str]
    new: Mapping[Path, str]
    made: tuple[Made, ...]
    checked: tuple[Checked, ...]

    @property
    def changed(self) -> dict[Path, str]:
        """The new texts of the files that change."""
        return {path: text for path, text in self.new.items() if text != self.old[path]}


class Drafts(Places):
    """The texts of documents that are not written yet, by their paths without links."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = texts

    def text(self, path: Path) -> str | None:
        """The draft of a document, where there is one."""
        return self._texts.get(path)


def fix(specs: Sequence[str | Path], options: Options | None = None, *, unsafe: bool = False) -> Fixed:
    """Make the fixes of some specs, in memory. Only the specs themselves are changed, and no file that they use.

    Fixes that may mean something else than what was meant are made with `unsafe` alone. Never raises for a fault of a
    spec: one that cannot be read has nothing to fix.
    """
    options = options or Options()
    paths = [Path(spec) for spec in specs]
    old = {path.resolve(): text for path in paths if (text := _text_of(path)) is not None}
    new, made = dict(old), list[Made]()
    seen = {tuple(new.values())}
    checked = _checked(paths, new, options)
    for _ in range(MOST_ROUNDS):
        found = list(_to_make(checked, new, options, unsafe=unsafe))
        chosen = compatible(each.fix for each in found)
        tried = _with(new, chosen)
        if not chosen or tuple(tried.values()) in seen:
            break
        again = _checked(paths, tried, options)
        if _unreadable(again) > _unreadable(checked):
            break  # Nothing is worse than a text that was read before and is not now.
        seen.add(tuple(tried.values()))
        new, checked = tried, again
        made += [each for each in found if each.fix in chosen]
    return Fixed(old, new, tuple(made), checked)


def _text_of(path: Path) -> str | None:
    """The text of a file, with its line ends and its mark of encoding; None where it has none to edit."""
    try:
        return path.read_bytes().decode() if path.is_file() else None
    except (OSError, UnicodeDecodeError, ValueError):
        return None


def _checked(paths: Iterable[Path], texts: Mapping[Path, str], options: Options) -> tuple[Checked, ...]:
    places = Drafts(texts)
    found = []
    for path in paths:
        text = texts.get(path.resolve())
        opened = check(path, options) if text is None else check_opened(path, text, places, options, name=str(path))
        found.append(opened)
    return tuple(found)


def _to_make(
    checked: Iterable[Checked], texts: Mapping[Path, str], options: Options, *, unsafe: bool
) -> Iterable[Made]:
    """The first fix of each diagnostic that may be made, each once."""
    seen = set()
    for each in checked:
        for diagnostic in each.diagnostics:
            for fix in diagnostic.fixes:
                # One file may have two names: its path as given, and what a spec that uses it has messages call it.
                edits = tuple(
                    e._replace(span=e.span._replace(file=str(_path(e.span.file, options)))) for e in fix.edits
                )
                if all(Path(edit.span.file) in texts for edit in edits) and (fix.safe or unsafe):
                    if edits not in seen:
                        seen.add(edits)
                        yield Made(diagnostic, fix._replace(edits=edits))
                    break


def _path(name: str, options: Options) -> Path:
    """The file that messages call so."""
    return (options.invoked_from / name).resolve()


def _with(texts: Mapping[Path, str], fixes: Iterable[Fix]) -> dict[Path, str]:
    """The texts with fixes made, whose edits name files by their paths without links."""
    new = dict(texts)
    edits = [edit for fix in fixes for edit in fix.edits]
    for name in {edit.span.file for edit in edits}:
        new[Path(name)] = edited(new[Path(name)], [edit for edit in edits if edit.span.file == name])
    return new


def _unreadable(checked: Iterable[Checked]) -> int:
    """How many texts cannot be read as YAML: what is told of them begins with `SN0`."""
    return sum(any(d.code.startswith("SN0") for d in each.diagnostics) for each in checked)
