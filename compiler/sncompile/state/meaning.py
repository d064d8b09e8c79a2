"""What a job does, as a digest that is the same wherever it is done and however it is written.

A digest has parts, so that who compares two of them can say what differs:

    command       the words, or the script without its comments; a port stands for its paths
    paths         what is read and written, by data root; what the outputs must be like
    files         the module's files and its conda environment, and what a function imports, in their normal form
    container     the image
    environment   the variables; of secret ones the names

What a job reads is no part of it: files are compared by what they hold. Titles, tags, and when, where and with how much
a job runs are no part of it either, except an amount that the command itself takes.

No part depends on how the compiler holds a value. A word may be a constant of one family and, once a pass has merged it
with others, a column of another: what counts is the text that this job has.
"""

from __future__ import annotations

import hashlib
import json
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from sncompile.ir.fields import Role, declared
from sncompile.ir.graph.files import ModuleFile as Shipped
from sncompile.ir.graph.model import Family
from sncompile.ir.jobs.words import as_arguments
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import to_text
from sncompile.lowering.expressions import Varying, everything, expression_text
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Amount, Cell, Constant, Given, Key, Late, ModuleFile, Object, Piece, Port, Word
from sncompile.state import forms
from sncompile.state.imports import Imports, functions_of
from sncompile.state.places import Places

PARTS = ("command", "paths", "files", "container", "environment")
"""The parts of a digest, in their order."""

VERSION = 1
"""Goes into every digest; change it whenever the same job would have another."""

# No text of a spec holds a NUL, so that nothing can be mistaken for one of these.
_WORD, _ITEM, _PORT, _FILE, _LATE, _MEMBER, _LIST = (f"\0{sign}\0" for sign in "wipflms")

Texts = Sequence[str] | str
"""A text for each job, or the one text that all have."""


class Meaning(NamedTuple):
    """The digest of a job, part by part."""

    command: str
    paths: str
    files: str
    container: str
    environment: str

    def __str__(self) -> str:
        return ".".join(self)

    @staticmethod
    def differing(one: str, other: str) -> list[str]:
        """The parts in which two digests differ, as they are kept."""
        ours, theirs = one.split("."), other.split(".")
        if len(ours) != len(theirs) or len(ours) != len(PARTS):
            return list(PARTS)
        return [name for name, mine, its in zip(PARTS, ours, theirs, strict=True) if mine != its]


