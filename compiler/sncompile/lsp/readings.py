"""What is read of documents, open ones and files: trees, documents, and the names in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sncompile.diagnostics import Diagnostic, Report
from sncompile.lsp.symbols import Home, ModuleOf, Occurrences, occurrences
from sncompile.lsp.texts import Text
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.locating import SUFFIXES, project_root
from sncompile.semantics.places import Places, is_record
from sncompile.syntax.document import Document, ModuleDoc, Named, PipelineDoc
from sncompile.syntax.nodes import Mapping as MappingNode
from sncompile.syntax.nodes import Node
from sncompile.syntax.parse import parse_tree
from sncompile.syntax.source import Source, decode, read_source
from sncompile.syntax.yaml import YamlError, parse_yaml

MAX_FILES = 2_000
"""Files of a folder that are looked through for documents."""
_PASSED_OVER = frozenset(("build", "node_modules", "__pycache__"))


class Superseded(Exception):  # No error: what is asked for has become something else.
    """The text that is looked at has changed since."""


class Opened(Places):
    """Texts that an editor has open stand for their files. `stop` says whether nobody waits for the result any more."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self.texts = texts
        self.stopped = False

    def text(self, path: Path) -> str | None:
        if self.stopped:
            raise Superseded
        return self.texts.get(path)


@dataclass(frozen=True)
class Reading:
    """A document as it was read: its tree, where the text is YAML, and what that makes, where it is a document."""

    path: Path
    source: Source
    tree: Node | None
    document: Document | None

    @property
    def kind(self) -> str:
        """`pipeline`, `module`, or nothing where the text does not say."""
        if isinstance(self.tree, MappingNode):
            return next((kind for kind in ("pipeline", "module") if self.tree.key(kind) is not None), "")
        return ""


def read_text(path: Path, text: str) -> Reading:
    """The reading of a text."""
    source = decode(str(path), path, text.encode("utf-8", "surrogatepass"))
    if isinstance(source, Diagnostic):
        return Reading(path, Source(str(path), path, text), None, None)
    try:
        tree, found = parse_yaml(source)
    except YamlError:
        return Reading(path, source, None, None)
    document, _ = parse_tree(source, tree, found)
    return Reading(path, source, tree, document)


@dataclass(frozen=True)
class Snapshot:
    """What is known of a document at a moment.

    `reading` is that of its text or, where that is no YAML just now, the last one that was. `modules` are the documents
    that its steps lead to, by their references; `#STEP` is that of a module which is written in a step.
    """

    path: Path
    text: Text
    reading: Reading
    names: Occurrences
    modules: Mapping[str, tuple[Home, Document]]
    version: int = 0

    @property
    def document(self) -> Document | None:
        """The document."""
        return self.reading.document

    @property
    def pipeline(self) -> PipelineDoc | None:
        """The document, if it is a pipeline."""
        return self.document if isinstance(self.document, PipelineDoc) else None

    @property
    def is_current(self) -> bool:
        """Whether places in the reading are those of the text."""
        return self.reading.source.text == self.text.text.replace("\r\n", "\n").removeprefix("\ufeff")

    def uses(self, path: Path) -> bool:
        """Whether a step leads to the document at a path."""
        return any(home.path == str(path) for home, _ in self.modules.values())

    @property
    def lacks_a_module(self) -> bool:
        """Whether a step leads to a document that is not there."""
        return any(self.module_of(name) is None for name in (self.pipeline.steps if self.pipeline is not None else ()))

    def module_of(self, step: str) -> tuple[Home, Document] | None:
        """The module that a step uses."""
        found = self.pipeline.steps.get(step) if self.pipeline is not None else None
        if found is None or found.module is None:
            return None
        return self.modules.get(found.module.name if isinstance(found.module, Named) else f"#{step}")


