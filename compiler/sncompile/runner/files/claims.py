"""Which run works on which files of a data root, told in that root, to whoever shares it.

A run that writes below a folder holds a *claim* there: `.sncompile/runs/NAME/`, with who it is (`owner.json`), what it
writes and reads (`files.jsonl`) and what is half-written (`unfinished.jsonl`). Claims are looked for in every folder
around a file that a run writes or reads, so that it does not matter which folder another run calls its root. Runs that
write and read different files have nothing to do with each other.

A claim whose owner is dead holds nobody up. On the owner's machine that is known of its process; elsewhere of the time
since its last sign of life, by the clock of the file system. The next run takes over what it left half-written.

Decision 0050.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shlex
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.system_errors import cannot_write, remedy
from sncompile.faults import runs as faults
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.runner.files.run_files import RunFiles
from sncompile.runner.files.unfinished import Marks, unfinished
from sncompile.runner.processes import Process, Seen, look
from sncompile.runner.record import read_object, write_object

SIGN_OF_LIFE = 10.0
"""Seconds between two signs of life."""

PATIENCE = 120.0
"""A run on another machine that has given no sign of life for so many seconds is dead."""

_RUNS, _GUARD = "runs", "guard"
_OWNER, _FILES, _UNFINISHED = "owner.json", "files.jsonl", "unfinished.jsonl"
_WRITES, _READS = "writes", "reads"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a claim: its run's folder, and the process that works for it; None once the run has ended."""

    run: str
    pipeline: str
    working: str
    process: Process | None

    @property
    def told(self) -> str:
        """The owner in words."""
        where = f"process {self.process.pid} on {self.process.machine}" if self.process is not None else "ended"
        return f"`{self.pipeline}` in `{self.working}` ({where}; its record is {self.run})"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on files below the folder `root`."""

    root: str
    place: Path

    def owner(self) -> Owner:
        """Who holds it."""
        told = read_object(self.place / _OWNER)
        return Owner(
            str(told.get("run", "")), str(told.get("pipeline", "")), str(told.get("working_folder", "")),
            Process.from_object(told.get("process")),
        )  # fmt: skip

    def files(self) -> tuple[set[str], set[str]]:
        """The real paths that it is for: those that are written, and those that are read."""
        found: dict[str, set[str]] = {_WRITES: set(), _READS: set()}
        with contextlib.suppress(OSError, ValueError), (self.place / _FILES).open(encoding="utf-8") as lines:
            for line in lines:
                kind, path = json.loads(line)
                found[kind].add(os.path.join(self.root, path))
        return found[_WRITES], found[_READS]

    def unfinished(self) -> set[str]:
        """The real paths of what has begun and not ended."""
        return {os.path.join(self.root, path) for path in unfinished(self.place / _UNFINISHED)}

    def marks(self) -> Marks:
        """The marks, to be written on."""
        return Marks(self.place / _UNFINISHED)

    def name_of(self, path: str) -> str:
        """A real path as this claim's files have it."""
        start = f"{self.root.rstrip('/')}/"
        return path.removeprefix(start) if path.startswith(start) else os.path.relpath(path, self.root)

    def hand_over(self, process: Process) -> None:
        """From now on another process works for it."""
        told = {**read_object(self.place / _OWNER), "process": process.as_object()}
        write_object(self.place / _OWNER, told, shared=True)

    def live(self) -> bool:
        """Give a sign of life; false where somebody took the owner for dead."""
        try:
            os.utime(self.place / _OWNER)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # The file system has trouble of its own.
        return True

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[frozenset[str]]:
        """A time in which nobody makes a claim in the same folder; gives the names of others that are there.

        Raises `OSError`.
        """
        with _guarded(self.root):
            yield frozenset(path.name for path in self.place.parent.iterdir() if path != self.place)

    def release(self) -> None:
        """Let go. What is half-written stays marked for the next run; of anything else no trace is left."""
        with contextlib.suppress(OSError):
            if any(map(os.path.lexists, self.unfinished())):
                told = {**read_object(self.place / _OWNER), "process": None}
                write_object(self.place / _OWNER, told, shared=True)
                (self.place / _FILES).unlink(missing_ok=True)
                return
        self.remove()

    def remove(self) -> None:
        """Take the claim away, and the folders for claims where it was the last."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.place)
        with contextlib.suppress(OSError), _guarded(self.root):
            os.rmdir(self.place.parent)
            Path(self.root, OWN_FOLDER, _GUARD).unlink()
            os.rmdir(Path(self.root, OWN_FOLDER))


def at_work(root: str) -> list[Owner]:
    """Whose runs write to a folder now, as far as can be seen from here: those on other machines may have died."""
    found = []
    with contextlib.suppress(OSError):
        owners = (Claim(root, place).owner() for place in sorted(Path(root, OWN_FOLDER, _RUNS).iterdir()))
        found = [o for o in owners if o.process is not None and look(o.process) is not Seen.DEAD]
    return found


def half_written(root: str) -> set[str]:
    """The real paths of what runs that are over, as far as can be seen from here, left half-written in a folder."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for place in Path(root, OWN_FOLDER, _RUNS).iterdir():
            claim = Claim(root, place)
            process = claim.owner().process
            if process is None or look(process) is Seen.DEAD:
                found |= claim.unfinished()
    return found


