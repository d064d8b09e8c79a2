"""Has Snakemake do the jobs that sncompile says, and no others, and writes down how they ended.

Snakemake decides by times and by records of its own, and its options lose jobs: of one that was forced and comes after
another forced one, or of an input that is a list, it forgets. So `DAG.update_needrun`, in which it decides, is replaced
in its own process. A job that only may run is handed to Snakemake too; when its turn has come and all that it reads is
as it was, it is passed over, and its results stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from sncompile.ir.language.locations import absolute, is_url, normalized
from sncompile.remote.servers import Servers
from sncompile.runner.engine.hooks import EngineJob
from sncompile.runner.measures import read_measure
from sncompile.runner.state.deleting import delete, remove
from sncompile.runner.state.orders import Order, Orders, engine_jobs
from sncompile.state.decisions import Verdict
from sncompile.state.log import Log, Row
from sncompile.state.store import (
    Done,
    Made,
    Measured,
    State,
    job_rows,
    made_row,
    measure_row,
    put_off_rows,
    stamp_rows,
    stamps_of,
)
from sncompile.state.versions import ABSENT, CHANGING, Hashing, Looker
from sncompile.targets.snakemake.batching import LEFT_OUT


class Obedience:
    """The orders of a run, while it goes on."""

    def __init__(
        self, orders: Orders, states: Mapping[str, State], logs: Mapping[str, Log], hashing: Hashing, working: Path, *,
        deletes: bool = True, elsewhere: bool = False, servers: Servers | None = None, pipeline: str = "",
        tell_changed: Callable[[str, str, bool], None] = lambda path, output, gone: None,
    ) -> None:  # fmt: skip
        """`deletes`: whether temporary outputs are deleted at all; `elsewhere`: whether other machines do the jobs;
        `pipeline`: whose jobs these are. `tell_changed` hears of an input that changed while a job read it, and the
        first output of that."""
        self._tell_changed = tell_changed
        self._pipeline = pipeline
        self._orders, self._gone, self._temporary = orders
        self._states, self._logs, self._working, self._deletes = states, logs, working, deletes
        self._elsewhere = elsewhere
        self._busy = engine_jobs(self._orders)
        self._kept = {each.path for each in self._temporary if each.kept}
        self._well: set[str] = set()
        """The outputs of jobs that have ended well, or need not run."""
        now = next(iter(logs.values())).now if logs else None
        self._looker = Looker(stamps_of(states), hashing, now, servers)
        self._first: dict[str, str] = {}
        self._settled: dict[tuple[str, str], bool] = {}
        self._left_out: dict[str, list[Path]] = {}
        """Marks of jobs that are left out of batches that run, by the first output of the engine's job."""
        self._begun: dict[str, tuple[float, list[tuple[Order, tuple[str, ...]]]]] = {}
        self._listed: dict[str, set[str]] = {}
        self._young: dict[str, tuple[str, str]] = {}
        self._met: set[str] = set()

    # --- What runs --------------------------------------------------------------------------------------------------

    def runs(self, outputs: Iterable[str]) -> bool:
        """Whether a job with such outputs is to run, or may."""
        for path in outputs:
            name = normalized(path)
            if name in self._busy:
                self._met.add(name)
                return True
        return False

    def made(self, folder: str) -> set[str]:
        """The outputs that runs are known to have made, as jobs in the working folder `folder` have them."""
        start = f"{folder.rstrip('/')}/"
        every = (order for held in self._orders.values() for order in held if order.made)
        return {normalized(path.removeprefix(start)) for order in every for path in order.outputs}

    def unmet(self) -> set[str]:
        """What is to be done and the engine knows no job for."""
        return self._busy - self._met

    def lacks(self, path: str) -> bool:
        """Whether an input is not there, and need not be: a run has deleted it, its maker is left out, or of a batch
        only those jobs read it that stay as they are."""
        place = absolute(str(self._working), path)
        return not os.path.lexists(place) and (place in self._gone or place in self._unread)

    @cached_property
    def _unread(self) -> frozenset[str]:
        """What is read by jobs of batches that stay as they are, and by none that runs, or may."""
        every = [order for held in self._orders.values() for order in held]
        idle = {path for order in every if order.verdict is Verdict.STAYS for path in order.inputs}
        return frozenset(idle.difference(*(order.inputs for order in every if order.verdict is not Verdict.STAYS)))

    def stays(self, job: EngineJob) -> bool:
        """Whether a job whose turn has come need not run, as all that it reads is as it was."""
        orders = list(self._of(job))
        if not orders or any(order.verdict is Verdict.RUN for order in orders):
            return False
        self._looker.forget()
        stays = all(order.verdict is Verdict.STAYS or self._is_same(order) for order in orders)
        if stays:
            self._note_well(job)
        return stays

    def keeps(self, path: str) -> bool:
        """Whether a temporary output stays, as it was asked for, or a job that is left out still reads it."""
        return os.path.normpath(self._working / path) in self._kept

    def _note_well(self, job: EngineJob) -> None:
        self._well.update(os.path.normpath(path) for path, _, _ in job.outputs)

    def _is_same(self, order: Order) -> bool:
        known = order.before
        if known is None or len(known) != len(order.inputs):
            return False
        return all(map(self._is_known, order.inputs, known))

    def _is_known(self, path: str, known: str) -> bool:
        """Whether a file is as it was; one that was deleted, and not made again by now, is not needed."""
        if self._looker.same(path, known):
            return True
        return self._gone.get(path) == known and self._looker.version(path) == ABSENT

    def _of(self, job: EngineJob) -> Iterator[Order]:
        for path, _, _ in job.outputs:
            found = self._orders.get(normalized(path))
            if found is not None:
                yield from found
                return

    # --- What is written down -------------------------------------------------------------------------------------

    def begin(self, jobs: list[EngineJob]) -> None:
        """Look at what jobs read, before they start. Raises `OSError` where the state cannot be written."""
        rows: dict[str, list[str]] = {}
        for job in jobs:
            if not job.outputs:
                continue  # It only asks for the others.
            started = []
            for order in self._of(job):
                if self._stays(order):
                    self._keep(order, job.outputs[0][0])
                    continue
                if order.mark:
                    (self._working / order.mark).unlink(missing_ok=True)
                versions = tuple([self._first.get(path) or self._look_first(path) for path in order.inputs])
                started.append((order, versions))
                rows.setdefault(order.root, []).append(order.key)
            self._begun[job.outputs[0][0]] = (time.time(), started)
        for root, keys in rows.items():
            self._write(root, [["x", keys]])
        if self._elsewhere:
            self._clear(jobs)

    def _clear(self, jobs: Iterable[EngineJob]) -> None:
        """Delete what jobs are about to make anew, as their nodes do once they have seen all that is to be read.

        A node that does not see it ends well all the same (Snakemake 9.27), and what is there would count as made.
        """
        for job in jobs:
            kept = self.spared(job)
            paths = {absolute(str(self._working), path) for path, _, _ in job.outputs if not is_url(path)}
            paths.update(path for order in self._of(job) for path in order.outputs if not is_url(path))
            for path in paths - kept:
                # Snakemake refuses to write anew what it has protected, and says so.
                if os.path.islink(path) or os.access(path, os.W_OK):
                    with contextlib.suppress(OSError):
                        remove(path)

    def fetching(self, job: EngineJob) -> None:
        """Look at what a job reads from elsewhere before it is fetched: a copy holds what was there then, and nothing
        that came while others were fetched, which may take hours."""
        for order in self._of(job):
            for path in order.inputs:
                if is_url(path) and path not in self._first:
                    self._look_first(path)

    def _look_first(self, path: str) -> str:
        """What a file is before any job of this run reads it, or once the job that writes it has ended.

        If it changes later, before a job reads it, that is seen when the job has ended: the job runs again then.
        """
        found = self._first[path] = self._looker.version(path)
        return found

    def spared(self, job: EngineJob) -> set[str]:
        """The outputs, absolute, of those jobs of a batch that need not run, now that its turn has come."""
        return {path for order in self._of(job) if self._stays(order) for path in order.outputs}

    def _stays(self, order: Order) -> bool:
        """Whether a job of a batch need not run; once the batch has begun, that is settled."""
        if not order.mark:
            return False
        job = (order.root, order.key)
        if job not in self._settled:
            self._settled[job] = order.verdict is not Verdict.RUN and (
                order.verdict is Verdict.STAYS or self._is_same(order)
            )
        return self._settled[job]

    def _keep(self, order: Order, batch: str) -> None:
        """Have a job of a batch be left alone: by its mark it is done as the script now says it.

        Where its results are not there, as they were deleted or nobody asks for them, it is only left out.
        """
        mark = self._working / order.mark
        mark.parent.mkdir(parents=True, exist_ok=True)
        there = all(map(os.path.lexists, order.outputs))
        mark.write_text(f"{order.mark_text}{'' if there else LEFT_OUT}\n", encoding="utf-8")
        if there:
            # The script asks for times: those of inputs may be of another clock, or to come.
            newest = max(map(_time, order.inputs), default=0)
            if newest > mark.stat().st_mtime_ns:
                os.utime(mark, ns=(newest, newest))
        else:
            self._left_out.setdefault(batch, []).append(mark)

    def prepared(self, job: EngineJob) -> None:
        """Nothing is to be done then."""

    def failing(self, job: EngineJob) -> None:
        """Nothing is to be done then: what is not known to have ended well runs again."""

    def end(self, job: EngineJob, *, well: bool, whole: bool) -> None:
        """Write down how a job was made that ended well. Of what changed while it was read there is no version."""
        # Another batch may be on its way, and goes by its own marks.
        self._take_in(self._left_out.pop(job.outputs[0][0], ()) if job.outputs else ())
        if well:
            self._note_well(job)
        began, orders = self._begun.pop(job.outputs[0][0], (0.0, [])) if job.outputs else (0.0, [])
        if orders:
            self._note_done(began, orders, well, self._memory(job) if len(orders) == 1 else None)

    @staticmethod
    def _take_in(marks: Iterable[Path]) -> None:
        """Have jobs be left out no more."""
        for mark in marks:
            mark.unlink(missing_ok=True)

    def _note_done(
        self, began: float, orders: Sequence[tuple[Order, tuple[str, ...]]], well: bool, memory: float | None = None
    ) -> list[str]:
        """Write down those of the jobs of one of the engine's that are done. Gives what these have written."""
        self._looker.forget()
        rows: dict[str, list[Row]] = {}
        whole: list[str] = []
        for order, versions in orders:
            # A batch whose own job ended well may not have begun: a node that lacks an input does so.
            if (order.mark or not well) and not (order.mark and (self._working / order.mark).exists()):
                continue
            if not well:
                # Another try of the batch does what is left.
                self._settled[order.root, order.key] = True
            read = zip(order.inputs, versions, strict=True)
            inputs = tuple([known if self._looker.same(path, known) else CHANGING for path, known in read])
            for path, version, before in zip(order.inputs, inputs, versions, strict=True):
                # What nobody can tell apart, such as a page of a server that says nothing of it, has not changed.
                if version is CHANGING and before[:1] != "?":
                    gone = self._looker.version(path) == ABSENT
                    self._tell_changed(path, order.outputs[0] if order.outputs else order.key, gone)
            outputs = tuple([self._looker.version(path) for path in order.outputs])
            if not order.outputs and not self._mark(order):
                continue
            ended = time.time()
            # Of a batch nobody knows how long each of its jobs took.
            seconds = (ended - began) / len(orders)
            done = Done(order.digest, inputs, outputs, round(ended, 3), round(seconds, 3))
            rows.setdefault(order.root, []).extend(
                job_rows({order.key: done}, self._listed.setdefault(order.root, set()))
            )
            rows[order.root] += self._whose(order)
            sizes = tuple(map(self._looker.size, order.outputs))
            if memory is not None or any(map(_is_folder, outputs)):
                rows[order.root].append(measure_row({order.key: Measured(memory, sizes)}))
            self._young |= {p: (order.root, v) for p, v in zip(order.outputs, outputs, strict=True)
                            if not self._looker.has_stamp(p)}  # fmt: skip
            whole += order.outputs
        self._write_all(rows)
        return whole

    def _whose(self, order: Order) -> list[Row]:
        """Whose job it is, and what it wrote, where that is not known yet."""
        state = self._states[order.root]
        made = Made(self._pipeline, tuple(map(state.name, order.outputs)))
        return [] if not made.outputs or state.made.get(order.key) == made else [made_row({order.key: made})]

    def _mark(self, order: Order) -> bool:
        """Leave the mark by which a state knows a job that writes nothing, as the engine may have another one.

        False where that cannot be: the job runs again.
        """
        place = Path(self._states[order.root].start, order.key)
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        return place.exists()

    def _memory(self, job: EngineJob) -> float | None:
        return read_measure(self._working / job.benchmark).memory if job.benchmark else None

    def stopped(self) -> list[str]:
        """Write down what batches have done that were stopped on their way. Gives what is whole of them, absolute."""
        if not self._elsewhere:  # A node may still be at it.
            for marks in self._left_out.values():
                self._take_in(marks)
        return [path for began, orders in self._begun.values() for path in self._note_done(began, orders, well=False)]

    def finish(self) -> None:
        """Look once more at outputs that were too young to be known again by their times, and delete what is temporary
        and was not needed any more."""
        self._looker.forget()
        rows: dict[str, list[Row]] = {}
        if self._deletes:
            for root, waits in delete(self._temporary, self._well).items():
                before = self._states[root].put_off
                rows[root] = list(put_off_rows({k: waits[k] for k in waits if waits[k] or k in before}))
        for path, (root, version) in self._young.items():
            if self._looker.version(path) == version:
                rows.setdefault(root, [])
        self._write_all(rows)

    def _write_all(self, rows: dict[str, list[Row]]) -> None:
        stamps = self._looker.take_learned()
        if stamps and rows:
            state = self._states[next(iter(rows))]
            rows[state.root] += stamp_rows(state, stamps)
        for root, found in rows.items():
            # What cannot be written is lost, and the job runs again.
            with contextlib.suppress(OSError):
                self._write(root, found)

    def _write(self, root: str, rows: Sequence[Row]) -> None:
        self._logs[root].write(rows)


def _time(path: str) -> int:
    """When a file was changed last, in ns; 0 for what cannot be looked at."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _is_folder(version: str) -> bool:
    return version[:1] == "/"
