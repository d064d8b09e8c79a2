"""Fetches the files of git repositories to the cache, for `sncompile lock`."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sncompile.semantics.repositories import FetchError, Repository, commit_folder, is_commit

MOST_FILES = 20_000
MOST_BYTES = 256 * 2**20
"""Repositories with more in a commit are refused: they are a stranger's, and modules are small."""

_SECONDS = 600
_HEXADECIMAL = re.compile(r"[0-9a-f]{7,64}")
_QUIET = ("--quiet", "--no-tags", "--no-recurse-submodules")
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_PLAIN_FILES = (b"100644", b"100755")


def fetch(repository: Repository, commit: str | None) -> str:
    """Bring the files of a commit to the cache, unless they are there; gives the commit's name.

    Without `commit` it is the one that the repository's branch, tag or commit leads to now. Files are written byte for
    byte as they are in the repository, without links, submodules and what filters would make of them. Who may read it,
    and whether another place serves it (`url.….insteadOf`), is as git's own settings have it; git never asks.

    Raises `FetchError`.
    """
    if commit is not None and commit_folder(repository, commit).is_dir():
        return commit
    with tempfile.TemporaryDirectory(prefix="sncompile-") as folder:
        git = _Git(Path(folder))
        found = git.fetched(repository, commit)
        _put(git, found, commit_folder(repository, found))
    return found


class Fetcher:
    """Fetches each repository once, for all specs; `say` hears of it before. To `update` is to follow branches and tags
    to where they lead now, instead of taking the commits that are known."""

    def __init__(self, say: Callable[[str], None], *, update: bool) -> None:
        self._say = say
        self._update = update
        self._found: dict[Repository, str] = {}

    def __call__(self, repository: Repository, commit: str | None) -> str:
        """The commit of a repository, whose files are in the cache then. Raises `FetchError`."""
        if repository not in self._found:
            known = None if self._update else commit
            if known is None or not commit_folder(repository, known).is_dir():
                self._say(f"fetching {repository}")
            self._found[repository] = fetch(repository, known)
        return self._found[repository]


class _Git:
    """A bare repository for one fetch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.run("init", "--quiet", "--bare")

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What git prints. Raises `FetchError` with what it complains of."""
        try:
            ended = subprocess.run(
                ["git", "-C", str(self._folder), *arguments], input=stdin, capture_output=True, env=_environment(),
                timeout=_SECONDS, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise FetchError("git is not installed") from None
        except subprocess.TimeoutExpired:
            raise FetchError(f"it gave no answer in {_SECONDS} seconds") from None
        if ended.returncode:
            told = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            raise FetchError(told[-1].removeprefix("fatal: ") if told else f"git ended with {ended.returncode}")
        return ended.stdout

    def fetched(self, repository: Repository, commit: str | None) -> str:
        """Fetch a commit, and as little else as the server lets; gives its name."""
        wanted = commit or repository.ref
        # Not every server knows histories that are cut off, nor gives out any commit by its name; none does so by its
        # first digits.
        ways: list[tuple[tuple[str, ...], tuple[str, ...], str]]
        ways = [(("--depth=1",), (wanted,), "FETCH_HEAD"), ((), (wanted,), "FETCH_HEAD")]
        ways += [((), _EVERYTHING, wanted)] if _HEXADECIMAL.fullmatch(wanted) else []
        failed = []
        for options, what, name in ways:
            try:
                self.run("fetch", *_QUIET, *options, "--", repository.url, *what)
                return self._commit(name)
            except FetchError as error:
                failed.append(error)
        raise failed[-1]

    def _commit(self, name: str) -> str:
        found = self.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        commit = found.decode().strip()
        if not is_commit(commit):
            raise FetchError(f"git told `{commit}`, which is no commit")
        return commit

    def files(self, commit: str) -> Iterator[tuple[str, bytes, bool]]:
        """The plain files of a commit: path, content, and whether it is a program. Raises `FetchError`."""
        listed = self.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        entries = [entry.partition(b"\t") for entry in listed.split(b"\0") if entry]
        wanted = [(about.split(), os.fsdecode(path)) for about, _, path in entries]
        wanted = [(about, path) for about, path in wanted if about[0] in _PLAIN_FILES]
        size = sum(int(about[3]) for about, _ in wanted)
        if len(wanted) > MOST_FILES or size > MOST_BYTES:
            raise FetchError(f"its {len(wanted):,} files of {size / 2**20:,.0f} MB are too much for modules")
        told = io.BytesIO(self.run("cat-file", "--batch", stdin=b"".join(about[2] + b"\n" for about, _ in wanted)))
        for about, path in wanted:
            told.readline()
            content = told.read(int(about[3]))
            told.readline()
            yield path, content, about[0] == _PLAIN_FILES[1]


def _environment() -> dict[str, str]:
    """Git asks nobody, and uses no way of transport that runs a program that an address names."""
    own = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")}
    return {**own, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:ssh:file"}


def _put(git: _Git, commit: str, place: Path) -> None:
    """Write the files of a commit to their place in the cache, all or nothing. Raises `FetchError`."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
        try:
            for path, content, program in git.files(commit):
                _write(fresh, path, content, program)
            fresh.chmod(0o755)
            if place.is_dir():  # Somebody may have altered it.
                place.rename(fresh.with_name(f"{fresh.name}.old"))
            fresh.rename(place)
        finally:
            shutil.rmtree(fresh.with_name(f"{fresh.name}.old"), ignore_errors=True)
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        if place.is_dir():
            return  # Somebody else fetched it at the same time.
        raise FetchError(f"`{place}` cannot be written: {error.strerror or type(error).__name__}") from None


def _write(folder: Path, path: str, content: bytes, program: bool) -> None:
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise FetchError(f"`{path}` is no path that a repository may hold")
    file = folder.joinpath(*parts)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "xb") as written:
        written.write(content)
    if program:
        file.chmod(0o755)
