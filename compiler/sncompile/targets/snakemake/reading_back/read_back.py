"""What was emitted, read back and compared with the graph, on every compile.

The emitted text itself is read (`reading`), evaluated for a job as Snakemake would (`engine_values`), and compared
with that job of the graph: the rule that its files lead to, inputs port by port in order, outputs and what is said of
them, threads and resources, what it waits for, and the words of its command. Nothing is shared with the lowering but
the graph. No process is started and nothing that was emitted is run.

A pipeline of up to `ALL_JOBS` jobs is compared whole. Of a larger one each family has a sample: its first and last
jobs, one for each step that a pass merged into it, those with the fewest and the most to gather, and others spread
evenly. Of lists of more than `LONG` files the number is compared, and the files at places spread evenly.

Decision 0057.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sncompile.ir.graph.feeds import feeds, for_effect, steps_in
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES as DECLARED
from sncompile.ir.graph.shown import Shown
from sncompile.ir.jobs.expansion import Expansion, Job, job_id
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime as RunTimeValue
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Apply, Attempt, Local, Related, Text, Value, walk
from sncompile.ir.values.relating import UNIT
from sncompile.ir.values.run_time import dynamic
from sncompile.targets.snakemake.containers import apptainer_name
from sncompile.targets.snakemake.marking import marks_of
from sncompile.targets.snakemake.names import RESOURCES, item_name
from sncompile.targets.snakemake.reading_back.command_comparison import command_line, script_differs, words_of
from sncompile.targets.snakemake.reading_back.engine_rules import EngineRule, listed
from sncompile.targets.snakemake.reading_back.engine_values import (
    AtRunTime,
    Code,
    Members,
    Rows,
    filled,
    formatted,
)
from sncompile.targets.snakemake.reading_back.late_tables import joined_rows, late_text
from sncompile.targets.snakemake.reading_back.reading import ReadFile, Unreadable, read_snakefile
from sncompile.targets.snakemake.reading_back.sampling import sampled, spread
from sncompile.targets.snakemake.source_map import NAME

MOST_TRIES = 5
"""So many further tries of a job are looked at."""

MANY = 20
"""Of more jobs that a job waits for only some are looked for."""

LONG = 1_000
"""Of a list of more files only some are compared."""

ASKED = tuple((DECLARED[name].job, called) for name, called in RESOURCES.items())
"""Resources as `Job` and as Snakemake call them."""


def differences(graph: Graph, emitted: Mapping[str, bytes], out: Path) -> list[str]:
    """What differs between a graph and the files that were emitted for it to stand in `out`; a line names its job."""
    try:
        return list(_Comparison(graph, emitted, out).all())
    except Unreadable as error:
        return [f"the Snakefile cannot be read back: {error}"]


class _Comparison:
    def __init__(self, graph: Graph, emitted: Mapping[str, bytes], out: Path) -> None:
        self._graph = graph
        self._files = os.path.relpath(out / "files", graph.folder)
        self._expansion = Expansion(graph, files=self._files)
        self._file: ReadFile = read_snakefile(emitted["Snakefile"].decode())
        self._marks: dict[str, Callable[[int], str]] = {}
        self._rules = json.loads(emitted[NAME])["rules"]
        names: dict[str, Any] = {
            variable: Rows(emitted[f"tables/{name}.tsv"].decode(), key)
            for variable, (name, key) in self._file.tables.items()
            if variable not in self._file.late and variable not in self._file.joined
        }
        for variable, columns in self._file.late.items():
            name, key = self._file.tables[variable]
            names[variable] = Rows(late_text(graph, self._expansion, name, columns), key)
        for variable, parts in self._file.joined.items():
            names[variable] = joined_rows([names[part] for part in parts], self._file.tables[variable][1])
        names |= {"FILES": self._files, "workflow": Members({"is_main_process": True})}
        names |= {name.upper(): f"{self._files}/{name}.sh" for name in ("container", "value")}
        self._code = Code(names)
        self._rule_of = {str(rule["step"]): name for name, rule in self._rules.items()}
        self._marked = {str(rule["step"]) for rule in self._rules.values() if rule["marked"]}
        self._marked |= {name for name, family in graph.families.items() if not family.outputs}
        self._readers = {
            n: EngineRule(rule, self._file.constraints, self._code) for n, rule in self._file.rules.items()
        }

        self._starts: dict[str, list[str]] = {}
        for name, reader in self._readers.items():
            for start in dict.fromkeys(map(_start, reader.starts())):
                self._starts.setdefault(start, []).append(name)

    def all(self) -> Iterator[str]:
        """Every difference."""
        lacking = [name for name in self._graph.families if self._rule_of.get(name) not in self._readers]
        if lacking:
            yield f"there is no rule for {', '.join(lacking)}"
            return
        jobs = self._graph.job_count()
        for name, family in self._graph.families.items():
            for number in sampled(family, self._graph, jobs):
                job = self._expansion.facts(name, number)
                yield from (f"{job.id}: {told}" for told in _evaluated(self._job(family, number, job)))
        yield from (f"all: {told}" for told in _evaluated(self._results()))

    def _job(self, family: Family, number: int, job: Job) -> Iterator[str]:
        name = self._rule_of[family.name]
        rule = self._readers[name]
        marked = family.name in self._marked
        writes = [self._mark(family.name, number)] if marked else _files(job.outputs)
        others = [n for n in self._near(writes[0]) if n != name and self._readers[n].writes(writes[0])]
        if others:
            yield f"`{writes[0]}` is written by the rules {name} and {', '.join(others)}"
        wildcards = rule.wildcards(writes)
        if wildcards is None:
            yield f"the rule {name} does not write {writes}"
            return
        yield from self._rule_for(family, number, job, rule, wildcards)

    def _near(self, path: str) -> list[str]:
        """The rules whose patterns may fit a path, by how they begin."""
        return [*self._starts.get(_start(path), ()), *self._starts.get("", ())]

    def _rule_for(
        self, family: Family, number: int, job: Job, rule: EngineRule, wildcards: Mapping[str, str]
    ) -> Iterator[str]:
        marked = family.name in self._marked
        outputs = rule.outputs(wildcards)
        if not marked:
            for port, wanted in job.outputs.items():
                got = outputs.get(item_name(port))
                if listed(got) != listed(wanted):
                    yield f"writes {got} as `{port}`, not {wanted}"
            yield from _flags(family, outputs)
        inputs = rule.named("input", wildcards=wildcards)
        yield from self._inputs(family, number, job, inputs)
        if family.batches:
            return  # Its script has the rest; `--verify` reads that.
        yield from self._settings(family, number, job, rule, wildcards, inputs)
        if sum(map(len, map(listed, inputs.values()))) <= LONG:
            yield from self._command(family, job, rule, wildcards, inputs, outputs)

    # --- What is read and waited for --------------------------------------------------------------------------------

    def _inputs(self, family: Family, number: int, job: Job, inputs: Mapping[str, Any]) -> Iterator[str]:
        expansion = self._expansion
        needed = expansion.direct(family.name, number)
        marks = {
            path: self._mark(source, j)
            for source in needed if source in self._marked
            for j in needed[source]
            for path in _files(expansion.outputs(source, j))
        }  # fmt: skip
        members = _batch(family, number)
        ports = {item_name(port): port for port in family.inputs}
        for name, port in ports.items():
            got = listed(inputs.get(name))
            if len(got) > LONG and not marks and len(members) == 1:
                yield from self._long(family.inputs[port].value, family, number, got, port)
                continue
            wanted = [p for n in members for p in listed(job.inputs[port] if n == number else
                                                          expansion.facts(family.name, n).inputs[port])]  # fmt: skip
            for n in members if len(members) > 1 else ():
                for source, found in expansion.direct(family.name, n).items():
                    if source in self._marked:
                        marks |= {p: self._mark(source, j)
                                  for j in found for p in _files(expansion.outputs(source, j))}  # fmt: skip
            wanted = [marks.get(path, path) for path in wanted]
            plain = [path for path in got if is_url(path) and "storage" not in getattr(path, "flags", {})]
            if plain:
                yield f"does not fetch {_shown(plain)}"
            if got == wanted or got == list(dict.fromkeys(wanted)):
                continue
            if (marks or len(members) > 1) and set(got) == set(wanted):
                continue
            yield f"reads {_shown(got)} as `{port}`, not {_shown(wanted)}"
        if len(members) > 1:
            return
        every = [path for value in inputs.values() for path in listed(value)]
        beside = [p for n, v in inputs.items() if n not in ports for p in listed(v)
                  if not p.startswith(f"{self._files}/")]  # fmt: skip
        if len(every) <= LONG:
            yield from self._waits(family, number, needed, set(every), beside)

    def _waits(
        self, family: Family, number: int, needed: Mapping[str, set[int]], every: set[str], beside: Sequence[str]
    ) -> Iterator[str]:
        """Whether each job that is needed is among the inputs, unless another needs it, and nothing else is."""
        after = self._expansion.after(family.name, number)
        for source, j in (after[place] for place in spread(len(after), MANY)):
            if every.isdisjoint(self._writes(source, j)):
                yield f"does not wait for {job_id(self._graph.families[source], j)}"
        if not beside:
            return
        known = {path for source, found in needed.items() for j in found for path in self._writes(source, j)}
        strange = [path for path in beside if path not in known]
        if strange:
            yield f"waits for {_shown(strange)}, which the graph does not"

    def _writes(self, name: str, number: int) -> list[str]:
        """The files by which the engine knows a job."""
        if name in self._marked:
            return [self._mark(name, number)]
        return _files(self._expansion.outputs(name, number))

    def _mark(self, name: str, number: int) -> str:
        if name not in self._marks:
            self._marks[name] = marks_of(self._graph, self._graph.families[name])
        return self._marks[name](number)

    def _every_mark(self, name: str) -> list[str]:
        count = len(self._graph.families[name].keys)
        return list(dict.fromkeys(self._mark(name, number) for number in range(count)))

    def _long(self, value: Value, family: Family, number: int, got: Sequence[str], port: str) -> Iterator[str]:
        """A long list by its length, and the paths at some places."""
        found = _Items(value, family.keys, number, family, self._expansion.evaluator)
        if len(found) != len(got):
            yield f"reads {len(got)} files as `{port}`, not {len(found)}"
            return
        for place in spread(len(got), 50):
            if got[place] != found[place]:
                yield f"reads {got[place]!r} as `{port}[{place}]`, not {found[place]!r}"
                return

    # --- Settings and commands --------------------------------------------------------------------------------------

    def _settings(
        self, family: Family, number: int, job: Job, rule: EngineRule, wildcards: Mapping[str, str],
        inputs: Mapping[str, Any],
    ) -> Iterator[str]:  # fmt: skip
        local = {"wildcards": wildcards, "input": Members(inputs), "attempt": 1}
        asked = {"cpus": rule.one("threads", **local)}
        resources = rule.named("resources", **local)
        asked |= {ours: resources.get(theirs) for ours, theirs in ASKED}
        # Snakemake gives one where nothing is said.
        asked["cpus"] = 1 if asked["cpus"] is None and "cpus" in job.resources else asked["cpus"]
        for name, got in asked.items():
            wanted = job.resources.get(name)
            if got is not AtRunTime and not isinstance(wanted, str) and got != wanted:
                yield f"{name} is {got}, not {wanted}"
        yield from self._tries(family, number, rule, local)
        for directive, wanted in (
            ("retries", family.retries or None),
            ("priority", family.priority or int(family.urgent) or None),
            ("localrule", family.local_rule or None),
            ("conda", f"files/{family.conda}" if family.conda is not None else None),
        ):
            got = rule.one(directive)
            if got != wanted:
                yield f"{directive} is {got!r}, not {wanted!r}"
        image = rule.one("container", **local)
        if image is not None and (job.container is None or image != apptainer_name(job.container)):
            yield f"its image is {image!r}, not {job.container!r}"

    def _tries(self, family: Family, number: int, rule: EngineRule, local: Mapping[str, Any]) -> Iterator[str]:
        """What each further try of a job asks for."""
        names = {"cpus": "threads", **RESOURCES}
        moving = [n for n, v in family.resources.items() if any(isinstance(leaf, Attempt) for leaf in walk(v))]
        for attempt in range(2, min(family.retries, MOST_TRIES) + 2) if moving else ():
            evaluator = Evaluator(self._graph.families, attempt=attempt)
            threads = rule.one("threads", **{**local, "attempt": attempt})
            asked = {**rule.named("resources", **{**local, "attempt": attempt}), "threads": threads}
            for name in moving:
                try:
                    wanted = evaluator.closure(family.resources[name], family.keys, family)(number)
                except (RunTimeValue, ValueFault):
                    continue  # It depends on sizes, or is the user's to mend.
                got = asked.get(names[name]) or (1 if name == "cpus" else None)
                if got is not AtRunTime and got != wanted:
                    yield f"{name} is {got} at the attempt {attempt}, not {wanted}"

    def _command(
        self, family: Family, job: Job, rule: EngineRule, wildcards: Mapping[str, str], inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
    ) -> Iterator[str]:  # fmt: skip
        local = {"wildcards": wildcards, "input": Members(inputs), "output": Members(outputs), "attempt": 1}
        resources = rule.named("resources", **local)
        threads = rule.one("threads", **local)
        if AtRunTime in (threads, *resources.values()):
            return
        params = rule.named("params", **local)
        if AtRunTime in params.values() or any(map(dynamic, family.params.values())):
            return  # What steps write is known when they have.
        log = filled(str(rule.one("log")), wildcards)
        names = {
            **{n: Members(v) for n, v in (("input", inputs), ("output", outputs), ("params", params))},
            "wildcards": Members(wildcards), "resources": Members(resources), "log": log,
            "threads": 1 if threads is None else threads,
            **{name.upper(): f"{self._files}/{name}.sh" for name in ("container", "value")},
        }  # fmt: skip
        shell = formatted(rule.shell(), names)
        marked = family.name in self._marked and bool(family.outputs)
        line, around = command_line(family, job, shell, log, marked=marked, sums=self._graph.sums)
        yield from around
        if job.command is None:
            told = script_differs(line, job)
            if told is not None:
                yield told
        else:
            words = words_of(line)
            if words != job.command:
                yield f"a shell makes {words} of {line!r}, not {job.command}"

    # --- What is asked for ------------------------------------------------------------------------------------------

    def _results(self) -> Iterator[str]:
        """Whether `all` asks for just what the pipeline is for."""
        rule = self._readers.get("all")
        if rule is None:
            yield "there is no such rule"
            return
        got = [path for value in rule.named("input", wildcards={}).values() for path in listed(value)]
        if any(self._marked & steps_in(value).keys() for value in self._graph.outputs.values()):
            yield from self._marked_results(set(got))
            return
        items = [_Items(value, UNIT, 0, None, self._expansion.evaluator) for value in self._graph.outputs.values()]
        done = [mark for name in for_effect(self._graph) for mark in self._every_mark(name)]
        asked = got[len(got) - len(done) :] if done else []
        if asked != done:
            yield f"asks for {_shown(asked)}, not {_shown(done)}"
        got = got[: len(got) - len(done)]
        count = sum(len(each) for each in items)
        if count != len(got):
            yield f"asks for {len(got)} files, not {count}"
            return
        start = 0
        for each in items:
            for place in spread(len(each), LONG):
                if got[start + place] != each[place]:
                    yield f"asks for {got[start + place]!r}, not {each[place]!r}"
                    return
            start += len(each)

    def _marked_results(self, got: set[str]) -> Iterator[str]:
        """The same where jobs that are known by their marks make some of them: which marks and files, in any order."""
        wanted = {mark for name in for_effect(self._graph) for mark in self._every_mark(name)}
        is_computed = False
        for value in self._graph.outputs.values():
            made: set[str] = set()
            for source, jobs in feeds(value, UNIT, self._expansion.evaluator):
                for j in jobs(0) if source in self._marked else ():
                    wanted.add(self._mark(source, j))
                    made.update(_files(self._expansion.outputs(source, j)))
            is_computed |= any(isinstance(part, Apply | Text) for part in walk(value))
            wanted.update(path for path in _Items(value, UNIT, 0, None, self._expansion.evaluator) if path not in made)
        if lacking := sorted(wanted - got):
            yield f"does not ask for {_shown(lacking)}"
        # What a value is computed from is asked for in its place.
        if not is_computed and (strange := sorted(got - wanted)):
            yield f"asks for {_shown(strange)}, which the graph does not"


def _evaluated(told: Iterator[str]) -> Iterator[str]:
    """What is told; that the emitted code cannot be evaluated is told, too."""
    try:
        yield from told
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        yield f"its rule cannot be evaluated: {type(error).__name__} {error}"


class _Items(Sequence[str]):
    """The paths of a value for one instance; of a long gather, each is worked out when it is asked for."""

    def __init__(self, value: Value, at: KeySet, number: int, family: Family | None, evaluator: Evaluator) -> None:
        while family is not None and isinstance(value, Local):
            value = family.local(value.space, value.name)
        self._one: Closure | None = None
        if isinstance(value, Related) and value.gathers and not (value.value.type.many or value.value.type.optional):
            source = value.source
            here = number if value.target is at else at.related(value.target)[number][0]
            found = value.target.related(source)[here]
            if len(found) > LONG:
                single = value._replace(target=source, type=value.value.type)
                self._one, self._found = evaluator.closure(single, source), found
                return
        self._all = listed(evaluator.closure(value, at, family)(number))

    def __len__(self) -> int:
        return len(self._all if self._one is None else self._found)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]  # Never sliced.
        found: str = self._all[place] if self._one is None else self._one(self._found[place])
        return found


def _flags(family: Family, outputs: Mapping[str, Any]) -> Iterator[str]:
    """Whether each output is kept, deleted and looked at as the graph says."""
    success = family.success
    for port, output in family.outputs.items():
        ensured = {
            **({"non_empty": True} if port in success.non_empty else {}),
            **({"sha256": success.sha256[port]} if port in success.sha256 else {}),
        }
        wanted: dict[str, Any] = {
            **({"directory": True} if output.base == "directory" else {}),
            **({"ensure": ensured} if ensured else {}),
            **({"temp": True} if output.temp else {}),
            **({"protected": True} if output.protected else {}),
        }
        for path in listed(outputs.get(item_name(port))):
            got = dict(getattr(path, "flags", {}))
            yield from _shown_as(port, output.report, got.pop("report", None))
            sent = {**wanted, "storage": True} if is_url(path) else wanted
            if got != sent:
                yield f"`{port}` is {got or 'kept'}, not {wanted or 'kept'}"
                break


def _shown_as(port: str, wanted: Shown | None, got: Any) -> Iterator[str]:
    """Whether Snakemake's report says of an output what the graph does."""
    said = got if isinstance(got, dict) else {}
    labels = said.get("labels", {})
    same = (got is not None) == (wanted is not None) and (
        wanted is None
        or (
            said.get("category", "") == wanted.category
            and ("caption" in said) == bool(wanted.caption)
            and all(labels.get(item_name(name)) == label for name, label in wanted.labels)
        )
    )
    if not same:
        yield f"a report says {said or 'nothing'} of `{port}`"


def _start(path: str) -> str:
    """The first two folders of a path, or of what a pattern begins with; empty where a pattern has not so many."""
    parts = path.split("/", 2)
    return "/".join(parts[:2]) if len(parts) == 3 else ""


def _batch(family: Family, number: int) -> list[int]:
    """The instances that are done in the job of one."""
    if not family.batches:
        return [number]
    return [n for n, batch in enumerate(family.batches) if batch == family.batches[number]]


def _files(ports: Mapping[str, Any]) -> list[str]:
    return [path for value in ports.values() for path in listed(value)]


def _shown(paths: Iterable[str]) -> str:
    found = list(paths)
    return repr(found) if len(found) <= 5 else f"{found[:5]!r} and {len(found) - 5} more"
