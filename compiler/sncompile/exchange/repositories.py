"""Fetches the files of git repositories to the cache, for `sncompile lock` (decision 0042)."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sncompile.diagnostics.system_errors import reason
from sncompile.lazy_regex import regex
from sncompile.semantics.repositories.git import Entry, Git, GitError
from sncompile.semantics.repositories.references import FetchError, Repository, commit_folder, is_commit

MOST_FILES = 20_000
MOST_BYTES = 256 * 2**20
"""Repositories with more in a commit are refused: they are a stranger's, and modules are small."""

_SECONDS = 600
_HEXADECIMAL = regex(r"[0-9a-f]{7,64}")
_QUIET = ("--quiet", "--no-tags", "--no-recurse-submodules")
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


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
        git = _Fetching(Path(folder))
        try:
            found = git.fetched(repository, commit)
            _put(git, found, commit_folder(repository, found))
        except GitError as error:
            raise FetchError(str(error)) from None
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


class _Fetching:
    """A repository of our own for one fetch. The user's settings of git are heeded: they say who may read what."""

    def __init__(self, folder: Path) -> None:
        self._git = Git(folder / "repository", own_settings=True, transport=True, seconds=_SECONDS)

    def fetched(self, repository: Repository, commit: str | None) -> str:
        """Fetch a commit, and as little else as the server lets; gives its name. Raises `GitError`."""
        wanted = commit or repository.ref
        # Not every server knows histories that are cut off, nor gives out any commit by its name; none does so by its
        # first digits.
        ways: list[tuple[tuple[str, ...], tuple[str, ...], str]]
        ways = [(("--depth=1",), (wanted,), "FETCH_HEAD"), ((), (wanted,), "FETCH_HEAD")]
        ways += [((), _EVERYTHING, wanted)] if _HEXADECIMAL.fullmatch(wanted) else []
        failed = []
        for options, what, name in ways:
            try:
                self._git.run("fetch", *_QUIET, *options, "--", repository.url, *what)
                return self._commit(name)
            except GitError as error:
                failed.append(error)
        raise failed[-1]

    def _commit(self, name: str) -> str:
        try:
            found = self._git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except GitError:
            raise GitError(f"it has no commit `{name}`") from None  # Quiet, git says nothing.
        commit = found.decode().strip()
        if not is_commit(commit):
            raise GitError(f"git told `{commit}`, which is no commit")
        return commit

    def files(self, commit: str) -> Iterator[tuple[str, Entry]]:
        """The plain files of a commit. Raises `GitError`, and `FetchError` where they are too much."""
        wanted = [(path, entry) for path, entry in self._git.tree(commit) if entry.plain]
        size = sum(size or 0 for size in self._git.sizes([entry.name for _, entry in wanted]))
        if len(wanted) > MOST_FILES or size > MOST_BYTES:
            raise FetchError(f"its {len(wanted):,} files of {size / 2**20:,.0f} MB are too much for modules")
        yield from wanted

    def contents(self, entries: list[Entry]) -> Iterator[bytes]:
        """The bytes of files, in order."""
        asked = "".join(f"{entry.name}\n" for entry in entries).encode()
        told = io.BytesIO(self._git.run("cat-file", "--batch", stdin=asked))
        for _ in entries:
            size = int(told.readline().split()[2])
            yield told.read(size)
            told.readline()


def _put(git: _Fetching, commit: str, place: Path) -> None:
    """Write the files of a commit to their place in the cache, all or nothing. Raises `FetchError`."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
        try:
            files = list(git.files(commit))
            for (path, entry), content in zip(files, git.contents([entry for _, entry in files]), strict=True):
                _write(fresh, path, content, entry.program)
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
        raise FetchError(f"`{place}` cannot be written: {reason(error, place)}") from None


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
