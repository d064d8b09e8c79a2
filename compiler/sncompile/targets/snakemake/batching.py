"""Batches: families whose instances are done several to a job.

The batched family becomes one over its batches, whose one argument list calls `batch.sh` on some lines of a script that
is emitted with the files. Its outputs are the paths of all its instances, so it is known by its mark (see `marking`);
who reads from an instance waits for the mark of its batch. This is a rewriting of the graph before it is lowered. The
new family still has `batches`: each of its instances is one.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from sncompile.ir.graph.commands import Success, Waits
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.feeds import feeds, waited_for
from sncompile.ir.graph.files import ModuleFile
from sncompile.ir.graph.model import Family, Graph, Input, Output
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.jobs.expansion import Expansion, Job
from sncompile.ir.keys.key_set import KeySet, Link, keys_of
from sncompile.ir.keys.table import Table
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.types import INTEGER, STRING, Type
from sncompile.ir.values.model import Cell, Const, Made, Related, Value
from sncompile.ir.values.model import ModuleFile as FileValue
from sncompile.ir.values.model import Output as OutputValue
from sncompile.targets.snakemake.marking import mark_start

RUNNER = "batch.sh"


def with_batches(graph: Graph, files: str) -> Graph:
    """The graph as an engine sees it that knows nothing of batches; `files` is where module files will lie."""
    batched = {name: family for name, family in graph.families.items() if family.batches}
    if not batched:
        return graph
    expansion = Expansion(graph, files=files)
    made = {name: _Batching(family, expansion) for name, family in batched.items()}
    families: dict[str, Family] = {}
    for name, family in graph.families.items():
        found = map_family(family, lambda value: _reading(value, made)) if name not in made else made[name].family(made)
        families[name] = found._replace(after=tuple(_waits(family, found.keys, graph, made, expansion)))
    outputs = {name: _reading(value, made) for name, value in graph.outputs.items()}
    runner = Path(str(package_files("sncompile.templates"))).resolve() / "support" / RUNNER
    scripts = {each.place: ModuleFile(Path(), each.place, each.script().encode()) for each in made.values()}
    emitted = {**graph.files, RUNNER: ModuleFile(runner, RUNNER), **scripts}
    return with_families(replace(graph, outputs=outputs, files=emitted), families)


LEFT_OUT = " left out"
"""What stands behind the digest in the mark of an instance that is not to be done now, whatever there is of it."""


def instance_marks(workspace: str, family: Family) -> str:
    """The folder with the marks of a batched family's instances."""
    return f"{mark_start(workspace, family.name, family.keys)}/instances"


def instance_mark(workspace: str, family: Family, number: int) -> str:
    """The mark of an instance of a batched family."""
    return f"{instance_marks(workspace, family)}/{'/'.join(map(encode_key, family.keys.instances[number]))}.done"


class _Batching:
    """One family on its way into batches."""

    def __init__(self, family: Family, expansion: Expansion) -> None:
        self.old, self._expansion = family, expansion
        count = max(family.batches) + 1
        self.members: list[list[int]] = [[] for _ in range(count)]
        for number, batch in enumerate(family.batches):
            self.members[batch].append(number)
        self.jobs = list(expansion.jobs(family.name))
        self.place = f"batches/{family.name}.sh"
        """The script, below the emitted files."""
        key = f"{family.name}_batch".replace(".", "_")
        lines = [1]
        for found in self.members:
            lines.append(lines[-1] + len(found))
        width = len(str(count))
        columns: dict[str, Sequence[Any]] = {
            key: [str(n + 1).zfill(width) for n in range(count)],
            "first": lines[:-1],
            "last": [line - 1 for line in lines[1:]],
        }
        self._table = Table(key, (key,), columns, span=family.span)
        self.keys: KeySet = keys_of(self._table)

    def paths(self, port: str) -> Table:
        """What an output's path is, by instance: a table with a row for each."""
        cells = [job.outputs[port] for job in self.jobs]
        return Table(f"{self.old.name}.{port}", (), {port: cells}, span=self.old.span)  # type: ignore[dict-item]

    def _gathered(self, value: Value, kind: Type) -> Value:
        """A value of the instances as the list of it over a batch."""
        target = KeySet(self.keys.rows, self.keys.by, Link(self.old.keys, self.members, False))
        return Related(value, self.old.keys, target, kind._replace(many=True, optional=False), self.old.span)

    def family(self, made: Mapping[str, _Batching]) -> Family:
        """The family of batches; `made` are all of them, from which it may read."""
        old, span = self.old, self.old.span
        cells = [Related(Cell(self._table, c, INTEGER, span), self.keys, self.keys, INTEGER, span)
                 for c in ("first", "last")]  # fmt: skip
        marks = instance_marks(self._expansion.graph.workspace, old)
        command: tuple[Value, ...] = (
            Const("bash", STRING, span), FileValue(RUNNER, Type("file"), span),
            FileValue(self.place, Type("file"), span), *cells, Const(marks, STRING, span),
        )  # fmt: skip
        return old._replace(
            keys=self.keys,
            inputs={n: self._input(p, made) for n, p in old.inputs.items() if not _absent(p.value)},
            params={},
            outputs={n: self._output(n, o) for n, o in old.outputs.items()},
            command=command,
            shell=None,
            lists={},
            env=tuple(v for v in old.env if v.secret),
            resources=self._resources(),
            success=Success(),
            origins={},
            batch=1,
            batches=tuple(range(len(self.members))),
        )

    def _input(self, port: Input, made: Mapping[str, _Batching]) -> Input:
        return port._replace(value=self._gathered(_reading(port.value, made), port.value.type), many=True)

    def _output(self, name: str, output: Output) -> Output:
        kind = output.path.type
        path = self._gathered(Cell(self.paths(name), name, kind, output.span), kind)
        return output._replace(path=path, many=True)

    def _resources(self) -> dict[str, Value]:
        """The most that an instance asks for; the times of all, one after the other."""
        found: dict[str, Value] = {}
        size = max(map(len, self.members))
        for name, value in self.old.resources.items():
            column = list(self._expansion.evaluator.column(value, self.old.keys, self.old))
            most = max(column)
            found[name] = Const(most * size if name == "time" else most, value.type, value.span)
        return found

    # --- The script -----------------------------------------------------------------------------------------------

    def script(self) -> str:
        """A line for each instance, batch by batch."""
        return "".join(self._line(self.jobs[number], number) for found in self.members for number in found)

    def _line(self, job: Job, number: int) -> str:
        old = self.old
        outputs = [
            f"{'s' if name in old.success.non_empty else 'e'}:{path}"
            for name, output in old.outputs.items()
            for path in _listed(job.outputs[name])
        ]
        inputs = list(dict.fromkeys(path for value in job.inputs.values() for path in _listed(value)))
        key = "/".join(map(encode_key, old.keys.instances[number]))
        words = [key, job.digest, _script(job, old), str(len(outputs)), *outputs, *inputs]
        return f"instance {' '.join(map(_ansi, words))}\n"