@contextlib.contextmanager
def _guarded(root: str, *, create: bool = False) -> Iterator[float]:
    """Keeps others from making claims in a folder while one looks at them; gives the time of its file system.

    With `create` the folder for claims is made. Where a file system has no locks it does without: two runs must then
    not begin in the same moment. Raises `OSError`.
    """
    guard = Path(root, OWN_FOLDER, _GUARD)
    while True:
        if create:
            _make_room(root)
        try:
            file = os.open(guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except FileNotFoundError:
            if create:
                continue  # Whoever let go took the folder away.
            raise
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            try:
                same = os.path.samestat(os.fstat(file), os.stat(guard))
            except FileNotFoundError:
                same = False
            if not same:
                continue  # Whoever had it before took it away.
            with contextlib.suppress(OSError):
                os.fchmod(file, stat.S_IMODE(os.stat(root).st_mode) & 0o666)
                os.utime(file)
            yield os.fstat(file).st_mtime
            return
        finally:
            os.close(file)


def _make_room(root: str) -> None:
    """Make the folder for claims; who may write in the root may write there, too."""
    os.makedirs(root, exist_ok=True)
    own = Path(root, OWN_FOLDER)
    _make(own, root)
    with contextlib.suppress(FileNotFoundError):
        _make(own / _RUNS, root)


def _make(folder: Path, root: str) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        if folder.is_symlink() and not folder.exists():
            raise FileNotFoundError(errno.ENOENT, "it is a link that leads nowhere", str(folder)) from None
        return
    with contextlib.suppress(OSError):
        folder.chmod(stat.S_IMODE(os.stat(root).st_mode))


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claims that a run holds, and the real paths that dead runs left half-written among what it writes.

    `name` is one that no other run has.
    """

    claims: tuple[Claim, ...]
    half_written: frozenset[str]
    name: str

    def release(self) -> None:
        """Let go of all."""
        for claim in self.claims:
            claim.release()


Settle = Callable[[Owner], bool]
"""Ends what is left of a run that seems dead, and says whether nothing is."""


def claim_files(files: RunFiles, owner: Mapping[str, Any], working: Path, settle: Settle) -> Claimed:
    """Claim what a run writes. Raises `CompileError` where another run works on it, or where it cannot be claimed."""
    claims: list[Claim] = []
    half: set[str] = set()
    try:
        with contextlib.ExitStack() as guards:
            times: dict[str, float] = {}
            for root, writes in sorted(_roots(files, str(working)).items()):
                reads = {path for path in files.reads if path.startswith(f"{root.rstrip('/')}/")}
                try:
                    times[root] = guards.enter_context(_guarded(root, create=True))
                    claims.append(_claim(root, writes, reads, owner))
                except OSError as error:
                    raise _no_marks(root, error) from None
            for root in _around(files):
                half |= _look_at(root, times.get(root), files, claims, settle)
    except BaseException:
        for claim in claims:
            claim.release()
        raise
    lost = _meeting(half - files.writes.keys(), files.reads)
    if lost:
        for claim in claims:
            claim.release()
        message = f"`{lost[0]}` is half-written, and this run reads it"
        help = "run the pipeline that makes it, or delete it if nothing does"
        raise CompileError([faults.HALF_WRITTEN.at(None, message, help=help)])
    return Claimed(tuple(claims), frozenset(half & files.writes.keys()), _name_of(owner))


def _name_of(owner: Mapping[str, Any]) -> str:
    return f"{Path(str(owner['run'])).name}-{uuid.uuid4().hex[:8]}"


def _roots(files: RunFiles, working: str) -> dict[str, set[str]]:
    """The folders that claims are made in, with what is written below each: data roots, the working folder, or others.

    What lies in none of them is claimed in the folder that all of it has in common, if that is one worth the name.
    """
    found: dict[str, set[str]] = {}
    outside: set[str] = set()
    roots = (*files.roots, os.path.realpath(working))
    homes: dict[str, str | None] = {}
    for path in files.writes:
        folder = os.path.dirname(path)
        if folder not in homes:
            homes[folder] = next((r for r in roots if folder == r or folder.startswith(f"{r.rstrip('/')}/")), None)
        home = homes[folder]
        if home is None:
            outside.add(path)
        else:
            found.setdefault(home, set()).add(path)
    folders = {os.path.dirname(path) for path in outside}
    common = os.path.commonpath(folders) if folders else "/"
    for path in outside:
        found.setdefault(common if common.count("/") > 1 else os.path.dirname(path), set()).add(path)
    return found


def _claim(root: str, writes: Collection[str], reads: Collection[str], owner: Mapping[str, Any]) -> Claim:
    """Make a claim. Raises `OSError`."""
    name = _name_of(owner)
    claim = Claim(root, Path(root, OWN_FOLDER, _RUNS, name))
    _make(claim.place, root)
    # First of all: what dies before the end of this must be known to be dead.
    write_object(claim.place / _OWNER, owner, shared=True)
    with (claim.place / _FILES).open("w", encoding="utf-8") as lines:
        for kind, paths in ((_WRITES, writes), (_READS, reads)):
            lines.writelines(json.dumps([kind, claim.name_of(path)]) + "\n" for path in sorted(paths))
    claim.marks().close()
    _sync(claim.place)
    return claim


def _no_marks(root: str, error: OSError) -> CompileError:
    place = Path(root, OWN_FOLDER)
    message = cannot_write(error, place)
    help = f"{remedy(error, 'look at it')}; a run writes there which files are not whole yet"
    return CompileError([faults.NO_MARKS.at(None, message, help=help)])


def _sync(folder: Path) -> None:
    """Have a new file's name reach the disk."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_DEEP = 3
"""So many folders deep in a directory that a run reads or writes others' claims are looked for."""


def _around(files: RunFiles) -> list[str]:
    """Every folder around a file of the run that holds claims, and those inside of its directories."""
    seen = {folder for path in files.folders for folder in _within(path, _DEEP)}
    for path in (*files.writes, *files.reads):
        folder = os.path.dirname(path)
        while folder not in seen:
            seen.add(folder)
            folder = os.path.dirname(folder)
    return sorted(folder for folder in seen if os.path.isdir(os.path.join(folder, OWN_FOLDER, _RUNS)))


def _within(folder: str, deep: int) -> Iterator[str]:
    """A folder and those in it, so many deep; those of programs are left out."""
    yield folder
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found if deep else ():
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                yield from _within(entry.path, deep - 1)


def _look_at(root: str, now: float | None, files: RunFiles, claims: list[Claim], settle: Settle) -> set[str]:
    """Look at the claims of others in a folder: refuse to meet living ones, take over what dead ones left.

    `now` is the time of its file system, where this run has a claim there, too. Gives the real paths of what is
    half-written.
    """
    mine = {claim.place for claim in claims}
    half: set[str] = set()
    try:
        for found in sorted(Path(root, OWN_FOLDER, _RUNS).iterdir()):
            if found in mine:
                continue
            claim = Claim(root, found)
            if _is_dead(claim, time.time() if now is None else now, settle):
                half |= _taken_over(claim, claims)
            elif met := _met(claim, files):
                raise CompileError([_in_use(claim, met)])
    except FileNotFoundError:
        return half  # Gone in the meantime.
    except OSError as error:
        if now is not None:
            raise _no_marks(root, error) from None
    return half


def _is_dead(claim: Claim, now: float, settle: Settle) -> bool:
    owner = claim.owner()
    if owner.process is None:
        # It has ended, or died before it could say who it is.
        return (claim.place / _OWNER).exists() or now - claim.place.stat().st_mtime > PATIENCE
    seen = look(owner.process)
    if seen is Seen.ELSEWHERE:
        with contextlib.suppress(FileNotFoundError):
            if now - (claim.place / _OWNER).stat().st_mtime < PATIENCE:
                return False
    elif seen is Seen.ALIVE:
        return False
    return bool(settle(owner))


def _taken_over(claim: Claim, claims: list[Claim]) -> set[str]:
    """Note what a dead run left half-written among the marks of a claim in the same folder, and take its claim away."""
    half = {path for path in claim.unfinished() if os.path.lexists(path)}
    heir = next((c for c in claims if c.root == claim.root), None)
    if heir is None:
        return half  # This run only reads here.
    if half:
        marks = heir.marks()
        marks.begin(heir.name_of(path) for path in sorted(half))
        marks.close()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(claim.place)
    return half


def _met(claim: Claim, files: RunFiles) -> list[str]:
    """The paths on which another run and this one would meet: written by one and written or read by the other."""
    writes, reads = claim.files()
    return _meeting(files.writes, writes) or _meeting(files.writes, reads) or _meeting(files.reads, writes)


def _meeting(some: Iterable[str], others: Collection[str]) -> list[str]:
    """Those of some paths that are among others, or in one of them, or hold one."""
    theirs = set(others)
    above = set(_parents(theirs)) if theirs else set()
    return [p for p in some if p in theirs or p in above or any(a in theirs for a in _parents([p]))] if theirs else []


def _parents(paths: Iterable[str]) -> Iterator[str]:
    """The folders around paths, each once as far as one call goes."""
    seen: set[str] = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder not in seen:
            seen.add(folder)
            yield folder
            folder = os.path.dirname(folder)


def _in_use(claim: Claim, met: list[str]) -> Diagnostic:
    owner = claim.owner()
    few = ", ".join(f"`{path}`" for path in met[:_MOST_NAMED])
    more = f" and {len(met) - _MOST_NAMED:,} more" if len(met) > _MOST_NAMED else ""
    return faults.IN_USE.at(
        None, f"another run works on {few}{more}: {owner.told}",
        help=f"wait for it, or end it: sncompile cancel {shlex.quote(owner.run)}",
    )  # fmt: skip
