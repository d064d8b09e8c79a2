"""One run at a time in a working folder. The lock lives as long as its owner or the engine does, and no longer.

Decision 0010.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

LOCK = Path(".snakemake", "sncompile.lock")


class Locked(Exception):
    """Somebody else works in the folder; `owner` says who, as far as is known."""

    def __init__(self, owner: dict[str, Any]) -> None:
        self.owner = owner
        super().__init__("the working folder is in use")


class FolderLock:
    """A lock on a working folder, by the operating system, so that it heals itself when its owners are dead.

    The engine inherits it: should only the watching process die, the folder stays locked while the engine works.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None
        self.before: dict[str, Any] = {}
        """What the last owner left in the lock; a `state` of `running` says that it died."""

    @staticmethod
    def inherited(folder: Path, descriptor: int) -> FolderLock:
        """The lock as its heir has it, by the open file that was handed down."""
        lock = FolderLock(folder)
        lock._file = open(descriptor, "a+", encoding="utf-8", errors="replace")  # noqa: SIM115 - held until `release`
        return lock

    def acquire(self, run: str) -> None:
        """Take the lock, and clear away what a dead engine left. Raises `Locked`, or `OSError`."""
        place = self._folder / LOCK
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("a+", encoding="utf-8", errors="replace")
        file.seek(0)
        before = self.before = _read(file.read())
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Locked(before) from None
        theirs = self._engine_locks()
        if theirs and before.get("state") != "running":
            # Not ours: a Snakemake started by hand works here, or died here.
            file.close()
            raise Locked({"engine": "snakemake"})
        for leftover in theirs:
            leftover.unlink(missing_ok=True)
        self._file = file
        self._write({"state": "running", "pid": os.getpid(), "run": run, "since": time.time()})

    def _engine_locks(self) -> list[Path]:
        return list((self._folder / ".snakemake" / "locks").glob("*.lock"))

    @property
    def descriptor(self) -> int:
        """The open file that holds the lock, to be handed to the engine."""
        assert self._file is not None
        return self._file.fileno()

    def hand_over(self) -> None:
        """Leave the lock to the engine that has inherited it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def release(self) -> None:
        """Let go, and take away the engine's own lock where it did not live to do so."""
        if self._file is not None:
            for leftover in self._engine_locks():
                leftover.unlink(missing_ok=True)
            self._write({"state": "free"})
            self._file.close()
            self._file = None

    def give_back(self) -> None:
        """Let go and leave what the last owner left: it is still to be cleared away."""
        if self._file is not None:
            self._write(self.before)
            self._file.close()
            self._file = None

    def _write(self, content: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(content))
        self._file.flush()


def heal(folder: Path, run: str) -> None:
    """Take away the lock that a dead run left, and its engine's; nothing where the folder is in use, or by another."""
    lock = FolderLock(folder)
    try:
        if _read((folder / LOCK).read_text("utf-8", "replace")).get("run") == run:
            lock.acquire(run)
            lock.release()
    except (Locked, OSError):
        return


def is_held(folder: Path, run: str) -> bool:
    """Whether somebody holds the folder's lock for a run; an engine does so before it can tell of itself."""
    try:
        with (folder / LOCK).open("r+", encoding="utf-8", errors="replace") as file:
            if _read(file.read()).get("run") != run:
                return False
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _read(text: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            return found
    return {}
