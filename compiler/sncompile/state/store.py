"""The state of a data root: of every job whose results lie there, how it was made.

A job is known by the first file that it writes, relative to the root, and so by its results and not by what the spec
calls it. Paths of files outside of the root are relative to it too: a project that has moved as a whole is known again.

Decision 0058.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, starmap
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.lazy_regex import regex
from sncompile.state.log import FORMAT, Log, Row, read_rows, write_whole
from sncompile.state.versions import Stamp

T = TypeVar("T")

FOLDER = "state"

MANY = 8
"""A list of more versions is kept once, by name, as many jobs may read it."""

_NO_NAMES = ("", ".", "..")

_KEPT_FILES = 4
"""So many files of ended runs may lie there before they are made one."""


class Done(NamedTuple):
    """How a job was made that ended well: versions of its inputs and outputs, when (seconds since 1970), how long."""

    digest: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    ended: float
    seconds: float


class Measured(NamedTuple):
    """What was measured of a job when it last ended well, beside its time.

    The most memory that it held, in megabytes (None where nobody measured it), and the bytes of each of its outputs;
    -1 for one that nobody knows of.
    """

    memory: float | None
    sizes: Sequence[int]


class Made(NamedTuple):
    """Whose job it is: the pipeline that had it last, and all files that it wrote, by their names in the root."""

    pipeline: str
    outputs: tuple[str, ...]


@dataclass(slots=True)
class State:
    """What the files of a root say. `stamps` are by absolute path.

    `root` is the real path; `spelled` is the one by which the pipeline has it, where that leads through a link.
    """

    root: str
    spelled: str = ""
    jobs: dict[str, Done] = field(default_factory=dict)
    measures: dict[str, Measured] = field(default_factory=dict)
    """Of jobs whose memory was measured, and of those whose outputs' versions do not say how large they are."""
    stamps: dict[str, Stamp] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    """Of jobs that ended well in a run, and are no marks alone."""
    put_off: set[str] = field(default_factory=set)
    """The jobs whose temporary outputs wait to be deleted."""
    begun: set[str] = field(default_factory=set)
    """The jobs that began when they last ran, and have not ended well: they failed, or were stopped."""
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    generation: int = 0
    rows: int = 0
    """How many jobs and stamps were read, those that later ones undo among them."""
    lines: int = 0
    """In how many lines they stood; a list that is kept once has one of its own in any case."""

    def name(self, path: str) -> str:
        """What an absolute path is called here."""
        start = self.start
        return path[len(start) :] if path.startswith(start) else os.path.relpath(path, start)

    @property
    def start(self) -> str:
        """What the paths of files in the root begin with."""
        return f"{(self.spelled or self.root).rstrip('/')}/"

    def take(self, row: Row) -> None:
        """Take a row in. One that makes no sense is passed over."""
        self.lines += row[0] != "s"
        try:
            match row:
                case ["j", keys, digests, inputs, outputs, ended, seconds]:
                    self._take_jobs(_all(keys, str), _all(digests, str), inputs, outputs, ended, seconds)
                case ["f", names, sizes, times, changes, inodes, versions]:
                    columns = (*(_all(held, int) for held in (sizes, times, changes, inodes)), _all(versions, str))
                    stamps = list(zip(*columns, strict=True))
                    self.stamps.update(zip(self._paths(_all(names, str), len(stamps)), stamps, strict=True))
                    self.rows += len(names)
                case ["m", keys, memory, sizes]:
                    told = (_all(memory, int, float, type(None)), [tuple(_all(each, int)) for each in sizes])
                    measures = starmap(Measured, zip(*told, strict=True))
                    self.measures.update(dict(zip(_all(keys, str), measures, strict=True)))
                    self.rows += len(keys)
                case ["o", str(pipeline), keys, outputs]:
                    _all(list(chain.from_iterable(_all(outputs, list))), str)
                    told_of = [Made(pipeline, tuple(names)) for names in outputs]
                    self.made.update(dict(zip(_all(keys, str), told_of, strict=True)))
                    self.rows += len(keys)
                case ["x" | "d" as what, keys]:
                    for key in _all(keys, str):
                        self.jobs.pop(key, None)
                        self.put_off.discard(key)
                        (self.begun.add if what == "x" else self.begun.discard)(key)
                        self.rows += 1
                case ["t", keys, waits]:
                    for key, wait in zip(_all(keys, str), _all(waits, bool), strict=True):
                        (self.put_off.add if wait else self.put_off.discard)(key)
                        self.rows += 1
                case ["s", str(name), versions]:
                    self.lists[name] = tuple(_all(versions, str))
        except (KeyError, TypeError, ValueError, OverflowError):
            return

    def _take_jobs(
        self, keys: list[str], digests: list[str], inputs: Any, outputs: Any, ended: Any, seconds: Any
    ) -> None:
        versions = (self._versions(inputs), self._versions(outputs))
        done = zip(digests, *versions, _all(ended, int, float), _all(seconds, int, float), strict=True)
        self.jobs.update(dict(zip(keys, starmap(Done, done), strict=True)))
        self.begun.difference_update(keys)
        self.rows += len(keys)

    def _versions(self, told: Any) -> Sequence[Sequence[str]]:
        """The versions of the files of each job. Raises `KeyError`, `TypeError`."""
        if set(map(type, _all(told, list, str))) == {list}:
            _all(list(chain.from_iterable(told)), str)
            return told  # type: ignore[no-any-return]
        return [self.lists[each[1:]] if isinstance(each, str) else _all(each, str) for each in told]

    def _paths(self, names: list[str], size: int) -> list[str]:
        """The absolute paths of so many files by their names here; those outside of the root begin with `..`."""
        if len(names) != size:
            raise ValueError
        start = self.start
        folders: dict[str, str] = {}
        found = []
        for name in names:
            if name[:2] != "..":
                found.append(start + name)
                continue
            folder, _, last = name.rpartition("/")
            if folder not in folders:
                folders[folder] = os.path.normpath(start + folder).rstrip("/")
            found.append(f"{folders[folder]}/{last}" if last not in _NO_NAMES else os.path.normpath(start + name))
        return found