def _absent(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _script(job: Job, family: Family) -> str:
    """What an instance runs: its environment is set first, and what it has written is looked at last."""
    secret = {variable.name for variable in family.env if variable.secret}
    exports = "".join(f"export {n}={shlex.quote(v)}\n" for n, v in job.env.items() if n not in secret)
    made = [path for name, o in family.outputs.items() if o.create for path in _listed(job.outputs[name])]
    if made:
        exports += f"mkdir -p -- {shlex.join(made)}\n"
    exports += "".join(written(path, text) for path, text in job.lists.items())
    script = shlex.join(job.command) if job.command is not None else job.shell or ""
    checks = "".join(_checks(job, family.success))
    # What the script does to its own shell (`cd`, `exit`, a trap) must not reach what looks at its files.
    return f"{exports}(\n{script}\n)\n{checks}" if checks else exports + script


def written(path: str, text: str) -> str:
    """What writes a list file of an instance."""
    items, form = ([text], "%s") if "\0" not in text else (text.split("\0")[:-1], r"%s\0")
    folder, place = shlex.quote(os.path.dirname(path)), shlex.quote(path)
    return f"mkdir -p -- {folder}\nprintf '{form}' {shlex.join(items)} > {place}\n"


def _checks(job: Job, success: Success) -> Iterator[str]:
    for name, digest in success.sha256.items():
        for path in _listed(job.outputs[name]):
            said, total = (shlex.quote(text) for text in (f"not as promised: {path}", f"{digest}  -"))
            yield f"sha256sum < {shlex.quote(path)} | grep -qxF {total} || {{ echo {said}; exit 1; }}\n"
    for name, count in success.min_files.items():
        for path in _listed(job.outputs[name]):
            said = shlex.quote(f"the output {name} holds fewer than {count} files")
            yield f'test "$(find {shlex.quote(path)} -type f | wc -l)" -ge {count} || {{ echo {said}; exit 1; }}\n'


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"}


def _ansi(word: str) -> str:
    """A word in the shell's `$'…'` quotes, on one line.

    >>> print(_ansi("it's\\n"))
    $'it\\'s\\n'
    """
    body = "".join(_ESCAPES.get(c) or (c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}") for c in word)
    return f"$'{body}'"


# --- Who reads from instances, and who waits for them ---------------------------------------------------------------


def _reading(value: Value, made: Mapping[str, _Batching]) -> Value:
    """A value whose references to instances are paths that batches make."""
    if not isinstance(value, Related) or not isinstance(value.value, OutputValue):
        return map_children(value, lambda v: _reading(v, made))
    batching = made.get(value.value.step)
    if batching is None:
        return value
    port = value.value.port
    path = value._replace(value=Cell(batching.paths(port), port, value.value.type, value.span))
    related = value.target.related(value.source)
    batches = batching.old.batches
    instances = [tuple(sorted({batches[j] for j in found})) for found in related]
    target = KeySet(value.target.rows, value.target.by, Link(batching.keys, instances, False))
    kind = value.type._replace(many=True, optional=False)
    output = OutputValue(value.value.step, port, kind, value.span)
    return Made(path, (Related(output, batching.keys, target, kind, value.span),), value.type, value.span)


def _waits(
    family: Family, keys: KeySet, graph: Graph, made: Mapping[str, _Batching], expansion: Expansion
) -> list[Waits]:
    """What a family waits for beyond the data, by batches where either end has them."""
    mine = made.get(family.name)
    found = []
    for waits in family.after:
        theirs = made.get(waits.step)
        if mine is None and theirs is None:
            found.append(waits)
            continue
        needs: list[set[int]] = [set() for _ in range(len(keys))]
        for _, instances in feeds(waited_for(waits, graph), family.keys, expansion.evaluator):
            for i in range(len(family.keys)):
                here = mine.old.batches[i] if mine is not None else i
                needs[here].update(theirs.old.batches[j] if theirs is not None else j for j in instances(i))
        source = theirs.keys if theirs is not None else graph.families[waits.step].keys
        link = Link(source, [tuple(sorted(n)) for n in needs], False)
        found.append(Waits(waits.step, source, KeySet(keys.rows, keys.by, link)))
    return found
