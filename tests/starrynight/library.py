"""What the tests know of StarryNight, and how they compile and run pipelines with the test double."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sncompile.api import check, graph_of
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs

from .. import command_line

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "facts.json").read_text("utf-8"))
MODULES: dict[str, dict[str, Any]] = FACTS["modules"]
PIPELINES = Path(__file__).parents[2] / "specs" / "starrynight" / "pipelines"

CHANNELS = {"nuclei_channel": "nuclei", "cell_channel": "cell", "mito_channel": "mito"}


def true_command(old: str) -> list[str]:
    """The true command line of a module, in the workspace `ws` and with the data set `dataset`."""
    return [placed(word) for word in MODULES[old]["command"]]


def placed(path: str) -> str:
    """A path of the facts, in the workspace `ws`."""
    return path.replace("{ws}", "ws").replace("{dataset}", "dataset").replace("{barcode_csv}", "barcodes.csv")


def nested(one: str, other: str) -> bool:
    """Whether two paths are one, or one lies in the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def bindings(old: str, **more: Any) -> dict[str, Any]:
    """What a module must be given: the channels and the barcodes that its true command line names.

    It takes the newer pipelines, as StarryNight's own modules do, of a version that can.
    """
    words = MODULES[old]["command"]
    given: dict[str, Any] = {"use_legacy": False} if "--use_legacy" in MODULES[old]["optional"] else {}
    if broken(old) or (words[1:-1] and "loaddata" in words and words[1] != "segcheck" and "calc" not in words):
        given["starrynight"] = "next"
    if "--plugin_dir" in MODULES[old]["optional"]:
        given["plugin"] = "plugins"
    for word in MODULES[old]["command"]:
        if word.startswith("<"):
            role = word.strip("<>").partition(".")[2]
            given[next(name for name, r in CHANNELS.items() if r == role)] = word
        if word == "{barcode_csv}":
            given["barcode_csv"] = "barcodes.csv"
    return given | more


def broken(old: str) -> bool:
    """Whether no command line of the tool's version makes a module work."""
    return "broken" in MODULES[old]


def called(job: Job, folder: Path) -> list[str]:
    """The words that a job calls `starrynight` with, that among them; paths as the workspace `ws` has them."""
    if job.command is not None:
        return job.command[job.command.index("starrynight") :]
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "starrynight"
    program.write_text('#!/bin/sh\nprintf "%s\\0" starrynight "$@"\n')
    program.chmod(0o755)
    variables = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", job.shell or ""], cwd=folder, env=variables, check=True, capture_output=True, text=True
    )
    return done.stdout.split("\0")[:-1]


def step_text(name: str, old: str, **more: Any) -> str:
    """A step that runs a module, called by its old name, as YAML."""
    given = ", ".join(f"{key}: {json.dumps(value)}" for key, value in bindings(old, **more).items())
    return f"  {name}: {{module: starrynight/{old}" + (f", with: {{{given}}}" if given else "") + "}\n"


def pipeline_text(steps: Iterable[str], rest: str = "") -> str:
    """A pipeline of steps that are written out already."""
    head = "sncompile: 1\npipeline: main\ndata: {workspace: ws, images: dataset}\n"
    return head + "steps:\n" + "".join(steps) + rest


def graph_from(text: str, folder: Path) -> Graph:
    """The graph of a spec's text; its folder is `folder`."""
    spec = folder / "main.yaml"
    spec.write_text(text, encoding="utf-8")
    checked = check(spec)
    assert not checked.failed, [f"{d.code} {d.message}" for d in checked.diagnostics]
    return graph_of(checked.require())


def jobs_of(text: str, folder: Path) -> dict[str, Job]:
    """The jobs of a spec's text, by id."""
    return {job.id: job for job in jobs(graph_from(text, folder))}


def old_names(flow: Any) -> list[str]:
    """The modules of a pipeline of the facts, in order."""
    if isinstance(flow, str):
        return [flow]
    return [name for items in flow.values() for item in items for name in old_names(item)]


def implied_pairs(flow: Any) -> set[tuple[str, str]]:
    """Every pair of modules of which the first must be done before the second, by `seq` and `parallel`."""
    if isinstance(flow, str):
        return set()
    ((kind, items),) = flow.items()
    found = {pair for item in items for pair in implied_pairs(item)}
    if kind == "seq":
        for number, item in enumerate(items):
            found |= {(a, b) for before in items[:number] for a in old_names(before) for b in old_names(item)}
    return found


def sncompile(folder: Path, *arguments: str, fails: bool = False, **env: str) -> str:
    """Run the command line in a folder with the test doubles on the path; gives what it wrote.

    A CellProfiler that has failed ends here, other than the real one.
    """
    path = os.pathsep.join((str(HERE / "double"), str(Path(sys.executable).parent), os.environ["PATH"]))
    variables = {
        **os.environ,
        "PATH": path,
        "STARRYNIGHT_CALLS": str(folder / "calls"),
        "STARRYNIGHT_ENDS": "1",
        "STARRYNIGHT_GRACE": "3",
        **env,
    }
    done = command_line.sncompile(folder, *arguments, env=variables)
    assert (done.returncode != 0) == fails, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def run(folder: Path, spec: str, *arguments: str, fails: bool = False) -> str:
    """Run a pipeline for real, without containers."""
    return sncompile(folder, "run", spec, "--cores", "2", "--containers", "none", *arguments, fails=fails)


def calls(folder: Path) -> list[list[str]]:
    """The command lines that the test double was called with, in order."""
    place = folder / "calls"
    return [json.loads(line) for line in place.read_text("utf-8").splitlines()] if place.exists() else []