def _all(held: Any, *kinds: type) -> list[Any]:
    """A list whose items are all of some types. Raises `TypeError`."""
    if not isinstance(held, list) or not set(map(type, held)) <= set(kinds):
        raise TypeError
    return held


def folder_of(root: str) -> Path:
    """Where the state of a root is kept."""
    return Path(root, OWN_FOLDER, FOLDER)


def read_state(root: str, spelled: str = "") -> State:
    """What is known of the jobs of a root; nothing where there is no state. A file that cannot be read says nothing."""
    for _ in range(_TRIES):
        state = State(root, spelled)
        gone = False
        for path in _files(root):
            state.generation = max(state.generation, _generation(path))
            try:
                _take_all(state, path)
            except FileNotFoundError:
                gone = True  # Made one with others in the meantime: those have to be read.
                break
            except OSError:
                continue
        if not gone:
            return state
    return State(root, spelled)


_TRIES = 5


def _take_all(state: State, path: Path) -> bool:
    """Take in what a file says; false for a form of another version, which may mean anything. Raises `OSError`."""
    for number, row in enumerate(read_rows(path)):
        if number == 0 and row[0] == "h" and list(row[1:2]) != [FORMAT]:
            return False
        state.take(row)
    return True


_NAME = regex(r"(\d{10})-(.+)\.log")


