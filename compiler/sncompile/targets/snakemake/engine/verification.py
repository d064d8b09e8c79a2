"""Translation validation: what Snakemake makes of the emitted files, compared with the graph, job by job.

After Pnueli, Siegel and Singerman, "Translation validation", 1998: not the compiler is proven, but each of its outputs.
Compared are rule, files read and written, threads, resources, and the command: where it is an argument list, the words
that a real shell makes of the line that Snakemake would run.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.settings import resources_taken
from sncompile.ir.jobs.expansion import Expansion, Job
from sncompile.targets.snakemake.batching import written
from sncompile.targets.snakemake.engine.dry_run import DryRunFailed, can_be_asked, dry_run
from sncompile.targets.snakemake.marking import marks_of
from sncompile.targets.snakemake.reading_back.command_comparison import command_line, script_differs
from sncompile.targets.snakemake.reading_back.read_back import ASKED


@dataclass(slots=True)
class _Known:
    """A job of the engine as the graph has it: one job, or those of a batch."""

    family: Family
    jobs: list[Job]
    writes: frozenset[str]
    marked: bool
    numbers: list[int] = field(default_factory=list)
    may_read: set[str] = field(default_factory=set)


def differences(graph: Graph, out: Path) -> list[str]:
    """Every difference between the graph's jobs and Snakemake's, in words; empty where there is none.

    `out` is the emitted folder. That Snakemake can make nothing of it is a difference, too.
    """
    with tempfile.TemporaryDirectory(prefix="sncompile-verify-") as name:
        # Deep enough for paths that lead upwards.
        working = Path(name).resolve().joinpath(*"abcdefgh")
        working.mkdir(parents=True)
        # Snakemake takes a brace in the place of the files for a wildcard; from here they have none.
        emitted = Path(shutil.copytree(out, working.parent / "emitted"))
        try:
            files = os.path.relpath(out / "files", graph.folder)
            return [*_differences(graph, emitted, working), *_batch_scripts(graph, emitted, files)]
        except DryRunFailed as failed:
            return [f"Snakemake cannot read the emitted files: {failed}"]


def _differences(graph: Graph, out: Path, working: Path) -> list[str]:
    files = os.path.relpath((out / "files").resolve(), working)
    rules = json.loads((out / "Snakefile.map.json").read_text("utf-8"))["rules"]
    marked = frozenset(str(rule["step"]) for rule in rules.values() if rule["marked"])
    known, mark_of = _known(graph, files, marked)
    jobs = [job for each in known.values() for job in each.jobs]
    written = {path for job in jobs for path in _files(job.outputs)}
    raw = {
        path: each.family.inputs[port].base == "directory"
        for each in known.values()
        for job in each.jobs
        for port, value in job.inputs.items()
        for path in _files({port: value})
        if path not in written
    }
    beyond = [sorted(each.writes)[0] for each in known.values()]
    secrets = {v.name for family in graph.families.values() for v in family.env if v.secret}
    events = dry_run(out / "Snakefile", working, raw, beyond, secrets)
    told: list[str] = []
    seen: Counter[tuple[str, frozenset[str]]] = Counter()
    lines: list[tuple[Job, str]] = []
    for event in events:
        family = str(rules[event["rule_name"]]["step"])
        key = (family, frozenset(event["output"]))
        seen[key] += 1
        here = known.get(key)
        if here is None:
            told.append(f"Snakemake has a job of `{family}` that writes {sorted(event['output'])}, the graph has none")
            continue
        told += _compare(here, event, mark_of, files)
        if len(here.jobs) == 1 and not here.family.batches:
            told += _command(here, event, lines, graph.sums)
    told += [
        f"Snakemake has no job {each.jobs[0].id}"
        for (key, each), target in zip(known.items(), beyond, strict=True)
        if not seen[key] and can_be_asked(target)
    ]
    return [*told, *_words(lines)]


def _known(
    graph: Graph, files: str, marked: frozenset[str]
) -> tuple[dict[tuple[str, frozenset[str]], _Known], dict[str, str]]:
    """The engine's jobs by family and files, and for each file of a marked family its mark."""
    expansion = Expansion(graph, files=files)
    found: dict[tuple[str, frozenset[str]], _Known] = {}
    mark_of: dict[str, str] = {}
    first: dict[tuple[str, int], str] = {}
    for name, family in graph.families.items():
        by_mark, mark_at = name in marked or not family.outputs, marks_of(graph, family)
        for number, job in enumerate(expansion.jobs(name)):
            mark = mark_at(number)
            writes = frozenset((mark,)) if by_mark else frozenset(_files(job.outputs))
            if by_mark:
                mark_of |= dict.fromkeys(_files(job.outputs), mark)
            first[name, number] = mark if by_mark else next(iter(_files(job.outputs)))
            here = found.setdefault((name, writes), _Known(family, [], writes, by_mark))
            here.jobs.append(job)
            here.numbers.append(number)
    for each in found.values():
        # The emitted file may name also those that others of them wait for already.
        needed = (expansion.direct(each.family.name, number) for number in each.numbers)
        each.may_read = {first[name, n] for jobs in needed for name, numbers in jobs.items() for n in numbers}
    return found, mark_of


