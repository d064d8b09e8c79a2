"""The one way in which git is started: in a repository of our own, so that no setting of a stranger's is read.

Git runs programs that a repository's settings name: hooks, filters, monitors, pagers, helpers for logins and for
transport. No list of them stays whole. So git is never started in a repository that somebody else made, nor asked to
look for one: it is given an empty one that we write, with its objects read from elsewhere (`repository.py`), or
fetched (`exchange/repositories.py`).

Decision 0051.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Timer
from typing import IO, NamedTuple

MOST_ENTRIES = 1_000_000
"""Files of one commit. A few kilobytes of trees inside of trees can stand for more than any disk holds."""

MOST_BYTES = 2**30
"""Bytes of one file, and of what git prints."""

_SECONDS = 120
_CHUNK = 2**20

# Settings of git that may be a stranger's all the same: a user may take over a whole file of them. Hooks, monitors and
# background work are none of our business even where they are the user's own. Both indexes of objects only make git
# faster, and may say something else than the objects.
_SETTINGS = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null", "core.pager=cat",
    "core.untrackedCache=false", "core.commitGraph=false", "core.multiPackIndex=false", "safe.bareRepository=explicit",
    "submodule.recurse=false", "fetch.recurseSubmodules=false", "gc.auto=0", "maintenance.auto=false",
)  # fmt: skip

# What says which repository is meant, or replaces a part of it; `GIT_CONFIG…` are a user's own settings.
_OF_A_REPOSITORY = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_PREFIX", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE", "GIT_ATTR_SOURCE", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_TEMPLATE_DIR", "GIT_EXTERNAL_DIFF", "GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT", "GIT_REF_FORMAT",
})  # fmt: skip

_ALWAYS = {
    "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1", "GIT_PAGER": "cat", "GIT_ATTR_NOSYSTEM": "1",
    # A small object may be made of a large one that only git sees.
    "GIT_ALLOC_LIMIT": str(MOST_BYTES + 2**20),
}  # fmt: skip

_NO_SETTINGS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull}
_NO_TRANSPORT = {"GIT_ALLOW_PROTOCOL": ""}
# No way of transport runs a program that an address names.
_TRANSPORT = {"GIT_ALLOW_PROTOCOL": "https:ssh:file"}


class GitError(Exception):
    """Git ended with an error; the message is what it complained of."""


class NoGit(GitError):
    """There is no git."""


class TooMuch(GitError):
    """Git had more to say than anybody asks for, or took too long."""


class Entry(NamedTuple):
    """What a tree has at a path: `mode` is git's, such as `100644`; `name` that of the object."""

    mode: str
    name: str

    @property
    def plain(self) -> bool:
        """Whether it is a file, and neither a link nor a submodule."""
        return self.mode in ("100644", "100755")

    @property
    def program(self) -> bool:
        """Whether it is a file that may be run."""
        return self.mode == "100755"

    @property
    def submodule(self) -> bool:
        """Whether it is another repository at one of its commits."""
        return self.mode == "160000"


class Git:
    """Git with a bare repository in `folder`, an empty one of ours, which it makes.

    `objects` is a folder of objects to be read instead of its own, `object_format` their kind of hash (`sha1`,
    `sha256`). Only with `own_settings` are the user's settings heeded, and only with `transport` may git connect to
    other places.
    """

    def __init__(
        self,
        folder: Path,
        *,
        objects: Path | None = None,
        object_format: str = "sha1",
        own_settings: bool = False,
        transport: bool = False,
        seconds: float = _SECONDS,
    ) -> None:
        self.folder = folder
        self._seconds = seconds
        for part in ("objects", "refs"):
            (folder / part).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n", "utf-8")
        version = "repositoryformatversion = 1"
        extension = f"[extensions]\n\tobjectFormat = {object_format}\n"
        (folder / "config").write_text(f"[core]\n\t{version}\n\tbare = true\n{extension}", "utf-8")
        kept = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
        if own_settings:
            kept = {n: v for n, v in os.environ.items() if n not in _OF_A_REPOSITORY}
        self._environment = {
            **kept,
            **_ALWAYS,
            **({} if own_settings else _NO_SETTINGS),
            **(_TRANSPORT if transport else _NO_TRANSPORT),
            **({} if objects is None else {"GIT_OBJECT_DIRECTORY": str(objects)}),
        }

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        most: int = MOST_BYTES,
        out: IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """What git prints, which goes to `out` if there is one. Raises `GitError`."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        command = ["git", "--no-pager", f"--git-dir={self.folder}", *settings, *arguments]
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
            given.write(stdin)
            given.seek(0)
            try:
                # The folder is ours, also for a `PATH` that begins where one stands.
                process = subprocess.Popen(
                    command, cwd=self.folder, env={**self._environment, **(env or {})}, stdin=given,
                    stdout=subprocess.PIPE if out is None else out, stderr=told,
                )  # fmt: skip
            except FileNotFoundError:
                raise NoGit("git is not installed") from None
            printed = self._await(process, most)
            if process.returncode:
                told.seek(0)
                raise GitError(_complaint(told.read(_CHUNK), process.returncode))
        return printed

    def _await(self, process: subprocess.Popen[bytes], most: int) -> bytes:
        late: list[bool] = []

        def stop() -> None:
            late.append(True)
            process.kill()

        timer = Timer(self._seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            pieces, size = [], 0
            while process.stdout is not None and (piece := process.stdout.read(_CHUNK)):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise TooMuch(f"git told more than {most / 2**20:,.0f} MB")
            process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if late:
            raise TooMuch(f"git gave no answer in {self._seconds:.0f} seconds")
        return b"".join(pieces)

    def tree(self, name: str, most: int = MOST_ENTRIES) -> Iterator[tuple[str, Entry]]:
        """The paths of a tree or commit with what stands there, folders left out. Raises `GitError`.

        File names may be any bytes, so they are read as Python reads them from a folder.
        """
        listed = self.run("ls-tree", "-r", "-z", "--full-tree", name, most=most * 256).split(b"\0")
        if len(listed) - 1 > most:
            raise TooMuch(f"it has more than {most:,} files")
        for entry in listed[:-1]:
            about, _, path = entry.partition(b"\t")
            mode, _, found = about.decode().split(" ")
            yield os.fsdecode(path), Entry(mode, found)

    def sizes(self, names: list[str]) -> list[int | None]:
        """The bytes of some objects; None for those that are not here. Raises `GitError`."""
        asked = "".join(f"{name}\n" for name in names).encode()
        told = self.run("cat-file", "--batch-check=%(objectsize)", stdin=asked).decode().splitlines()
        return [int(size) if size.isdecimal() else None for size in told]

    def write(self, name: str, out: IO[bytes]) -> None:
        """Write the bytes of a file as they are, without what a checkout would make of them. Raises `GitError`."""
        self.run("cat-file", "blob", name, out=out)


def _complaint(told: bytes, code: int) -> str:
    lines = told.decode("utf-8", "replace").strip().splitlines()
    fatal = [line for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or [f"git ended with {code}"])[-1].removeprefix("fatal: ")