class Meanings:
    """The digests of a pipeline's jobs."""

    def __init__(self, files: Mapping[str, Shipped], places: Places) -> None:
        self._files, self._places = files, places
        self._imports = Imports(places.folder)
        self._called: dict[str, str] = {}
        self._forms: dict[tuple[str, ...], str] = {}

    def of(self, task: Task) -> list[str]:
        """The digest of every job of a task. Raises `OSError` for a file of a module that cannot be read."""
        size = len(task)
        words = _Texts(task, self._form)
        parts: list[Texts] = [
            self._digests(_joined([*words.command(), *_others(task)], size), told=True),
            self._paths(task),
            self._digests(_joined([self._files_of(task), *self._functions(task)], size), told=False),
            self._digests(_joined(words.piece(task.image) if task.image is not None else [], size), told=False),
            self._digests(_joined(words.environment(), size), told=True),
        ]
        columns = [[part] * size if isinstance(part, str) else part for part in parts]
        return [".".join(each) for each in zip(*columns, strict=True)]

    def _form(self, emitted: str) -> str:
        return self._form_of((emitted,))

    def _files_of(self, task: Task) -> str:
        """The form of a task's files, all together. An executed notebook that is kept holds all of the notebook."""
        kept = any(path.endswith(".ipynb") for o in task.outputs.values() for paths in o.paths[:1] for path in paths)
        return f"{self._form_of(task.files)}{self._raw(task.files) if kept else ''}"

    def _form_of(self, emitted: tuple[str, ...]) -> str:
        if emitted not in self._forms:
            # What a file is called is seen by nobody but itself.
            held = {f"{number}/{PurePath(name).name}": self._files[name].read() for number, name in enumerate(emitted)}
            self._forms[emitted] = forms.form_digest(held)
        return self._forms[emitted]

    def _raw(self, emitted: tuple[str, ...]) -> str:
        return _digest("\0".join(hashlib.sha256(self._files[name].read()).hexdigest() for name in emitted))

    def _functions(self, task: Task) -> list[Texts]:
        """The forms of the user's own files that the task's functions run."""
        found: list[Texts] = []
        for called in functions_of(task):
            if isinstance(called, ModuleFile):
                imported = self._imports.of_text(self._files[called.name].read())
                found += [self._form_here(imported)] if imported else []
            else:
                found.append(self._function(called) if isinstance(called, str) else list(map(self._function, called)))
        return found

    def _function(self, called: str) -> str:
        if called not in self._called:
            self._called[called] = self._form_here(self._imports.of(called))
        return self._called[called]

    def _form_here(self, names: Sequence[str]) -> str:
        """The form of files of the working folder, all together."""
        held = {}
        for file in names:
            try:
                held[file] = Path(self._places.folder, file).read_bytes()
            except OSError as error:
                held[file] = f"?{error.errno}".encode()  # Its job will say it.
        return forms.form_digest(held)

    def _digests(self, held: Texts, *, told: bool) -> Texts:
        name = self._places.told if told else str
        if isinstance(held, str):
            return _digest(name(held))
        return [_digest(name(text)) for text in held]

    def _paths(self, task: Task) -> Texts:
        """Digests of what jobs read and write."""
        known: dict[int, str] = {}
        name = self._places.name

        def listed(paths: tuple[str, ...] | None) -> str:
            if paths is None:
                return "-"
            # A list that many jobs share is one object.
            if id(paths) not in known:
                known[id(paths)] = _digest("\0".join(map(name, paths)))
            return known[id(paths)]

        checks = sorted(map(list, task.checks))
        kinds = [[p, i.base, i.many] for p, i in sorted(task.inputs.items())]
        kinds += [[p, o.base, o.many, o.optional, o.create] for p, o in sorted(task.outputs.items())]
        fixed = json.dumps([VERSION, checks, kinds])
        columns: list[Sequence[tuple[str, ...] | None]] = [i.paths for _, i in sorted(task.inputs.items())]
        columns += [o.paths for _, o in sorted(task.outputs.items())]
        if not columns:
            return _digest(fixed)
        named = [self._named(paths, listed) for paths in columns]
        return [_digest(fixed + "\0".join(each)) for each in zip(*named, strict=True)]

    def _named(
        self, paths: Sequence[tuple[str, ...] | None], listed: Callable[[tuple[str, ...] | None], str]
    ) -> Iterable[str]:
        """What the files of a port are called, for each job."""
        if all(map(_is_one, paths)):
            return self._places.names([each[0] for each in paths])  # type: ignore[index]
        name = self._places.name
        return [name(each[0]) if each and len(each) == 1 else listed(each) for each in paths]


def _is_one(paths: tuple[str, ...] | None) -> bool:
    return paths is not None and len(paths) == 1


_BY_ITS_PART = ("conda", "success", "inputs", "outputs")
"""What is said of a task, decides what it writes, and has a place of its own in a digest: with files, with paths."""


def _others(task: Task) -> list[str]:
    """What else is declared as deciding what jobs write (`ir/fields.py`), as a text; nothing where nothing is said."""
    deciding = {each.title for each in declared(Family).values() if each.role is Role.IDENTITY}.difference(_BY_ITS_PART)
    said = {name: held for name, held in task.settings.items() if name in deciding}
    return [f"{_MEMBER}{json.dumps(said, sort_keys=True)}"] if said else []


def _digest(text: str) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).digest()
    return b2a_base64(digest, newline=False).decode("ascii")


def _joined(pieces: Sequence[Texts], size: int) -> Texts:
    """Texts one after the other, as one."""
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)  # type: ignore[arg-type]
    columns = [[piece] * size if isinstance(piece, str) else piece for piece in pieces]
    return list(map("".join, zip(*columns, strict=True)))


