"""What is asked of git: where a repository stands, what a revision holds, and its files written out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path


class RevisionError(ValueError):
    """There is no git, no repository, or no such revision."""


class Repository:
    """A git repository by the folder of its working tree. Raises `RevisionError` where `folder` is in none."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise RevisionError(f"there is no folder `{folder}`")
        self.top = folder
        try:
            found = self._git("rev-parse", "--show-toplevel")
        except _GitError as error:
            raise RevisionError(f"`{folder}` is in no git repository ({error})") from None
        self.top = Path(found.removesuffix("\n")).resolve()

    def tree(self, revision: str) -> str:
        """The tree of a revision, by its hash. Raises `RevisionError`."""
        wrong = f"`{revision}` is no revision of the repository `{self.top}`"
        # What starts with a dash would be an option to git.
        if not revision or revision.startswith("-") or "\x00" in revision:
            raise RevisionError(wrong)
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{revision}^{{tree}}").strip()
        except _GitError:
            raise RevisionError(wrong) from None

    def tracked(self) -> frozenset[str]:
        """The files that git keeps track of now, as paths below `top`. Raises `RevisionError`."""
        return frozenset(self._list("ls-files", "-z"))

    def files_of(self, tree: str) -> frozenset[str]:
        """The files of a tree, as paths below `top`; submodules are none of them. Raises `RevisionError`."""
        entries = (entry.partition("\t") for entry in self._list("ls-tree", "-r", "-z", "--full-tree", tree))
        return frozenset(path for about, _, path in entries if " commit " not in about)

    def write(self, tree: str, files: Iterable[str], folder: Path, index_file: Path) -> None:
        """Write files of a tree below a folder, as a checkout would have them. Raises `RevisionError`.

        `index_file` is one to be made for it: nothing of the repository is touched.
        """
        index = {"GIT_INDEX_FILE": str(index_file)}
        names = "".join(f"{name}\0" for name in files)
        try:
            self._git("read-tree", tree, env=index)
            self._git("checkout-index", "-z", "--stdin", f"--prefix={folder}{os.sep}", env=index, stdin=names)
        except _GitError as error:
            raise RevisionError(f"git cannot write the files: {error}") from None

    def _list(self, *arguments: str) -> list[str]:
        try:
            found = self._git(*arguments)
        except _GitError as error:
            raise RevisionError(f"git cannot list the files: {error}") from None
        return found.removesuffix("\0").split("\0") if found else []

    def _git(self, *arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> str:
        """What git prints. File names may be any bytes, so they are read as Python reads them from a folder."""
        try:
            ended = subprocess.run(
                ["git", *arguments],
                cwd=self.top,
                env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(env or {})},
                input=os.fsencode(stdin),
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise RevisionError("git is not installed") from None
        if ended.returncode:
            told = os.fsdecode(ended.stderr).strip().splitlines()
            raise _GitError(told[0].removeprefix("fatal: ") if told else f"exit code {ended.returncode}")
        return os.fsdecode(ended.stdout)


class _GitError(Exception):
    """Git ended with an error."""
