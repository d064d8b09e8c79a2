"""The files of repositories that references lead to, at the commits that the project's lock file has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sncompile.diagnostics import Report, Span
from sncompile.faults import names as faults
from sncompile.faults.runs import NO_REPOSITORY
from sncompile.semantics.modules.lock_file import LOCK, Lock
from sncompile.semantics.repositories.references import Fetch, FetchError, Repository, commit_folder


class Checkouts:
    """Gives the folders of repositories' files. `lock` reads the lock file, if it is asked for a repository at all.

    Without `fetch` no connection is opened: what is not in the cache is told.
    """

    def __init__(self, lock: Callable[[], Lock], report: Report, fetch: Fetch | None) -> None:
        self._lock = lock
        self._report = report
        self._fetch = fetch
        self.commits: dict[str, str] = {}
        """The commits of all repositories that were asked for, by their references without a path."""
        self._failed: dict[str, FetchError] = {}

    def folder(self, repository: Repository, span: Span) -> Path | None:
        """The folder with a repository's files; None after telling why there is none."""
        name = str(repository)
        try:
            commit = self._commit(repository, name)
        except FetchError as error:
            self._failed[name] = error
            hint = f"see that the name is right, and that git may read it: git ls-remote {repository.url}"
            known = self._lock().repositories.get(name)
            if known is not None:
                hint = (
                    f"`{LOCK}` has the commit {known[:12]}; if that is gone, take what the reference leads to now:\n"
                    f"sncompile lock --update SPEC; else {hint}"
                )
            self._report.add(NO_REPOSITORY.at(span, f"`{name}` cannot be fetched: {error}", help=hint))
            return None
        if commit is None:
            message = f"`{LOCK}` has no commit for `{name}`"
            self._report.add(faults.NOT_FETCHED.at(span, message, help="fetch it: sncompile lock SPEC"))
            return None
        folder = commit_folder(repository, commit)
        if not folder.is_dir():
            message = f"`{name}` is not here at the commit {commit[:12]} that `{LOCK}` has"
            self._report.add(faults.NOT_FETCHED.at(span, message, help="fetch it: sncompile lock SPEC"))
            return None
        self.commits[name] = commit
        return folder

    def _commit(self, repository: Repository, name: str) -> str | None:
        """The commit that counts, fetched if that can be; None where none is known. Raises `FetchError`."""
        if name in self._failed:  # Many steps may refer to it.
            raise self._failed[name]
        if name in self.commits:
            return self.commits[name]
        known = self._lock().repositories.get(name)
        return known if self._fetch is None else self._fetch(repository, known)
