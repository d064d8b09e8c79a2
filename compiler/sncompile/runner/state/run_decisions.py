"""What a run has to do, and what its engine is told of it."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults
from sncompile.ir.language.locations import is_url, servers_of
from sncompile.remote.servers import Servers
from sncompile.runner.files.claims import Claimed
from sncompile.runner.files.run_files import RealPaths, RunFiles
from sncompile.runner.late import refuse_stale
from sncompile.runner.record import RunFolder
from sncompile.runner.run_options import Prepared, RunOptions
from sncompile.runner.selection.wanted import left_out, waited_for
from sncompile.runner.state.deciding import adopt, decisions_of, states_of, unknown_results, unread_states
from sncompile.runner.state.deleting import delete
from sncompile.runner.state.elsewhere import bring, finders_for, states_elsewhere
from sncompile.runner.state.orders import Deletion, lacking_marks, orders_of, write_orders
from sncompile.runner.state.orphans import Orphan, orphans_of, prune
from sncompile.runner.state.plan_file import check_plan
from sncompile.state.decisions import Decisions
from sncompile.state.store import State, log_place, open_log, put_off_rows
from sncompile.state.temporary import Temporary, absolute, has_temporary, temporary_outputs
from sncompile.views.columns import count


class Decided(NamedTuple):
    """What has to run, by what is known in each root, and the files in which that is kept, with their generations."""

    decisions: Decisions
    states: Mapping[str, State]
    logs: Mapping[str, tuple[Path, int]]
    temporary: tuple[Temporary, ...]

    def busy(self) -> bool:
        """Whether any job runs, or may."""
        return next(self.decisions.jobs(), None) is not None

    def delete_unneeded(self) -> None:
        """Delete the temporary outputs that earlier runs put off, and that nobody of this one reads.

        What cannot be deleted, or not be told of in the state, waits for another run.
        """
        idle = [Deletion(t.path, t.root, t.key, t.kept, frozenset()) for t in self.temporary if not t.after]
        for root, waits in delete(idle, ()).items():
            done = {key: False for key, still in waits.items() if not still}
            with contextlib.suppress(OSError):
                log = open_log(*self.logs[root])
                log.write(list(put_off_rows(done)))
                log.close()


def files_to_prune(run: Prepared, options: RunOptions) -> list[Orphan]:
    """The orphans that a run is to delete, as they are before it claims its files."""
    if not options.prune:
        return []
    states = states_of(run.graph)
    return orphans_of(run.made, states, decisions_of(run.graph, run.jobs, states, hashing=options.hashing))


def prune_orphans(run: Prepared, decided: Decided, before: Sequence[Orphan], say: Callable[[str], None]) -> None:
    """Delete the orphans that are claimed, and that are orphans still."""
    claimed = set(before)
    found = [each for each in orphans_of(run.made, decided.states, decided.decisions) if each in claimed]
    try:
        gone = list(prune(found, decided.states, decided.logs))
    except OSError as error:
        message = f"the state cannot be written: {error.strerror}"
        raise CompileError([faults.NO_MARKS.at(None, message, help="make room, or run without `--prune`")]) from None
    files = sum(len(each.paths) for each in gone)
    say(f"deleted: {count(files, 'file')} of {count(len(gone), 'job')} that the pipeline has no more")
    for orphan in found:
        if orphan not in gone:
            say(f"note: `{orphan.paths[0]}` cannot be deleted")


def decide_run(
    run: Prepared, options: RunOptions, claimed: Claimed, files: RunFiles, say: Callable[[str], None],
    servers: Servers, *, everything: bool,
) -> Decided:  # fmt: skip
    """Decide what has to run: `everything` runs whatever is known of it. Raises `CompileError` where it cannot."""
    states = states_of(run.graph)
    here = os.path.abspath(run.graph.folder)
    half = {os.path.normpath(os.path.join(here, files.writes[path].path)) for path in claimed.half_written}
    asked = None if options.wanted is None else options.wanted.jobs
    places = {claim.root: claim.place.name for claim in claimed.claims}
    # Who writes nothing here claims nothing here: all results may go to a bucket.
    name = next(iter(places.values()), claimed.name)
    logs = {root: log_place(state, places.get(root, name)) for root, state in states.items()}
    others = {} if options.defer is None else states_elsewhere(run.graph, states, options.defer)
    finders = finders_for(run.made, states, options.hashing, others)

    def look(wanted: Mapping[str, Sequence[int]] | None = asked) -> Decisions:
        return decisions_of(
            run.graph, run.jobs, states, wanted=wanted, hashing=options.hashing, half=half,
            asked=(lambda task, number: True) if everything else None, finders=finders, servers=servers,
        )  # fmt: skip

    decisions = look()
    for note in unread_states(run.graph):
        say(note)
    found = unknown_results(decisions)
    if found and options.adopt:
        adopt(decisions, states, logs, options.hashing)
        decisions = look()
        say(f"the results of {count(found, 'job')} are taken as they are")
    elif found:
        say(
            f"note: results of {count(found, 'job')} are there, and no run is known to have made them: they are made "
            "anew (`--adopt` takes them as they are)"
        )
    refuse_stale(run.made.program, run.graph, decisions)
    if options.wanted is not None and options.wanted.alone:
        left_out(decisions, run.jobs)
    if options.plan is not None:
        check_plan(options.plan, decisions, run.graph)
    bring(decisions, states, logs)
    for whose, number in sorted(Counter(each.whose for each in decisions.brought.values()).items()):
        say(f"the results of {count(number, 'job')} are taken from {whose}")
    real = RealPaths(Path(here))
    temporary = _temporary(run, options, decisions, look, lambda path: real(path) in files.writes)
    return Decided(decisions, states, logs, tuple(temporary))


def _temporary(
    run: Prepared, options: RunOptions, decisions: Decisions,
    look: Callable[[Mapping[str, Sequence[int]]], Decisions], claimed: Callable[[str], bool],
) -> Iterator[Temporary]:  # fmt: skip
    """The temporary outputs that the run has to do with."""
    wanted = options.wanted
    if wanted is None:
        return temporary_outputs(decisions, decisions, decisions.states, frozenset())
    if not has_temporary(run.jobs):
        return iter(())
    whole = {
        name: sorted({*run.jobs.wanted.get(name, ()), *wanted.jobs.get(name, ())})
        for name in run.jobs.tasks
        if name in run.jobs.wanted or name in wanted.jobs
    }
    asked = absolute(wanted.files, run.graph.folder)
    return temporary_outputs(decisions, look(whole), decisions.states, asked, claimed)


def give_orders(
    folder: RunFolder, run: Prepared, options: RunOptions, marked: Collection[str], decided: Decided
) -> dict[str, Any]:
    """Write down for the engine what has to run; gives what the record says of it."""
    for mark in lacking_marks(run.graph, decided.decisions, marked):
        place = Path(run.graph.folder, mark)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    written = {root for made, _ in decided.decisions.jobs() for root in made.roots}
    for root in written | {each.root for each in decided.temporary}:
        try:
            open_log(*decided.logs[root]).close()
        except OSError as error:
            message = f"`{decided.logs[root][0].parent}`: {error.strerror}"
            help = "a run writes there how results are made; make room, or have another folder written to"
            raise CompileError([faults.NO_MARKS.at(None, message, help=help)]) from None
    alone = options.wanted is not None and options.wanted.alone
    gone = {**(waited_for(run.graph, options.wanted) if options.wanted and alone else {}), **decided.decisions.gone}
    orders = orders_of(run.graph, run.jobs, decided.decisions, marked)
    write_orders(folder.orders, orders, gone, decided.temporary, run.jobs)
    roots = [
        {"root": root, "spelled": state.spelled, "log": str(decided.logs[root][0]), "generation": decided.logs[root][1]}
        for root, state in decided.states.items()
    ]
    return {
        "hashing": options.hashing.value,
        "folder": os.path.abspath(run.graph.folder),
        "roots": roots,
        "servers": sorted(servers_of(run.graph.roots.values())),
        "sums": {path: total for path, total in run.graph.sums.items() if is_url(path)},
    }
