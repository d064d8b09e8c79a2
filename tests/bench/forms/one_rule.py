"""One rule for each job, which is what most generators of Snakefiles emit: `one_rule.py FORM TRACE.jsonl SNAKEFILE`.

`emitted` is what they write: the output of every job in `rule all`, and commands that name their files as `{input}` and
`{output}`. `bare` is the cheapest form that does the work: paths as a person would type them, and the last job's output
in `rule all`. Neither has a log, a check or quotes.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def rules(tasks: Path, *, bare: bool) -> Iterator[str]:
    """The texts of a Snakefile, rule after rule; the last task of the trace is what the workflow is for."""
    yield "rule all:\n    input:\n" + "".join(_listed(_wanted(tasks, bare=bare)))
    for task in _tasks(tasks):
        yield f"\n\nrule {task['name']}:\n"
        if task["inputs"]:
            yield "    input:\n" + "".join(_listed(task["inputs"]))
        yield "    output:\n" + "".join(_listed(task["outputs"]))
        yield f"    shell:\n        {json.dumps(task['command'] if bare else _with_wildcards(task))}\n"


def _tasks(trace: Path) -> Iterator[dict[str, Any]]:
    with trace.open() as lines:
        yield from map(json.loads, lines)


def _wanted(trace: Path, *, bare: bool) -> list[str]:
    """The files that the workflow is for."""
    outputs = [task["outputs"] for task in _tasks(trace)]
    return outputs[-1] if bare else [name for names in outputs for name in names]


def _listed(names: list[str]) -> Iterator[str]:
    return (f"        {json.dumps(name)},\n" for name in names)


def _with_wildcards(task: dict[str, Any]) -> str:
    """The command with `{input}` and `{output}` where all files of a kind stand in a row."""
    command: str = task["command"]
    for kind in ("inputs", "outputs"):
        if task[kind]:
            command = command.replace(" ".join(task[kind]), f"{{{kind.removesuffix('s')}}}")
    return command


def main() -> None:
    """Write the Snakefile."""
    form, trace, snakefile = sys.argv[1:]
    with Path(snakefile).open("w") as file:
        file.writelines(rules(Path(trace), bare=form == "bare"))


main()