def _where(texts: Texts, there: Sequence[bool]) -> Texts:
    """Texts of the jobs that have them; nothing for others."""
    if all(there):
        return texts
    columns = [texts] * len(there) if isinstance(texts, str) else texts
    return [text if has else "" for text, has in zip(columns, there, strict=True)]


class _Texts:
    """The words of a task as texts."""

    def __init__(self, task: Task, form: Callable[[str], str]) -> None:
        self._task, self._form = task, form

    def command(self) -> list[Texts]:
        task = self._task
        if task.command is not None:
            found = [text for word in task.command for text in self.word(word)]
        else:
            found = self._script()
        # Where a list file lies says nothing, so that it may move; what stands in it does.
        for name, listed in task.lists.items():
            found += [f"{_LIST}{name}\0{listed.ended_by}", *(text for word in listed.words for text in self.word(word))]
        return found

    def _script(self) -> list[Texts]:
        """The script, of which comments do not count; a word in a comment is none."""
        parts = self._task.script or ()
        numbered = [part if isinstance(part, str) else f"\0{number}\0" for number, part in enumerate(parts)]
        found: list[Texts] = []
        for number, text in enumerate(forms.script_form("".join(numbered)).split("\0")):
            if number % 2 == 0:
                found.append(text)
                continue
            for word in parts[int(text)]:
                found += self.word(word)  # type: ignore[arg-type]
        return found

    def environment(self) -> list[Texts]:
        found: list[Texts] = []
        for variable in sorted(self._task.variables, key=lambda each: each.name):
            found.append(f"{_MEMBER}{variable.name}")
            if variable.value is not None:
                found += self.word(variable.value)
        return found

    def word(self, word: Word) -> list[Texts]:
        if not word.each:
            return [_WORD, *(text for piece in word.pieces for text in self.piece(piece))]
        # As many words as there are items, as where they are written out.
        start = f"{_WORD}{word.before}{_WORD}" if word.before else f"{_WORD}{word.lead}" if word.lead else _WORD
        piece = word.pieces[0]
        if isinstance(piece, Cell):
            cells = self._task.columns[piece.column].cells
            if word.meant:
                meant = _joined([text for each in word.meant for text in self.word(each)], len(cells))
                return [_where(meant, [bool(as_arguments(cell)) for cell in cells])]
            return [["".join(f"{start}{item}" for item in as_arguments(cell)) for cell in cells]]
        if isinstance(piece, Port) and piece.space == "inputs":
            # What is absent for all jobs is no word at all.
            there = [bool(paths) for paths in self._task.inputs[piece.name].paths]
            return [_where(_joined([start, *self.piece(piece)], len(there)), there)]
        return [start, *self.piece(piece)]

    def piece(self, piece: Piece) -> list[Texts]:
        """What a piece is for each job."""
        task = self._task
        match piece:
            case Constant():
                return [piece.text]
            case Key():
                place = task.by.index(piece.name)
                values = [key[place] for key in task.keys]
                return [list(map(encode_key, values)) if piece.encoded else values]
            case Cell():
                return [["" if cell is None else to_text(cell) for cell in task.columns[piece.column].cells]]
            case Port():
                return [f"{_PORT}{piece.space}.{piece.name}\0"]
            case ModuleFile():
                return [f"{_FILE}{piece.name.rpartition('/')[2]}\0{self._form(piece.name)}\0"]
            case Amount():
                return self.piece(task.resources[piece.resource])
            case Given():
                return [_json(piece.value)]
            case Object():
                return [text for name, held in sorted(piece.members) for text in self._member(name, held)]
            case Late():
                return self._late(piece)

    def _member(self, name: str, held: Piece) -> Iterator[Texts]:
        yield f"{_MEMBER}{name}\0"
        if isinstance(held, Cell):
            yield list(map(_json, self._task.columns[held.column].cells))
        elif isinstance(held, Constant):
            yield _json(held.text)
        else:
            yield from self.piece(held)

    def _late(self, piece: Late) -> list[Texts]:
        found: list[Texts] = [f"{_LATE}{expression_text(piece.expression)}\0"]
        for each in everything(piece.expression):
            if isinstance(each, Varying):
                found += [_ITEM, list(map(_json, self._task.columns[each.column].cells))]
        return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
