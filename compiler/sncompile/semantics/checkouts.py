"""The files of repositories that references lead to, at the commits that the project's lock file has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sncompile.diagnostics import Report, Span
from sncompile.faults import names as faults
from sncompile.faults.runs import NO_REPOSITORY
from sncompile.semantics.lock_file import LOCK, Lock
from sncompile.semantics.repositories import Fetch, FetchError, Repository, commit_folder


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
        self._failed: dict[str, str] = {}

    def folder(self, repository: Repository, span: Span) -> Path | None:
        """The folder with a repository's files; None after telling why there is none."""
        name = str(repository)
        commit = self.commits.get(name) or self._lock().repositories.get(name)
        if self._fetch is not None and name not in self.commits:
            try:
                if name not in self._failed:
                    commit = self._fetch(repository, commit)
            except FetchError as error:
                self._failed[name] = str(error)
            if name in self._failed:
                message = f"`{name}` cannot be fetched: {self._failed[name]}"
                hint = "see that the name is right, and that git may read it: git ls-remote " + repository.url
                self._report.add(NO_REPOSITORY.at(span, message, help=hint))
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