class Readings:
    """Reads documents, each once for every state of it."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[tuple[float, int], Reading]] = {}
        self._texts: dict[Path, Reading] = {}
        self._good: dict[Path, Reading] = {}
        self._snapshots: dict[Path, Snapshot] = {}

    def reading(self, path: Path, opened: Opened) -> Reading | None:
        """What the document at a path is now; None where there is none."""
        text = opened.text(path)
        if text is not None:
            known = self._texts.get(path)
            if known is None or known.source.text != text:
                known = self._texts[path] = read_text(path, text)
            return known
        try:
            status = path.stat()
        except (OSError, ValueError):
            return None
        stamp = (status.st_mtime, status.st_size)
        held = self._files.get(path)
        if held is not None and held[0] == stamp:
            return held[1]
        source = read_source(str(path), path)
        if isinstance(source, Diagnostic):
            return None
        made = read_text(path, source.text)
        self._files[path] = (stamp, made)
        return made

    def snapshot(self, path: Path, opened: Opened, version: int = 0) -> Snapshot | None:
        """What is known of a document now, with its modules. A text that is no YAML is what it was last."""
        now = self.reading(path, opened)
        if now is None:
            return None
        reading = now
        if now.tree is None:
            reading = self._good.get(path, now)
        else:
            good = self._good.get(path)
            if now.document is None and good is not None and good.kind == now.kind:
                # What names what is still known, while what is typed makes no document.
                reading = Reading(path, now.source, now.tree, good.document)
            elif now.document is not None:
                self._good[path] = now
        held = self._snapshots.get(path)
        modules = self._modules(reading, opened)
        if held is not None and _is_same(held, reading, modules):
            names = held.names
        else:
            find = _finder(modules)
            names = (
                occurrences(reading.tree, reading.source, str(path), find)
                if reading.tree is not None
                else Occurrences(())
            )
        made = Snapshot(path, Text(now.source.text), reading, names, modules, version)
        self._snapshots[path] = made
        return made

    def forget(self, path: Path) -> None:
        """Give up what is known of a text that is no longer open."""
        for held in (self._texts, self._good, self._snapshots):
            held.pop(path, None)

    def _modules(self, reading: Reading, opened: Opened) -> Mapping[str, tuple[Home, Document]]:
        document = reading.document
        if not isinstance(document, PipelineDoc):
            return {}
        library = Library(project_root(reading.path.parent), reading.path.parent, Report(), places=opened)
        found: dict[str, tuple[Home, Document]] = {}
        led: dict[str, None] = {}
        for name, step in document.steps.items():
            module = step.module
            if isinstance(module, ModuleDoc):
                found[f"#{name}"] = (Home(str(reading.path), name), module)
            elif module is not None and module.name not in led:
                led[module.name] = None
                target = library.locate(module, document.source, document.modules)
                inner = None if target is None else self.reading(target, opened)
                if target is not None and inner is not None:
                    held = inner.document or (self._good[target].document if target in self._good else None)
                    if held is not None:
                        found[module.name] = (Home(str(target), ""), held)
        return found


def _is_same(held: Snapshot, reading: Reading, modules: Mapping[str, tuple[Home, Document]]) -> bool:
    """Whether a snapshot has been made of the same documents."""
    if held.reading.tree is not reading.tree or held.reading.document is not reading.document:
        return False
    return held.modules.keys() == modules.keys() and all(held.modules[n][1] is modules[n][1] for n in modules)


def _finder(modules: Mapping[str, tuple[Home, Document]]) -> ModuleOf:
    return lambda reference: modules.get(reference.name)


def documents_below(folder: Path, texts: Mapping[Path, str]) -> Iterator[Path]:
    """The documents in a folder and those below, by their suffix and by what they say of themselves."""
    seen = 0
    for path in texts:
        yield path
    for place, folders, names in os.walk(folder):
        if is_record(names):
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _PASSED_OVER)
        for name in sorted(names):
            path = Path(place, name)
            if not name.endswith(SUFFIXES) or path in texts:
                continue
            seen += 1
            if seen > MAX_FILES:
                return
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    if "sncompile:" in file.read(4096):
                        yield path.resolve()
            except OSError:
                continue