def _files(ports: Mapping[str, Any]) -> list[str]:
    return [path for value in ports.values() if value is not None
            for path in (value if isinstance(value, list) else [value])]  # fmt: skip


def _compare(here: _Known, event: Mapping[str, Any], mark_of: Mapping[str, str], files: str) -> Iterator[str]:
    """What differs in the files that are read, the threads and the resources."""
    name = here.jobs[0].id
    wanted = [mark_of.get(path, path) for job in here.jobs for path in _files(job.inputs)]
    got = event["input"]
    lacking = sorted(set(wanted) - set(got))
    if lacking:
        yield f"{name}: Snakemake does not read {lacking}"
    # Order alone may name any job that this one waits for; module files lie with the emitted files.
    strange = [p for p in got if p not in set(wanted) and not p.startswith(f"{files}/")]
    if len(here.family.after) == 0 and set(strange) - here.may_read:
        yield f"{name}: Snakemake reads {sorted(set(strange) - here.may_read)} beside what the graph reads"
    if (
        not here.family.batches
        and not lacking
        and not any(p in mark_of for job in here.jobs for p in _files(job.inputs))
    ):
        read = [p for p in got if p in set(wanted)]
        # What is waited for beyond the ports comes after them, and may be the same files once more.
        if all(read[: len(order)] != order for order in (wanted, list(dict.fromkeys(wanted)))):
            yield f"{name}: Snakemake reads {read}, in another order than {wanted}"
    resources = event["resources"] if isinstance(event["resources"], dict) else {}
    asked = here.jobs[0].resources
    if not here.family.batches:
        if isinstance(asked.get("cpus"), int) and event["threads"] != asked["cpus"]:
            yield f"{name}: {event['threads']} threads, not {asked['cpus']}"
        for ours, theirs in ASKED:
            if isinstance(asked.get(ours), int) and resources and resources.get(theirs) != asked[ours]:
                yield f"{name}: {theirs} is {resources.get(theirs)}, not {asked[ours]}"


# --- Commands -------------------------------------------------------------------------------------------------------


def _command(
    here: _Known, event: Mapping[str, Any], lines: list[tuple[Job, str]], sums: Mapping[str, str]
) -> Iterator[str]:
    """What differs in a script; lines of arguments are gathered, for a shell to read all at once."""
    job, log = here.jobs[0], event["log"][0]
    taken = resources_taken(here.family)
    if any(isinstance(job.resources.get(RESOURCES[name].job), str) for name in taken):
        return  # What is computed of sizes or the attempt is known when the job runs.
    marked = here.marked and bool(here.family.outputs)
    body, around = command_line(here.family, job, str(event["shellcmd"] or ""), log, marked=marked, sums=sums)
    yield from (f"{job.id}: {told}" for told in around)
    if job.command is not None:
        lines.append((job, body))
    elif (told := script_differs(body, job)) is not None:
        yield f"{job.id}: {told}"


def _words(lines: Sequence[tuple[Job, str]]) -> Iterator[str]:
    """What a real shell makes of the lines, compared with the jobs' arguments."""
    if not lines:
        return
    script = 'set -f\nf() { printf \'%s\\0\' "$#" "$@"; }\n' + "".join(f"f {line}\n" for _, line in lines)
    # No command of a line is run, only its words are printed; and nothing could be found if it were.
    done = subprocess.run(["/bin/bash", "--norc"], input=script.encode("utf-8", "surrogateescape"),
                          capture_output=True, env={"PATH": ""}, check=False)  # fmt: skip
    words = iter(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    for job, line in lines:
        count = next(words, "")
        found = [next(words, "") for _ in range(int(count))] if count.isdigit() else []
        if found != job.command:
            yield f"{job.id}: a shell makes {found} of {line!r}, not {job.command}"
            if not count.isdigit():
                return


def _batch_scripts(graph: Graph, out: Path, files: str) -> Iterator[str]:
    """What the script of a batched family says of each instance; `files` is where its module files are meant to lie."""
    expansion = Expansion(graph, files=files)
    for name in (name for name, family in graph.families.items() if family.batches):
        lines = (out / "files" / "batches" / f"{name}.sh").read_bytes()
        call = b'instance() { printf \'%s\\0\' "$#" "$@"; }\n'
        done = subprocess.run(["/bin/bash", "--norc"], input=call + lines, capture_output=True, check=False)
        words = iter(done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])
        found: dict[str, tuple[str, list[str]]] = {}
        for count in words:
            call_of = [next(words, "") for _ in range(int(count))]
            outputs = call_of[4 : 4 + int(call_of[3])]
            found[call_of[1]] = call_of[2], [path[2:] for path in outputs]
        family = graph.families[name]
        variables = [v.name for v in family.env if not v.secret]
        for job in expansion.jobs(name):
            wanted = shlex.join(job.command) if job.command is not None else job.shell or ""
            line, outputs = found.get(job.digest, ("", []))
            exports = [f"export {n}={shlex.quote(job.env[n])}\n" for n in variables]
            before = [*exports, *(written(path, text) for path, text in job.lists.items())]
            if wanted not in line or not all(each in line for each in before):
                yield f"{job.id}: its batch runs {line!r}, not {wanted!r}"
            elif outputs != _files(job.outputs):
                yield f"{job.id}: its batch writes {outputs}, not {_files(job.outputs)}"
