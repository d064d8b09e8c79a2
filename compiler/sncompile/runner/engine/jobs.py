"""What the engine's process does around its jobs: marks of unfinished work, signs of life, logs of failed tries, and
what was written."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.faults import runs as faults
from sncompile.ir.language.locations import is_url
from sncompile.runner.disks import Disk, temporary_folder, troubled
from sncompile.runner.engine.hooks import EngineJob, Refused
from sncompile.runner.files.claims import SIGN_OF_LIFE, Claim
from sncompile.runner.files.run_files import RealPaths, Written
from sncompile.runner.log_files import hide_in
from sncompile.runner.record import PRIVATE
from sncompile.targets.snakemake.shell_code import MADE
from sncompile.telemetry.redaction import NO_SECRETS, Redaction

_NOBODYS = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))
"""What file managers leave in a folder that somebody has looked at."""


class Objection(NamedTuple):
    """Why a job must not start: the code of the fault, and the message."""

    code: str
    message: str


class JobKeeper:
    """Marks what is being written in the claims that it belongs to, and remembers what was.

    `by_mark` has the files of jobs that the engine knows by a mark; with `elsewhere`, jobs write copies that the engine
    brings to a store, and not the files that were claimed. `made` are outputs that runs are known to have made. `hide`
    takes secrets out of the log of a job that has ended; with `private`, logs are for their owner alone before that,
    too. `refuse` hears why jobs must not start, `tell_disks` of the disks that could not be written to when the job
    with these outputs failed. `spared` gives the outputs, absolute, that a job leaves as they are. `place_of_try` says
    where the log of a try is kept before another one writes a new log.
    """

    def __init__(
        self, working: Path, claims: Sequence[Claim], by_mark: Mapping[str, Sequence[Written]],
        hide: Redaction = NO_SECRETS, *, private: bool = False, elsewhere: bool = False, made: Collection[str] = (),
        refuse: Callable[[Objection], None] = lambda objection: None,
        tell_disks: Callable[[list[str], list[Disk]], None] = lambda outputs, disks: None,
        spared: Callable[[EngineJob], Collection[str]] = lambda job: (),
        place_of_try: Callable[[str, int], Path] | None = None,
    ) -> None:  # fmt: skip
        self._spared = spared
        self._tell_disks, self._place_of_try = tell_disks, place_of_try
        self._tries: dict[str, int] = {}
        self._refuse, self._made = refuse, made
        self._working, self._by_mark, self._hide, self._private = working, by_mark, hide, private
        self._claimed = None if elsewhere else set[str]().union(*(claim.files()[0] for claim in claims))
        self._claims = sorted(claims, key=lambda claim: len(claim.root), reverse=True)
        self._marks = {claim.place: claim.marks() for claim in self._claims}
        self._begun: set[str] = set()
        self.written: dict[str, Written] = {}
        """What the jobs that ended well have written, by its path."""

    def begin(self, jobs: list[EngineJob]) -> None:
        """Mark the files of jobs. Raises `OSError` where that cannot be, and `Refused`."""
        files = [written for job in jobs for written in self._files(job)]
        real = RealPaths(self._working)
        found = next(filter(None, (self._objection(written, real) for written in files)), None)
        if found is not None:
            self._refuse(found)
            raise Refused(found.message)
        spared = {path for job in jobs for path in self._spared(job)}
        begun = (written for written in files if os.path.normpath(self._working / written.path) not in spared)
        for claim, names in self._by_claim(begun).items():
            self._marks[claim.place].begin(names)
        for log in (log for job in jobs for log in job.logs):
            self._keep_last_try(log)

    def _keep_last_try(self, log: str) -> None:
        """Put the log of a failed try aside, as the next one begins its log anew."""
        number = self._tries.get(log, 0)
        self._tries[log] = number + 1
        if number and self._place_of_try is not None:
            place = self._place_of_try(log, number)
            with contextlib.suppress(OSError):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(self._working / log, place)

    def _objection(self, written: Written, real: RealPaths) -> Objection | None:
        """Why a file must not be written, if it must not."""
        # A job may have put a link in the place of a folder since the paths were compared.
        if self._claimed is not None and real(written.path) not in self._claimed:
            place = os.path.relpath(real(written.path), self._working)
            told = f"`{written.path}` would be written to `{place}`, for a link that was made since the run began"
            return Objection(faults.LED_ELSEWHERE.code, told)
        if not written.directory or written.path in self._begun:
            return None  # What an earlier try of this run left is its own.
        self._begun.add(written.path)
        if os.path.normpath(written.path) not in self._made and self._is_foreign(self._working / written.path):
            told = f"`{written.path}` holds files that no run made, and its job would delete them"
            return Objection(faults.NOT_OURS.code, told)
        return None

    def _is_foreign(self, folder: Path) -> bool:
        """Whether a directory holds something and no job made it; what died half-way was deleted at the start."""
        try:
            return (
                not os.path.islink(folder) and MADE not in (names := os.listdir(folder)) and bool({*names} - _NOBODYS)
            )
        except OSError:
            return False

    def prepared(self, job: EngineJob) -> None:
        """Make the job's logs, where they are for their owner alone."""
        for log in job.logs if self._private else ():
            place = self._working / log
            with contextlib.suppress(OSError):
                place.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))

    def failing(self, job: EngineJob) -> None:
        """Look at the disks that a job writes to, before the engine deletes what it wrote."""
        folders = (os.path.dirname(path) for path in (*(p for p, _, _ in job.outputs if not is_url(p)), *job.logs))
        found = troubled(dict.fromkeys((*folders, temporary_folder())), self._working)
        if found:
            self._tell_disks([path for path, _, _ in job.outputs], found)

    def end(self, job: EngineJob, *, well: bool, whole: bool) -> None:
        """Take a job's marks away where nothing of it is half-written; what it wrote has to be there at the end."""
        hide_in(map(self._working.joinpath, job.logs), self._hide)
        files = list(self._files(job))
        if whole:
            for claim, names in self._by_claim(files).items():
                self._marks[claim.place].end(names)
        if well:
            self.written.update((written.path, written) for written in files)

    def keep(self, paths: Iterable[str]) -> None:
        """Take the marks away of files that are whole, although their job was stopped."""
        for claim, names in self._by_claim(Written(path, False, False) for path in paths).items():
            self._marks[claim.place].end(names)

    def _files(self, job: EngineJob) -> Iterable[Written]:
        for path, directory, temp in job.outputs:
            if is_url(path):
                continue  # It is nobody's file of this machine.
            yield Written(path, directory, temp)
            yield from self._by_mark.get(path, ())

    def _by_claim(self, files: Iterable[Written]) -> dict[Claim, list[str]]:
        found: dict[Claim, list[str]] = {}
        real = RealPaths(self._working)
        for written in files:
            path = real(written.path)
            claim = next((c for c in self._claims if path.startswith(f"{c.root.rstrip('/')}/")), None)
            if claim is not None:
                found.setdefault(claim, []).append(claim.name_of(path))
        return found


class SignsOfLife(threading.Thread):
    """Tells in every claim from time to time that the run lives; `lost` is called where somebody took it for dead."""

    def __init__(self, claims: Sequence[Claim], lost: Callable[[Claim], None]) -> None:
        super().__init__(daemon=True)
        self._claims, self._lost = claims, lost
        self._ended = threading.Event()

    def run(self) -> None:
        """Until `stop` is called."""
        while not self._ended.wait(SIGN_OF_LIFE):
            for claim in self._claims:
                if not claim.live():
                    self._lost(claim)
                    return

    def stop(self) -> None:
        """Give no more signs, and miss nothing any more: from then on the claims may be let go of."""
        self._ended.set()
        self.join()