def _files(root: str) -> list[Path]:
    """The files of a state, in their order; what else lies there is none of ours."""
    try:
        return sorted(path for path in folder_of(root).iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []


def unreadable(root: str) -> str | None:
    """The first file of a state that is there and may not be read, and why; else None."""
    folder = folder_of(root)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"`{folder}`: {error.strerror}"
    closed = (folder / name for name in sorted(names) if _NAME.fullmatch(name))
    path = next((path for path in closed if not os.access(path, os.R_OK)), None)
    return None if path is None or not path.exists() else f"`{path}`: {os.strerror(errno.EACCES)}"


def _generation(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def _run(path: Path) -> str:
    """The name of the run that writes a file."""
    found = _NAME.fullmatch(path.name)
    return found[2] if found else ""


def log_place(state: State, name: str) -> tuple[Path, int]:
    """The file that the run `name` is to write, and its generation: it comes after all that are there."""
    generation = state.generation + 1
    return folder_of(state.root) / f"{generation:010d}-{name}.log", generation


def open_log(path: Path, generation: int) -> Log:
    """A file of a state, to be written on; who may write in the root may write there, too. Raises `OSError`."""
    mode = stat.S_IMODE(path.parents[2].stat().st_mode)
    for folder in (path.parents[1], path.parent):
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):
                folder.chmod(mode)
    return Log(path, generation, mode & 0o666)


_CHUNK = 1000
"""So many jobs or stamps stand in a row where many are written at once."""


def rows_of(state: State) -> Iterator[Row]:
    """A state as rows."""
    yield from job_rows(state.jobs, set())
    known = ((key, measured) for key, measured in state.measures.items() if key in state.jobs)
    for measures in _chunks(known):
        yield measure_row(dict(measures))
    by_pipeline: dict[str, dict[str, Made]] = {}
    for key, owner in state.made.items():
        if key in state.jobs:
            by_pipeline.setdefault(owner.pipeline, {})[key] = owner
    for owned in by_pipeline.values():
        for some in _chunks(owned.items()):
            yield made_row(dict(some))
    yield from put_off_rows(dict.fromkeys(sorted(state.put_off & state.jobs.keys()), True))
    for begun in _chunks(sorted(state.begun)):
        yield ["x", begun]
    yield from stamp_rows(state, state.stamps)


def stamp_rows(state: State, stamps: Mapping[str, Stamp]) -> Iterator[Row]:
    """Stamps by absolute path as rows of a state."""
    for some in _chunks(stamps.items()):
        names = [state.name(path) for path, _ in some]
        yield ["f", names, *map(list, zip(*(stamp for _, stamp in some), strict=True))]


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while found := list(islice(rest, _CHUNK)):
        yield found


def job_rows(jobs: Mapping[str, Done], kept: set[str]) -> Iterator[Row]:
    """Jobs, by their keys, as rows; `kept` are the names of lists that stand in the file already, to which new ones are
    added."""
    named: dict[int, str] = {}
    for job in jobs.values():
        for versions in (job.inputs, job.outputs):
            # A list that many jobs share is one object.
            if len(versions) > MANY and id(versions) not in named:
                name = named[id(versions)] = list_name(versions)
                if name not in kept:
                    kept.add(name)
                    yield ["s", name, list(versions)]
    for some in _chunks(jobs.items()):
        columns = zip(*(job for _, job in some), strict=True)
        digests, inputs, outputs, ended, seconds = map(list, columns)
        told = [[f"={named[id(v)]}" if id(v) in named else list(v) for v in held] for held in (inputs, outputs)]
        yield ["j", [key for key, _ in some], digests, *told, ended, seconds]


def measure_row(measures: Mapping[str, Measured]) -> Row:
    """What was measured of jobs, by their keys, as a row."""
    held = measures.values()
    return ["m", list(measures), [each.memory for each in held], [list(each.sizes) for each in held]]


def made_row(made: Mapping[str, Made]) -> Row:
    """Whose jobs of one pipeline are, by their keys, as a row."""
    pipeline = next(iter(made.values())).pipeline
    return ["o", pipeline, list(made), [list(each.outputs) for each in made.values()]]


def put_off_rows(waits: Mapping[str, bool]) -> Iterator[Row]:
    """Whether the temporary outputs of jobs wait to be deleted, by their keys, as rows."""
    for some in _chunks(waits.items()):
        yield ["t", [key for key, _ in some], [wait for _, wait in some]]


def list_name(versions: Sequence[str]) -> str:
    """The name of a list of versions."""
    import hashlib

    return hashlib.blake2b("\0".join(versions).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def compact(root: str, writing: Collection[str]) -> None:
    """Make one file of all, where there are many, or much that says nothing, or many lines that say little: it takes
    several times as long to read jobs and stamps that stand in a line each.

    Not while another run is `writing` (names of runs): what it writes must come after what was there before. Whoever
    calls this keeps others from beginning a run in the root. Raises `OSError`.
    """
    paths = _files(root)
    if not paths or any(_run(path) in writing for path in paths):
        return
    state = State(root)
    # A file of a form that we do not know stays what it is.
    paths = [path for path in paths if _take_all(state, path)]
    held = (state.jobs, state.stamps, state.measures, state.made, state.put_off, state.begun)
    living = sum(len(each) for each in held)
    dense = state.rows <= 2 * living + 1000 and state.lines <= living / 10 + 1000
    if len(paths) <= _KEPT_FILES and dense:
        return
    generation = _generation(paths[-1])
    one = folder_of(root) / f"{generation:010d}-~all.log"
    write_whole(one, generation, rows_of(state))
    for path in paths:
        if path != one:
            path.unlink(missing_ok=True)


def stamps_of(states: Mapping[str, State]) -> dict[str, Stamp]:
    """The stamps of several states, by absolute path."""
    found: dict[str, Stamp] = {}
    for state in states.values():
        # One is as good as another: a stamp that is not that of the file says nothing.
        found = {**found, **state.stamps} if found else state.stamps
    return found
