"""Runs an emitted Snakefile with Snakemake itself, in a child of a process that has it loaded already.

That costs a third of a second, and no more for a run than for a dry run. The spec's jobs run `rec` (see `tool`), which
tells what it was called with.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .tool import install, put_raw

CORES = 8
PATIENCE = 60.0
"""Seconds until a run is taken to hang."""


@dataclass(frozen=True)
class Ran:
    """What came of a run.

    `calls` are the words and the body of every try that was not meant to fail; `events` Snakemake's own of its jobs,
    one for each try; `files` what the outputs hold that are there in the end.
    """

    status: int
    text: str
    calls: Sequence[tuple[list[str], bytes]]
    events: Sequence[Mapping[str, Any]]
    files: Mapping[str, str]
    order: Sequence[int]


def run(snakefile: Path, folder: Path, raw_files: Sequence[str], outputs: Sequence[str]) -> Ran:
    """Run everything in the working folder, which gets the raw files that the run needs."""
    put_raw(folder, raw_files)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "said").mkdir()
        (room / "bin").mkdir()
        install(room / "bin")
        status = _child(snakefile, folder, room)
        _take_over(room / "modules")
        events = (
            [json.loads(line) for line in (room / "events").read_text().splitlines()]
            if (room / "events").exists()
            else []
        )
        calls = calls_of(room / "said")
        files = files_of(folder, outputs)
        text = (room / "text").read_text(errors="replace")
        text = "\n".join(
            [*(str(e.get("message", e.get("shellcmd"))) for e in events if e["event"] in ("error", "job_error")), text]
        )
        if status:
            text += "".join(
                f"\n== {p.name}\n{p.read_text(errors='replace')}"
                for p in sorted((folder / "logs").rglob("*.log"))
                if p.stat().st_size
            )
    infos = [event for event in events if event["event"] == "job_info" and event["rule_name"] != "all"]
    return Ran(status, text, calls, infos, files, ())


def calls_of(said: Path) -> list[tuple[list[str], bytes]]:
    """The words and the body of every call of the tool."""
    calls = []
    for place in said.glob("said.*"):
        count, _, rest = place.read_bytes().partition(b"\0")
        *words, body = rest.split(b"\0", int(count))
        calls.append(([word.decode("utf-8", "replace") for word in words], body))
    return calls


def files_of(folder: Path, outputs: Sequence[str]) -> dict[str, str]:
    """What those outputs hold that are there."""
    files = {}
    for path in outputs:
        place = folder / path
        place = place / "id" if place.is_dir() else place
        if place.is_file():
            files[path] = place.read_text()
    return files


def _child(snakefile: Path, folder: Path, room: Path) -> int:
    _warm()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            text = os.open(room / "text", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(text, 1)
            os.dup2(text, 2)
            os.chdir(folder)
            os.environ["REC_FOLDER"] = str(room / "said")
            os.environ["PATH"] = os.pathsep.join((str(room / "bin"), os.environ["PATH"]))
            os.environ["XDG_CACHE_HOME"] = str(room / "cache")
            code = _snakemake(snakefile, room)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            (room / "modules").write_text("\n".join(sys.modules))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    until = time.monotonic() + PATIENCE
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.killpg(child, 9)
            os.waitpid(child, 0)
            return -9
        time.sleep(0.01)


@cache
def _warm() -> None:
    """Load Snakemake, and what it loads late, before the first child: most of what a small run costs."""
    import snakemake.cli

    snakemake.cli.get_argument_parser()


def _take_over(modules: Path) -> None:
    """Load what a child had to load itself, so that the next one need not."""
    if modules.exists():
        for name in modules.read_text().split():
            if name not in sys.modules and name not in _TRIED:
                _TRIED.add(name)
                with suppress(Exception):
                    importlib.import_module(name)


_TRIED: set[str] = set()


def _snakemake(snakefile: Path, room: Path) -> int:
    from snakemake.cli import main
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    from sncompile.runner.engine.child import plugin

    LoggerPluginRegistry().register_plugin("sncompile", plugin(room / "events"))
    arguments = [
        "-s",
        str(snakefile.resolve()),
        "--cores",
        str(CORES),
        "--nolock",
        "--quiet",
        "all",
        "--latency-wait",
        "1",
    ]
    try:
        main([*arguments, "--logger", "sncompile"])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def tidy(folder: Path) -> None:
    """Take away what a run left behind."""
    for name in ("results", "said", "logs", "build", ".snakemake", "raw"):
        shutil.rmtree(folder / name, ignore_errors=True)
