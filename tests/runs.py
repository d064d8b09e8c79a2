"""A small pipeline whose jobs wait or fail when they are told to, and what is known of any run in a folder."""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Any

from sncompile.runner.processes import identify

from .command_line import begin
from .waiting import until

SPEC = """\
sncompile: 1
pipeline: small
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  first:
    module:
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      shell: |
        echo ${params.k} >> started.txt
        echo half > ${outputs.o}
        while [ -e wait ]; do sleep 0.1; done
        echo whole > ${outputs.o}
    by: [k]
    with: {k: "${k}"}
  second:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      shell: |
        echo "looking at "${params.k}
        if [ ${params.k} = b ] && [ -e broken ]; then echo "no such plate" >&2; exit 7; fi
        cp ${inputs.i} ${outputs.o}
    by: [k]
    with: {k: "${k}", i: "${first.o}"}
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`sncompile run` of the spec in a folder, on two cores, in the background."""
    return begin(folder, "run", "spec.yaml", "--cores", "2", *arguments)


def started(folder: Path) -> list[str]:
    """Which jobs of the first step were started, in order; which come first is Snakemake's choice."""
    path = folder / "started.txt"
    return path.read_text().split() if path.exists() else []


def until_two_wait(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until two jobs of the first step have started and wait, and until the record tells of both.

    The engine writes events down beside its work: a job may be at work before its event is there.
    """
    until(lambda: len(started(folder)) == 2, process)
    until(lambda: len(events(newest_run(folder), "job_info")) == 2, process)


def newest_run(folder: Path) -> Path:
    """The folder of the run that was started last, as the records say.

    The times of the folders would not do: much may be written into one after a later run was started.
    """
    found = [path.parent for path in (folder / "runs").glob("*/run.json")]
    # What was killed before it began has a record of its end alone.
    return max(found, key=lambda run: float(record(run).get("started", 0)))


def record(run: Path) -> dict[str, Any]:
    """What `run.json` of a run says."""
    found: dict[str, Any] = json.loads((run / "run.json").read_text())
    return found


def events(run: Path, name: str = "") -> list[dict[str, Any]]:
    """The events of a run so far, or those of a name; a last line that is not whole is none."""
    found = []
    for line in (run / "events.jsonl").read_text("utf-8").splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [event for event in found if event["event"] == name or not name]


def alive(pid: int) -> bool:
    """Whether a process lives; one that has ended and was not collected does not."""
    return identify(pid) is not None
