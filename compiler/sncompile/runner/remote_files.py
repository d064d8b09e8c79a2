"""Looks, before a run starts, whether what it reads from elsewhere is there, and what fetches it is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import NamedTuple

from sncompile.compilation import Compilation
from sncompile.diagnostics import CompileError, Diagnostic, Related, Span
from sncompile.faults import runs as faults
from sncompile.ir.language.locations import is_url, location, servers_of
from sncompile.lowering.model import Input, Lowered, Output
from sncompile.remote.found import NotReached, NotThere
from sncompile.remote.servers import Servers
from sncompile.semantics.checking.cells import said_at
from sncompile.semantics.program import Step
from sncompile.semantics.tables.sheet_places import shown_lines
from sncompile.targets.snakemake.storage import providers_of
from sncompile.views.columns import count

EXTRAS: Mapping[str, str] = {"http": "http", "s3": "s3"}
"""The extra of sncompile that brings each storage plugin."""

_MOST_TOLD = 10
"""So many files are named that are not there."""


class _Named(NamedTuple):
    """A URL, and where it is named."""

    step: str
    span: Span


def look_elsewhere(
    made: Compilation, wanted: Mapping[str, Sequence[int]], say: Callable[[str], None], *, budget: bool = False
) -> Servers:
    """The servers of a pipeline, once they were asked for all that the wanted jobs read there.

    `budget`: the run has one for the disk. Raises `CompileError` where something is not there.
    """
    servers = Servers(servers_of(made.graph.roots.values()), made.graph.sums)
    port = next((port for _, port in remote_ports(made.jobs)), None)
    if port is None:
        return servers
    lacking = list(lacking_plugins(made.jobs))
    if budget:
        help = "leave `--disk` out, or fetch the files before"
        lacking.append(faults.REMOTE_BUDGET.at(port.span, "copies of files from elsewhere are not counted", help=help))
    lacking = lacking or list(lacking_files(made, wanted, servers, say))
    if lacking:
        raise CompileError(lacking, {**made.program.documents, **shown_lines(lacking, made.program.sheets)})
    return servers


def remote_ports(lowered: Lowered) -> Iterator[tuple[str, Input | Output]]:
    """The ports of which some paths are URLs, each with its task."""
    for name, task in lowered.tasks.items():
        ports: tuple[Input | Output, ...] = (*task.inputs.values(), *task.outputs.values())
        yield from ((name, port) for port in ports if port.remote)


def lacking_plugins(lowered: Lowered) -> Iterator[Diagnostic]:
    """What fetches and sends files, and is not installed."""
    told: set[str] = set()
    for step, port in remote_ports(lowered):
        for provider in sorted(providers_of((port,)) - told):
            told.add(provider)
            if find_spec(f"snakemake_storage_plugin_{provider}") is None:
                message = f"`{step}` needs Snakemake's storage plugin `{provider}`, which is not installed"
                help = f"pip install 'sncompile[{EXTRAS[provider]}]'"
                yield faults.NO_PLUGIN.at(port.span, message, help=help)


def lacking_files(
    made: Compilation, wanted: Mapping[str, Sequence[int]], servers: Servers, say: Callable[[str], None]
) -> Iterator[Diagnostic]:
    """What the wanted jobs read from elsewhere and is not there, and servers and buckets that are not to be reached."""
    lowered = made.jobs
    reads: dict[str, _Named] = {}
    writes: dict[str, _Named] = {}
    for step, port in remote_ports(lowered):
        found = reads if isinstance(port, Input) else writes
        for number in wanted.get(step, ()):
            for path in port.paths[number] or ():
                if is_url(path) and (isinstance(port, Output) or lowered.writer(path) is None):
                    found.setdefault(path, _Named(step, port.span))
    if len(reads) > 1:
        say(f"looking for {count(len(reads), 'file')} at {', '.join(sorted({location(u).server for u in reads}))}")
    for url, told in _not_there(reads, servers):
        yield _at_its_cell(told, url, made.program.steps.get(reads[url].step))
    yield from _not_written(writes)


def _at_its_cell(told: Diagnostic, url: str, step: Step | None) -> Diagnostic:
    """What is told of a URL, with the cell of the sheet that names it."""
    said = next(
        (at for value in (step.inputs.values() if step is not None else ()) if (at := said_at(value, url))), None
    )
    return told if said is None else replace(told, related=(Related("it is named here", said), *told.related))


def _not_there(reads: Mapping[str, _Named], servers: Servers) -> Iterator[tuple[str, Diagnostic]]:
    answers = servers.ask(reads)
    gone = [url for url, answer in answers.items() if isinstance(answer, NotThere)]
    left = len(gone) - _MOST_TOLD
    for url in gone[:_MOST_TOLD]:
        more = f" (and {left:,} more)" if left > 0 and url == gone[_MOST_TOLD - 1] else ""
        help = "look at the address; what is read by jobs that are not wanted is not looked for"
        message = f"`{url}`, which `{reads[url].step}` reads, is not there{more}"
        yield url, faults.NOT_AT_SERVER.at(reads[url].span, message, help=help)
    told: set[str] = set()
    for url, answer in answers.items():
        if isinstance(answer, NotReached) and str(answer) not in told:
            told.add(str(answer))
            others = sum(1 for other in answers.values() if isinstance(other, NotReached) and str(other) == str(answer))
            more = f" and {others - 1:,} more" if others > 1 else ""
            message = f"`{url}`{more}, which `{reads[url].step}` reads: {answer}"
            help = answer.help or "see that the server is up, and that its login is where its own tools look for it"
            yield url, faults.NOT_REACHED.at(reads[url].span, message, help=help)


def _not_written(writes: Mapping[str, _Named]) -> Iterator[Diagnostic]:
    """Buckets that are to be written to, each looked at once."""
    for server, (url, named) in {location(u).server: (u, n) for u, n in reversed(list(writes.items()))}.items():
        try:
            _look_at(url)
        except NotReached as why:
            help = "make it, or see that its login is where its own tools look for it; a run makes no buckets"
            yield faults.NOT_REACHED.at(named.span, f"`{named.step}` writes to `{server}`: {why}", help=help)


def _look_at(url: str) -> None:
    from sncompile.remote import buckets

    buckets.look_at_bucket(url)
