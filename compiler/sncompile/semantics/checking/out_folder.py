"""The folder for emitted files and the jobs' outputs keep out of each other's way, wherever the folder is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const, Items, Local, Value
from sncompile.semantics.checking.outputs import Guard, told
from sncompile.semantics.checking.own_files import Kept, Logged, Reach, logs_of
from sncompile.semantics.path_text import start_of
from sncompile.semantics.paths.identity import Identity


def check_out(graph: Graph, out: Path, *, benchmark: bool) -> None:
    """Raise `CompileError` where a job would write into the emitted files, or over a log or measurement of another."""
    identity = Identity(graph.folder)
    guard = Guard(_kept(graph, out, benchmark), identity)
    evaluator = Evaluator(graph.families)
    found = [fault for family in graph.families.values() for fault in _faults(family, evaluator, identity, guard)]
    if found:
        raise CompileError(found)


def _kept(graph: Graph, out: Path, benchmark: bool) -> Iterator[Kept]:
    yield Kept(str(out.absolute()), "the folder of the emitted files", reach=Reach.INSIDE)
    for name, family in graph.families.items():
        logged = Logged(name, bool(family.keys.by), family.span)
        yield from logs_of(logged)
        if benchmark:
            yield from logs_of(logged, "benchmarks", ".tsv", "measurement")


def _faults(family: Family, evaluator: Evaluator, identity: Identity, guard: Guard) -> Iterator[Diagnostic]:
    """What is wrong with the outputs of a family, the first of each."""
    for port, output in family.outputs.items():
        # Most outputs are all in folders that have nothing to do with what is kept.
        starts = _starts(output.path, family)
        if not any(guard.touches(identity.folder(start)) for start in starts):
            continue
        for value in evaluator.column(output.path, family.keys, family):
            met = next(
                (
                    (met, path)
                    for path in (value if isinstance(value, tuple) else (value,))
                    if (met := guard.met(identity.place(str(path)))) is not None
                ),
                None,
            )
            if met is not None:
                yield told(met[0], met[1], family.name, port, output.path.span)
                break


def _starts(value: Value, family: Family) -> list[str]:
    """The folders that all paths of an output lie in, as far as it says so by itself."""
    if isinstance(value, Local):
        return _starts(family.local(value.space, value.name), family)
    if isinstance(value, Items):
        return [start for item in value.items for start in _starts(item, family)]
    if isinstance(value, Const):
        texts = value.value if isinstance(value.value, tuple) else (value.value,)
        return [posixpath.dirname(str(text)) or "." for text in texts]
    return [start_of(value) or "."]
