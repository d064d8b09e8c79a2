"""Asks Snakemake itself which jobs an emitted folder stands for, and compares them with the graph's."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sncompile.api import check, compile_graph, default_out, graph_of, optimize
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job
from sncompile.semantics.program import Options
from sncompile.targets.snakemake.batching import written

from .expected_jobs import Expected, files_of


def emit(spec: Path, options: Options | None = None, *, level: int = 0) -> Graph:
    """Compile a spec to `build/NAME` beside it, after the passes of a level."""
    checked = check(spec, options)
    assert not checked.failed, [f"{d.code} {d.message} {d.span}" for d in checked.diagnostics]
    graph = optimize(graph_of(checked.require()), level, check=True).graph
    compile_graph(graph).write(default_out(graph))
    return graph


def dry_run(graph: Graph, targets: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The `job_info` events of a dry run of everything, and of `targets`."""
    out = default_out(graph)
    events = Path(graph.folder) / "events.jsonl"
    events.unlink(missing_ok=True)
    asked = Path(graph.folder) / "targets.json"
    asked.write_text(json.dumps(list(targets)))
    command = [
        sys.executable, "-m", "sncompile.targets.snakemake.engine.dry_run", str(events.resolve()), str(asked.resolve()),
        "-s", str(out.resolve() / "Snakefile"), "-n", "--forceall", "--cores", "1000", "--directory", graph.folder,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=graph.folder, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = [json.loads(line) for line in events.read_text().splitlines()]
    return [e for e in found if e["event"] == "job_info" and e["rule_name"] != "all"]


def misformatted(snakefile: Path) -> str:
    """What `snakefmt` would change of a Snakefile; empty where that is nothing."""
    command = [sys.executable, "-m", "snakefmt", "--check", "--diff", str(snakefile)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def compare(graph: Graph, events: list[dict[str, Any]]) -> list[str]:
    """Every difference between the graph's jobs and Snakemake's, in words; the graph is the one that was emitted.

    Jobs are told apart by rule and output, or by their mark; what a job waits for is compared too.
    """
    expected = Expected(graph)
    told: list[str] = []
    seen: dict[str, list[Job]] = {}
    for event in events:
        found = expected.behind(event["rule_name"], event["output"])
        if not found:
            told.append(
                f"Snakemake has a job of {event['rule_name']} that writes {event['output']}, the graph has none"
            )
            continue
        name = expected.families[event["rule_name"]]
        seen |= dict.fromkeys(event["output"], found)
        if graph.families[name].batches:
            told += _batch_differences(expected, name, found, event)
        else:
            told += _differences(expected, name, found[0], event)
    ids = {job.id for found in seen.values() for job in found}
    told += [f"Snakemake has no job {id}" for id in sorted(expected.all().keys() - ids)]
    return told or _order_differences(expected, events, seen)


def _order_differences(expected: Expected, events: list[dict[str, Any]], seen: Mapping[str, list[Job]]) -> list[str]:
    """What Snakemake's jobs wait for, through others too, must be what the graph's wait for."""
    direct: dict[str, set[str]] = {}
    for event in events:
        waits = {job.id for path in event["input"] for job in seen.get(path, ())}
        for job in expected.behind(event["rule_name"], event["output"]):
            direct.setdefault(job.id, set()).update(waits)
    above: dict[str, set[str]] = {}

    def needed(id: str) -> set[str]:
        if id not in above:
            above[id] = set()
            above[id] = set(direct[id]).union(*(needed(other) for other in direct[id]))
        return above[id]

    exact = not any(family.batches for family in expected.graph.families.values())
    told = []
    for id, wanted in expected.above().items():
        got = needed(id)
        if wanted - got or (exact and got != wanted):
            told.append(f"{id}: waits for {sorted(got)}, not for {sorted(wanted)}")
    return told


def _batch_differences(expected: Expected, name: str, found: list[Job], event: Mapping[str, Any]) -> list[str]:
    """A batch: the call of its script, and the script's lines."""
    words = _words(event["shellcmd"])
    place = f"{expected.files}/batches/{name}.sh"
    marks = f"{expected.graph.workspace}/{name}/.sncompile/done/instances"
    if len(words) < 6 or [*words[:3], words[5]] != ["bash", f"{expected.files}/batch.sh", place, marks]:
        return [f"a batch of {name} is called as {words}"]
    told = []
    lines = expected.script_of(name, int(words[3]), int(words[4]))
    for line, job in zip_longest(lines, found):
        if line is None or job is None:
            told.append(f"a batch of {name} has {len(lines)} lines for {len(found)} jobs")
            break
        body = line.script
        for variable, value in job.env.items():
            body = body.removeprefix(f"export {variable}={shlex.quote(value)}\n")
        for path, text in job.lists.items():
            body = body.removeprefix(written(path, text))
        wanted = shlex.join(job.command) if job.command is not None else job.shell
        if (line.key, line.digest, body) != (expected.key_of(name, job), job.digest, wanted):
            told.append(f"{job.id}: its line is {line}")
        if sorted(line.outputs) != sorted(files_of(job.outputs)) or set(line.inputs) != set(files_of(job.inputs)):
            told.append(f"{job.id}: its line has the files {line.outputs} and {line.inputs}")
        told += [f"{job.id}: its batch lacks {p}" for p in expected.inputs(job) if p not in event["input"]]
    return told


def _differences(expected: Expected, name: str, job: Job, event: Mapping[str, Any]) -> list[str]:
    told = []
    wanted, got = expected.inputs(job), event["input"]
    if wanted == list(dict.fromkeys(files_of(job.inputs))):
        read = [p for p in got if p in set(wanted)]
        if read != files_of(job.inputs) and list(dict.fromkeys(read)) != wanted:
            told.append(f"{job.id}: inputs {got} are not {wanted}")
    elif not set(wanted) <= set(got):
        told.append(f"{job.id}: inputs {got} are not {wanted}")
    shell, unwritten = _without_lists(event["shellcmd"] or "", job)
    told += [f"{job.id}: the list {path} is not written" for path in unwritten]
    shell = _without_values(shell, job, marked=name in expected.marked)
    if name in expected.marked:
        shell = _without_marking(shell, job)
    log = event["log"][0]
    if "<TBD>" in shell:
        pass  # Words that a file of another job will hold: nobody knows them yet.
    elif job.command is not None:
        words = _words(shell)
        command = list(job.command)
        if words[: len(command)] != command or words[len(command) :] not in (["&>", log], ["&", ">", log]):
            told.append(f"{job.id}: command {words} is not {command}")
    elif job.shell is not None:
        head = f"exec &> {shlex.quote(log)}\n"
        lines = shell.removeprefix(head).splitlines(True)
        body = "".join(line for line in lines if not _LOOKS.match(line))
        for variable, value in job.env.items():
            body = body.removeprefix(f"export {variable}={shlex.quote(value)}\n")
        if name in expected.marked or len(body) < sum(map(len, lines)):
            body = body.removeprefix("(\n").removesuffix(")\n")
        if not shell.startswith(head) or not _same_script(body, job.shell):
            told.append(f"{job.id}: script {body!r} is not {job.shell!r}")
    resources = event["resources"] if isinstance(event["resources"], dict) else {}
    told += [
        f"{job.id}: {theirs} is {resources.get(theirs)}, not {job.resources[ours]}"
        for ours, theirs in (("memory_mb", "mem_mb"), ("time_min", "runtime"), ("disk_mb", "disk_mb"))
        if isinstance(job.resources.get(ours), int) and resources and resources.get(theirs) != job.resources[ours]
    ]
    return told


_LOOKS = re.compile(r"\[\[ \$\(find |bash \S+/parts\.sh ")
"""How a line begins that looks at what a script has written."""

_LIST = re.compile(
    r"""\(list=(.*?); mkdir -p -- "\$\{list%/\*\}"\nfor item in (.*?); do printf '%s(\\n|\\0)' "\$item"; """
    r"""done > "\$list"\)\n""",
    re.DOTALL,
)


def _without_lists(shell: str, job: Job) -> tuple[str, list[str]]:
    """A job's shell text without what writes its list files, and those that are not written as they should be."""
    found: dict[str, str] = {}
    for _ in job.lists:
        block = _LIST.search(shell)
        if block is None:
            break
        end = {r"\n": "\n", r"\0": "\0"}[block[3]]
        found["".join(shlex.split(block[1]))] = "".join(f"{item}{end}" for item in shlex.split(block[2]))
        shell = shell[: block.start()] + shell[block.end() :]
    if job.lists and job.command is not None and "\nundo() {" not in shell:
        head, _, rest = shell.partition("\n")
        shell = f"{rest.rstrip()} {head.removeprefix('exec ')}"
    return shell, [path for path, text in job.lists.items() if found.get(path) != text]


_VALUE = re.compile(r"for path in [^\n]*; do bash \S+value\.sh \w+ \"\$path\" \|\| \{ exit 1; \}; done\n?")


def _without_values(shell: str, job: Job, *, marked: bool) -> str:
    """A job's shell text without what looks whether its files hold the values that they stand for."""
    rest = _VALUE.sub("", shell)
    if rest == shell or job.command is None or marked:
        return rest
    head, _, rest = rest.partition("\n")
    return f"{rest.rstrip()} {head.removeprefix('exec ')}"


_ROOM = re.compile(r'undo\(\) .*?; do mkdir -p -- "\$\(dirname -- "\$path"\)"; done\n', re.DOTALL)
_PROMISE = re.compile(
    r"for path in (?:(?!\nfor path in ).)*? "
    r'(?:test -[es] "\$path" \|\| \{[^\n]*\}|'
    r'(?:test ! -e "\$path" \|\| )?touch -- "\$path/\.snakemake_timestamp"); done\n',
    re.DOTALL,
)


def _without_marking(shell: str, job: Job) -> str:
    """A marked job's shell text without what makes room for its files and looks whether they are there."""
    head, _, rest = shell.partition("\n")
    rest = _PROMISE.sub("", _ROOM.sub("", rest, count=1))
    if job.command is not None:
        return f"{rest.rstrip()} {head.removeprefix('exec ')}"
    return f"{head}\n{rest}"


def _words(shell: str) -> list[str]:
    lexer = shlex.shlex(shell, posix=True, punctuation_chars="&>;")
    lexer.whitespace_split = True
    words = list(lexer)
    while words[:1] == ["export"]:
        words = words[words.index(";") + 1 :]
    return words


def _same_script(one: str, other: str) -> bool:
    """Whether two scripts are the same, but for how single words are quoted."""
    one, other = one.rstrip("\n"), other.rstrip("\n")
    if one.startswith("(\n") and one.endswith("\n)"):
        one = one[2:-2].rstrip("\n")  # What looks at its outputs stands outside.
    if one == other:
        return True
    try:
        return one.count("\n") == other.count("\n") and shlex.split(one) == shlex.split(other)
    except ValueError:
        return False
